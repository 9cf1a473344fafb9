"""Detects from a servo's load that something is in its joint's way while its set-point moves on.

The distance from the set-point, the following error, tells it too, but late: a servo gives all that it has for a
fifth of a radian, and its overload protection ends that after a second or two by letting the joint fall.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from armature.core.health import ConditionTimer

# Of the stall torque: so much more than when the joint began to stay behind, and so much in all. Speeding up takes
# less than the first for as long, unknown weight takes less than the second, gears take no more than the third.
_GROWTH = 0.25
_LOAD = 0.35
_GEARS = 0.04
_LASTING = 0.1  # [s]
_FINGERS_LASTING = 0.9  # [s]; the gripper's controller handles them sooner, as they close on things on purpose
# A joint that makes this share of its set-point's way follows it.
FOLLOWS = 0.6
# At rest after a motion a joint that gives so much more than its known load, and what it bore before, presses.
_PRESSES, _RESTS = 0.5, 0.2  # [share of the stall torque], [s]
# Whoever came against something did so within this time after it was commanded to move [s].
JUST_NOW = 1.0
_LEAST = 0.01  # of the joint's way, before anything is reported [rad]; in metres for a prismatic joint's span


@dataclass
class Obstruction:
    """Watches one joint."""

    span: float  # of the joint's limits [rad] or [m]
    grips: bool = False  # whether it is a finger
    _target: float = math.nan
    # Where the set-point and the joint were, and what the servo gave, when it followed last.
    _sent: float = math.nan
    _place: float = math.nan
    _load: float = math.nan
    _moved_at: float = -math.inf
    _borne: float = 0.0  # the unexplained part of its load, when it had stood for long
    _stays_for: ConditionTimer = field(default_factory=ConditionTimer)
    _rests_for: ConditionTimer = field(default_factory=ConditionTimer)

    def reset(self) -> None:
        """Start over."""
        self._target = self._sent = math.nan
        self._moved_at = -math.inf
        self._borne = 0.0
        self._stays_for.reset()
        self._rests_for.reset()

    def update(
        self,
        target: float,
        place: float,
        load: float,
        now: float,
        known: float = math.nan,
        friction: float = 0.0,
    ) -> str:
        """Update with one cycle.

        Args:
            target: the set-point [rad] or [m].
            place: of the joint [rad] or [m].
            load: what the servo gives, as a share of its stall torque; NaN where it was not read.
            now: [s].
            known: what of it the joint's load explains; NaN where that is not known.
            friction: what of it the joint's friction may take, one way or the other.

        Returns:
            How the joint is held up, in words; empty where it is not.
        """
        went, self._target = target - self._target, target
        self._moved_at = now if abs(went) > 0.0 else self._moved_at
        more = max(0.0, friction - _GEARS)
        if detail := self._at_rest(load, known, more, now):
            return detail
        ahead = target - self._sent
        presses = self._presses(ahead, place, load, more)
        if self._stays_for.update(presses, now) >= (_FINGERS_LASTING if self.grips else _LASTING):
            return f"it stands and gives {abs(load):.0%} of its stall torque, {abs(self._load):.0%} before"
        if presses:
            return ""
        follows = abs(ahead) > self._least and (place - self._place) * ahead >= FOLLOWS * ahead * ahead
        rests = went == 0.0 and abs(load) <= _LOAD  # else the next motion may press on
        if math.isnan(ahead) or went * ahead < 0.0 or rests or follows:
            self._sent, self._place, self._load = target, place, load
        return ""

    def _at_rest(self, load: float, known: float, friction: float, now: float) -> str:
        """How the joint presses at rest after a motion, in words; empty where it does not."""
        explained = 0.0 if math.isnan(known) else known
        unexplained = abs(load - explained)
        if now - self._moved_at > JUST_NOW and math.isfinite(unexplained):
            self._borne = unexplained
        is_pressing = unexplained > _PRESSES + friction + self._borne and not self.grips and now > self._moved_at
        if not self._rests_for.update(is_pressing and now - self._moved_at <= JUST_NOW, now) >= _RESTS:
            return ""
        return f"it stands and gives {abs(load):.0%} of its stall torque, its load explains {abs(explained):.0%}"

    @property
    def _least(self) -> float:
        return _LEAST * min(1.0, self.span)

    def _presses(self, ahead: float, place: float, load: float, friction: float) -> bool:
        """Whether the servo gives much more the way that its set-point went, and the joint did not go."""
        way = math.copysign(1.0, ahead)
        return (
            abs(ahead) > self._least  # NaN is not
            and way * load > _LOAD + friction
            and way * (load - self._load) > _GROWTH + 2.0 * friction  # it may have helped to hold before
            and way * (place - self._place) < FOLLOWS * abs(ahead)
        )
