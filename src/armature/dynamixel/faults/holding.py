"""By how much a goal must lead its joint to hold it, as was seen where the joint stood."""

from __future__ import annotations

import math
from dataclasses import dataclass

from armature.dynamixel.faults.supervision import load_of
from armature.dynamixel.motion.feedforward import Feedforward
from armature.dynamixel.servo.axis import Axis

# With more of the stall torque it does not only hold: it presses, or cannot hold.
_HOLDS = 0.5


@dataclass
class HoldingLead:
    """Of one joint."""

    axis: Axis
    feedforward: Feedforward
    _observed: float = math.nan  # its goal's lead of its place when it stood last [rad] or [m]
    _explained: float = math.nan  # of it, by the known loads; NaN where none was known

    @property
    def _joint(self) -> str:
        return self.axis.wiring.joint

    def observe(self, setpoint: float) -> None:
        """Observe the joint while it stands at a set-point [rad] or [m]."""
        if self.axis.torque and not self.axis.misses and abs(load_of(self.axis)) <= _HOLDS:
            self._observed = setpoint + self.feedforward.load_offset(self._joint) - self.axis.position
            self._explained = self.feedforward.target_offset(self._joint)

    def note_first_load(self) -> None:
        """Note the load that comes with the first motion, which begins where the joint stood."""
        if math.isnan(self._explained) and not math.isnan(self._observed):
            self._explained = self.feedforward.target_offset(self._joint)

    @property
    def lead(self) -> float:
        """By how much the set-point must lead the joint now to hold it [rad] or [m]."""
        wanted, offset = self.feedforward.target_offset(self._joint), self.feedforward.load_offset(self._joint)
        if math.isnan(self._observed):
            return (0.0 if math.isnan(wanted) else wanted) - offset
        if math.isnan(wanted):
            return self._observed - offset
        unknown = 0.0 if math.isnan(self._explained) else self._observed - self._explained
        return wanted + unknown - offset
