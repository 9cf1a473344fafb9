"""The parameters of what the tool carries; whoever sets them loads nothing that computes with it."""

from __future__ import annotations

from dataclasses import dataclass, field

from armature.nodes.common.parameters.wanted import within

_AT = within(-1.0, 1.0, changes=True)


@dataclass(frozen=True)
class PayloadParameters:
    """What the tool carries; set together or one by one while the arm rests."""

    payload: float = field(
        default=0.0, metadata=within(0.0, 100.0, changes=True)
    )  # that the tool carries, as a point [kg]
    payload_at__x: float = field(default=0.0, metadata=_AT)  # its centre along x of the tool's frame [m]
    payload_at__y: float = field(default=0.0, metadata=_AT)  # its centre along y of the tool's frame [m]
    payload_at__z: float = field(default=0.0, metadata=_AT)  # its centre along z of the tool's frame [m]


@dataclass(frozen=True)
class KeptPayload:
    """Where a payload outlives its node."""

    payload_file: str = ""  # file of the payload that was set last, for a node that is restarted; "" for none
