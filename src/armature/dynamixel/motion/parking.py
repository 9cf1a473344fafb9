"""The way to where torque may be turned off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from armature.core.model.arm import Limit
from armature.core.trajectory.segments import LoopTime, Segment

_TOLERANCE = 0.1  # [rad], or this share of a span of less than 1
_SETTLE_TIME = 2.0  # how long the arm may take to arrive after its set-point [s]


@dataclass(frozen=True)
class Parking:
    """A way to rest that is being followed."""

    pose: Mapping[str, float]  # where it ends, by joint [rad] or [m]
    end_time: float  # monotonic [s]

    @staticmethod
    def along(segment: Segment[LoopTime]) -> Parking:
        """Parking by a set-point segment."""
        last = map(float, segment.trajectory.positions[-1])
        return Parking(dict(zip(segment.trajectory.joints, last, strict=True)), segment.end)

    def has_arrived(self, positions: Mapping[str, float], limits: Mapping[str, Limit]) -> bool:
        """Whether every joint was read close to its place; NaN is nowhere."""
        return all(
            abs(positions[joint] - end) <= _TOLERANCE * min(1.0, limits[joint].span)
            for joint, end in self.pose.items()
        )

    def is_overdue(self, now: float) -> bool:
        """Whether the arm should have arrived by now [s]."""
        return now > self.end_time + _SETTLE_TIME

    def describe_farthest(self, positions: Mapping[str, float]) -> str:
        """Who is farthest from its place, in words."""
        away = {joint: abs(positions[joint] - end) for joint, end in self.pose.items()}
        joint = max(away, key=lambda name: away[name])
        return f"{joint} is {away[joint]:.3f} away"
