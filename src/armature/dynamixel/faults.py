"""Which joints are at fault, and which of them are on their way back."""

from __future__ import annotations

from collections.abc import Mapping

from armature.dynamixel.axis import Axis
from armature.dynamixel.mode import Fault
from armature.dynamixel.reader import Reader

CLEAR = "call /servo_interface/clear_faults once the cause is gone"
RESET = "its torque is off: it was reset or lost power"
_SILENT = "it does not answer"
_REMEDIES = {_SILENT: "check its cable and power; it joins by itself when it answers"}
_RECOVERY_TIME = 3.0  # how long a rebooted servo may stay silent [s]


class Faults:
    """The present fault of each joint; one that only was silent ends by itself, others wait to be cleared."""

    def __init__(self, axes: Mapping[str, Axis], reader: Reader) -> None:
        """Args: axes by joint, and the reader that knows who is missing."""
        self.by_joint: dict[str, Fault] = {}
        self._axes = axes
        self._reader = reader
        self._recovering: dict[str, float] = {}  # since when, by joint [s]

    def clear(self) -> None:
        """Begin anew."""
        self.by_joint.clear()
        self._recovering.clear()

    def look(self, now: float, *, torque_expected: bool) -> Fault | None:
        """See what is wrong with each joint now; returns the last fault that is new."""
        newest = None
        for axis in self._axes.values():
            cause = self._cause(axis, now, torque_expected)
            if cause is not None:
                newest = self.note(axis, cause, now) or newest
        return newest

    def note(self, axis: Axis, cause: str, now: float) -> Fault | None:
        """Write a fault down; returns it if it is new."""
        joint = axis.wiring.joint
        if joint in self.by_joint and self.by_joint[joint].cause == cause:
            return None
        fault = Fault(
            joint=joint,
            cause=cause,
            done="the others stopped and hold",
            remedy=_REMEDIES.get(cause, CLEAR),
            needs_clearing=cause != _SILENT,
            since=now,
        )
        self.by_joint[joint] = fault
        return fault

    def recover(self, joint: str, now: float) -> None:
        """A joint is being recovered: do not blame it for being silent or limp meanwhile."""
        self._recovering[joint] = now

    def to_restore(self) -> list[Axis]:
        """Joints whose recovery can be finished: they answer."""
        return [self._axes[joint] for joint in self._recovering if not self._axes[joint].misses]

    def to_rejoin(self) -> list[Axis]:
        """Joints that only were silent, and answer again."""
        return [
            self._axes[joint]
            for joint, fault in self.by_joint.items()
            if not fault.needs_clearing and joint not in self._recovering and not self._axes[joint].misses
        ]

    def stop_recovery(self, joint: str) -> None:
        """A joint's recovery is over, well or not."""
        self._recovering.pop(joint, None)

    def end(self, joint: str) -> Fault:
        """A joint is well again; returns what it had."""
        self.stop_recovery(joint)
        return self.by_joint.pop(joint)

    def _cause(self, axis: Axis, now: float, torque_expected: bool) -> str | None:
        joint = axis.wiring.joint
        if now - self._recovering.get(joint, now) > _RECOVERY_TIME:
            self.stop_recovery(joint)
        if axis.hardware_error:
            self.stop_recovery(joint)
            return f"hardware error: {axis.hardware_error_names()}"
        if joint in self._recovering:
            return None
        if self._reader.is_missing(axis):
            return _SILENT
        return RESET if torque_expected and axis.torque is False else None
