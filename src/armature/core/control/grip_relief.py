"""Fingers that something stops: where their set-points go for the servos to hold it for good.

A position-controlled servo gives torque for being off its goal. Sent on into what stops it, it gives all that it
has, and its overload protection ends that after a second or two by dropping the object.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from armature.core.trajectory.limits import GroupLimits
from armature.core.trajectory.spline import Array
from armature.core.trajectory.trajectory import State

# A finger that stands still for so long, its set-point ahead of it, is stopped by something [s].
_STANDS = 0.15
# Once its set-point has been sent back, it is looked at anew after the way back [s].
_ANEW = 1.0
_SLACK = 1.1  # of the lead, for rounding and for a finger that gives way a little


@dataclass
class Squeeze:
    """Watches the fingers of one gripper."""

    limits: GroupLimits
    most: Array  # that set-points may stay ahead [m], Shape (n,); endless where servos limit their current
    standing: float  # velocity of a finger that stands [m/s]
    _since: float | None = None

    def relieved(self, time: float, desired: State, measured: State) -> Array | None:
        """Look at one reading.

        Args:
            time: of the reading [s].
            desired: the set-points at that time.
            measured: the reading.

        Returns:
            Where the set-points shall go [m], Shape (n,); None where they are well.
        """
        ahead = desired.position - measured.position
        is_standing = float(np.abs(measured.velocity).max(initial=0.0)) <= self.standing
        if not (is_standing and (np.abs(ahead) > _SLACK * self.most).any()):
            self._since = None
            return None
        if self._since is None:
            self._since = time
        if time - self._since < _STANDS:
            return None
        self._since = time + _ANEW
        kept = measured.position + np.clip(ahead, -self.most, self.most)
        target: Array = np.clip(kept, self.limits.lower, self.limits.upper)
        return target
