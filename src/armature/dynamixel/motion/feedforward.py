"""How far beyond its set-point a servo is sent, so that the joint is where it shall be.

A position-controlled servo gives torque only for being off its goal: a load makes it sag, speed makes it lag. What
both come to is known from its ratings; what torque a load needs, the planner of the motion may say.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from armature.core.model.arm import Limit
from armature.dynamixel.motion.setpoints import Setpoint
from armature.dynamixel.tables.model import MAX_DEFLECTION
from armature.dynamixel.wiring.servo import ServoWiring

# A load comes on this slowly, so that none is a step [share of the joint's velocity limit].
_SLEW = 0.05
# A pause of the loop counts as this long, so that no load comes on at once after it [s].
_MAX_STEP = 0.02


@dataclass(frozen=True)
class Stiffness:
    """How a servo's position control holds its joint."""

    torque: float  # for being off its goal [N·m/rad] or [N/m]
    lag: float  # of a moving joint behind its goal [s]
    max_deflection: float  # a load may deflect it [rad] or [m]

    @staticmethod
    def of(servo: ServoWiring, p_gain: int) -> Stiffness:
        """By the ratings of a servo and its position P gain; speed takes from its torque, linearly.

        A joint with a second servo of its kind is twice as stiff, and lags as much.
        """
        stiffness = servo.model.stiffness(p_gain)
        return Stiffness(
            torque=stiffness * servo.reduction**2 * servo.motors,
            lag=servo.model.damping / stiffness,
            max_deflection=MAX_DEFLECTION / servo.reduction,
        )


class Feedforward:
    """Goals of the joints; one that is not known goes exactly to its set-point."""

    def __init__(self, stiffness: Mapping[str, Stiffness], limits: Mapping[str, Limit]) -> None:
        """Args: by joint; those without stiffness, for example without a gain, are not led."""
        self._stiffness = stiffness
        self._limits = limits
        self._load_offsets: dict[str, float] = {}  # by what joints are led for their load [rad] or [m]
        self._efforts: dict[str, float] = {}  # the last known loads [N·m] or [N]
        self._outdated: set[str] = set()  # joints whose known load is of another posture than the present one
        self._updated_at = math.nan  # when goals were computed last [s]

    def goals(self, targets: Mapping[str, Setpoint], now: float) -> dict[str, float]:
        """Where to send joints at a time [s] so that they are at their set-points [rad] or [m]."""
        passed = min(now - self._updated_at, _MAX_STEP)
        self._updated_at = now
        return {joint: self._goal(joint, target, passed) for joint, target in targets.items()}

    @property
    def loads(self) -> Mapping[str, float]:
        """What joints carry, as far as it is known [N·m] or [N]."""
        if not self._outdated:
            return self._efforts
        return {joint: effort for joint, effort in self._efforts.items() if joint not in self._outdated}

    def load_offset(self, joint: str) -> float:
        """By what a joint is led for its load now [rad] or [m]."""
        return self._load_offsets.get(joint, 0.0)

    def target_offset(self, joint: str) -> float:
        """By what a joint would be led for its last known load [rad] or [m]; NaN where there is none."""
        stiffness, effort = self._stiffness.get(joint), self._efforts.get(joint)
        return math.nan if stiffness is None or effort is None else _load_offset(effort, stiffness)

    def invalidate_loads(self) -> None:
        """Invalidate all loads, as the posture is changed by hand; the offsets for them stay."""
        self._outdated.update(self._efforts)

    def reset(self, joints: Iterable[str]) -> None:
        """Begin at no lead: these joints' goals have just been set to what is to be held."""
        for joint in joints:
            self._load_offsets.pop(joint, None)
            self._efforts.pop(joint, None)

    def _goal(self, joint: str, target: Setpoint, passed: float) -> float:
        if math.isfinite(target.effort):
            self._efforts[joint] = target.effort
            self._outdated.discard(joint)
        stiffness, limit = self._stiffness.get(joint), self._limits[joint]
        if stiffness is None or not passed > 0.0:
            return target.position + self._load_offsets.get(joint, 0.0)
        wanted = _load_offset(self._efforts.get(joint, 0.0), stiffness)
        most, offset = _SLEW * limit.velocity * passed, self._load_offsets.get(joint, 0.0)
        self._load_offsets[joint] = offset = offset + min(max(wanted - offset, -most), most)
        # A goal takes effect for a cycle, and what is read in the next one is what it led to. Ahead of a set-point
        # that only goes back to its joint it would push the joint away from what is in its way.
        velocity = target.velocity if target.is_followed else 0.0
        goal = target.position + offset + (stiffness.lag + passed) * velocity
        return min(max(goal, min(limit.lower, target.position)), max(limit.upper, target.position))


def _load_offset(effort: float, stiffness: Stiffness) -> float:
    return min(max(effort / stiffness.torque, -stiffness.max_deflection), stiffness.max_deflection)
