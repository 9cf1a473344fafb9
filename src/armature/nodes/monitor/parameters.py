"""Parameters of the monitor; whoever checks them loads no web server."""

from __future__ import annotations

from dataclasses import dataclass

from armature.core.jog_limits import LEASE


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
    port: int = 8080  # of HTTP
    trusted_hosts: tuple[str, ...] = ("localhost",)  # names under which the page may be asked for
    viewers: int = 32  # streams at a time, at most
    stream_rate: float = 20.0  # of the frames to each page [Hz]
    jog__lease: float = LEASE  # how long one jog request moves a joint, as in the controller [s]
