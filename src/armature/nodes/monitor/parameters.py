"""Parameters of the monitor; whoever checks them loads no web server."""

from __future__ import annotations

from dataclasses import dataclass, field

from armature.core.jog_limits import LEASE, LEASES
from armature.nodes.common.parameters.wanted import within


@dataclass(frozen=True)
class Parameters:
    """Parameters of the monitor."""

    urdf: str  # file of the robot's description
    poses: str  # file of the named poses
    page_root: str  # folder of the built page
    wiring: str = (
        ""  # file; how far the joints go, whether they are confirmed, and which are the gripper's or fixed
    )
    host: str = "127.0.0.1"  # address to listen at; any but loopback requires the access key
    port: int = field(default=8080, metadata=within(0, 65535))  # of HTTP
    trusted_hosts: tuple[str, ...] = ("localhost",)  # names under which the page may be asked for
    viewers: int = field(default=32, metadata=within(1, 1000))  # streams at a time, at most
    stream_rate: float = field(default=20.0, metadata=within(0.1, 100.0))  # of the frames to each page [Hz]
    # how long one jog request moves a joint, as in the controller [s]
    jog__lease: float = field(default=LEASE, metadata=within(*LEASES))
