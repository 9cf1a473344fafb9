"""The set-point of a joint that does not follow returns to where the joint is: it neither presses nor sinks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from armature.core.control.blocked import REMEDY, BlockedDirection, describe_block
from armature.core.model.arm import Limit
from armature.core.trajectory.stopping import Dynamics
from armature.dynamixel.faults.holding import HoldingLead
from armature.dynamixel.faults.lowering import Lowering
from armature.dynamixel.faults.obstruction import FOLLOWS, JUST_NOW
from armature.dynamixel.faults.supervision import BackOffState, load_of
from armature.dynamixel.motion.feedforward import Feedforward
from armature.dynamixel.motion.setpoints import Setpoints
from armature.dynamixel.servo.axis import Axis
from armature.dynamixel.servo.servos import Servos
from armature.dynamixel.status.cause import Cause
from armature.dynamixel.status.remedy import RecoveryStep, Remedy
from armature.dynamixel.status.states import Fault

_REMEDY = Remedy(REMEDY, RecoveryStep.BY_HAND, RecoveryStep.CLEAR_FAULTS)
# Several joints that press on one thing back off one after the other; more often something pushes them.
_MAX_BACK_OFFS = 3
# A joint whose set-point has stood for so long shows by its lead what holding it takes [s].
_REST_TIME = 0.3
# Joints that give more than this of their stall torque when another one backs off press on the same thing.
_PRESSING_LOAD = 0.15
# A joint has backed off within this time; what is found of it meanwhile is part of the same event [s].
_BACK_OFF_TIME = 0.5
_MAX_STEP = 0.02  # a pause of the loop counts as this long [s]
_FREE_DISTANCE = (
    0.02  # from where it is blocked a joint counts as free again [rad]; in metres for a prismatic joint's span
)


@dataclass
class _Joint:
    """One joint, and what it came against."""

    axis: Axis
    limit: Limit
    unit: str
    acceleration: float  # [rad/s²] or [m/s²]
    grip: float  # by which a finger goes on to hold what it has closed on [m]; NaN for a joint that is none
    holding: HoldingLead
    lowering: Lowering
    block: BlockedDirection | None = None
    warning: Fault | None = None
    back_off_ends: float = -math.inf  # when it has gone back [s]
    is_unread: bool = False  # whether it is to go back once it is known where it is
    back_offs: int = 0  # it backed off since it was commanded to move last

    @property
    def is_finger(self) -> bool:
        return not math.isnan(self.grip)

    @property
    def is_read(self) -> bool:
        return math.isfinite(self.axis.position)

    def has_left(self, setpoint: float, now: float) -> bool:
        """Whether its set-point [rad] or [m] has left what was in its way."""
        if self.block is None or now < self.back_off_ends:
            return False
        return (self.block.position - setpoint) * self.block.direction > _FREE_DISTANCE * min(1.0, self.limit.span)

    def presses(self, velocity: float) -> bool:
        """Whether it bears something, and does not follow its set-point; one that follows stops within limits."""
        follows = self.axis.velocity * velocity >= FOLLOWS * velocity**2 > 0.0
        return abs(load_of(self.axis)) > _PRESSING_LOAD and not follows and not self.is_finger  # fingers hold on

    def target(self, sent: float) -> float:
        """Where its set-point goes back to, at most where it was sent [rad] or [m]."""
        axis = self.axis
        place = axis.position + axis.velocity * abs(axis.velocity) / (2.0 * self.acceleration)
        gripped = max(-self.grip, min(self.grip, sent - axis.position))
        target = place + (gripped if self.is_finger else self.holding.lead)
        if (target - place) * (sent - place) > (sent - place) ** 2:  # farther than it was sent
            return sent
        return self.clamp(target, sent)

    def clamp(self, place: float, sent: float) -> float:
        """A place within its limits, or as far beyond them as its set-point is already."""
        return max(min(self.limit.lower, sent), min(max(self.limit.upper, sent), place))


class BackOff:
    """The joints of one arm that came against something, that are lowered, and what holding them takes."""

    def __init__(
        self,
        servos: Servos,
        setpoints: Setpoints,
        feedforward: Feedforward,
        limits: Mapping[str, Limit],
        dynamics: Mapping[str, Dynamics],
        leads: Mapping[str, float],
        units: Mapping[str, str],
        is_guided: Callable[[str], bool],
    ) -> None:
        """Args: the servos, their set-points and feedforward; limits, dynamics and units by joint.

        `leads` are those by which fingers go on to hold what they have closed on [m]; `is_guided` tells whether a
        hand guides a joint.
        """
        self._setpoints = setpoints
        self._is_guided = is_guided
        self._joints = {
            joint: _Joint(
                axis=axis,
                limit=limits[joint],
                unit=units[joint],
                acceleration=dynamics[joint].acceleration,
                grip=leads.get(joint, math.nan),
                holding=HoldingLead(axis, feedforward),
                lowering=Lowering(axis, limits[joint], dynamics[joint]),
            )
            for joint, axis in servos.joints.items()
        }
        self._rests_since = -math.inf  # [s]; infinity while set-points move
        self._moved_at = -math.inf  # when joints were commanded to move last [s]
        self._updated_at = 0.0  # of the last cycle [s]

    @property
    def blocks(self) -> dict[str, BlockedDirection]:
        """Where joints came against something, by joint."""
        return {name: joint.block for name, joint in self._joints.items() if joint.block is not None}

    @property
    def warnings(self) -> dict[str, Fault]:
        """Warnings of joints that came against something, by joint."""
        return {name: joint.warning for name, joint in self._joints.items() if joint.warning is not None}

    @property
    def lowering_warnings(self) -> tuple[Fault, ...]:
        """Warnings of joints that are lowered because they cannot hold."""
        return tuple(
            joint.lowering.warning for joint in self._joints.values() if joint.lowering.warning is not None
        )

    def clear(self) -> list[str]:
        """Forget what joints came against; returns the joints that were blocked."""
        names = list(self.warnings)
        for joint in self._joints.values():
            joint.block = joint.warning = None
            joint.is_unread = False
        return names

    def expect_motion(self, joints: Iterable[str]) -> None:
        """Expect joints to move by a new command, and so perhaps to come against something again."""
        for joint in map(self._joints.__getitem__, joints):
            joint.is_unread, joint.back_offs = False, 0
            if joint.block is None:  # such as fingers, of which no way is blocked
                joint.warning = None

    def update(self, now: float) -> BackOffState:
        """Update once a cycle: which joints are free again, what holding takes, and which cannot hold.

        Args:
            now: [s].

        Returns:
            The joints that back off if they do not follow now. Any other is pushed, or cannot hold.
        """
        self._clear_freed_joints(now)
        if any(joint.is_unread and joint.is_read for joint in self._joints.values()):
            self.retreat((), now)
        if self._setpoints.is_moving(now):
            self._rests_since = math.inf
        elif self._rests_since == math.inf:
            self._rests_since = now
        self._update_holding(now)
        self._lower(now)
        if self._setpoints.is_under_way(now):
            self._moved_at = now
        is_under_way = now - self._moved_at <= JUST_NOW
        joints = self._joints.items()
        return BackOffState(
            frozenset(name for name, joint in joints if is_under_way and joint.back_offs < _MAX_BACK_OFFS),
            frozenset(name for name, joint in joints if now < joint.back_off_ends),
            any(joint.block is not None for joint in self._joints.values()),
        )

    def _clear_freed_joints(self, now: float) -> None:
        warned = self.warnings
        setpoints = self._setpoints.sample(now) if warned else {}
        for name in warned:
            joint = self._joints[name]
            if joint.axis.torque is False or joint.has_left(setpoints[name].position, now):
                joint.block = joint.warning = None

    def _update_holding(self, now: float) -> None:
        if now - self._rests_since >= _REST_TIME:
            for name, setpoint in self._setpoints.sample(now).items():
                if self._joints[name].block is None:
                    self._joints[name].holding.observe(setpoint.position)
        for joint in self._joints.values():
            joint.holding.note_first_load()

    def _lower(self, now: float) -> None:
        """Lower joints that stand and cannot hold, before their servos let them fall."""
        passed, self._updated_at = min(now - self._updated_at, _MAX_STEP), now
        for name, joint in self._joints.items():
            is_held = bool(joint.axis.torque) and not self._is_guided(name)
            is_at_rest = self._rests_since <= now and not joint.is_finger
            if not joint.lowering.is_due(now, is_held=is_held, is_at_rest=is_at_rest):
                continue
            # Of a servo that was absent at the start, or has lost its turns, the set-point is not known.
            if setpoint := self._setpoints.sample(now).get(name):
                place = setpoint.position + joint.lowering.step(passed)
                self._setpoints.rest({name: joint.clamp(place, setpoint.position)})

    def retreat(self, joints: Iterable[str], now: float) -> None:
        """Bring set-points to where joints are, with what holding them there takes.

        Args:
            joints: that do not follow; those that press beside them go back too, one that was not read once it is.
            now: [s].
        """
        sent = self._setpoints.sample(now)
        asked = {*joints, *(name for name, joint in self._joints.items() if joint.is_unread)}
        for name in asked:
            self._joints[name].is_unread = not self._joints[name].is_read
        pressing = [name for name, setpoint in sent.items() if self._joints[name].presses(setpoint.velocity)]
        places: dict[str, float] = {}
        for name in {*asked, *pressing} & sent.keys():
            joint = self._joints[name]
            if joint.is_unread:
                continue
            places[name] = place = joint.target(sent[name].position)
            joint.back_off_ends = now + _BACK_OFF_TIME
            if joint.block is not None:
                joint.block = replace(joint.block, position=place)
        self._setpoints.retreat(places, now)

    def note(self, name: str, cause: Cause, detail: str, now: float) -> Fault:
        """Record that a joint came against something, before it backs off.

        Args:
            name: of the joint.
            cause: by which it was found.
            detail: with the value and the bound; empty where it is not known.
            now: [s].

        Returns:
            The warning.
        """
        joint, setpoint = self._joints[name], self._setpoints.sample(now).get(name)
        axis = joint.axis
        sent = axis.position if setpoint is None else setpoint.position
        where = describe_block(name, axis.position, sent, joint.unit)
        if not joint.is_read:
            where = f"blocked at {name}, which was not read just now"
        text = f"{where}: {detail}" if detail else where
        done = "every joint stopped" if joint.is_finger else "every joint stopped, and it backed off"
        joint.warning = Fault(name, cause, text, done, _REMEDY, needs_clearing=False, since=now)
        if joint.back_off_ends != now + _BACK_OFF_TIME:  # else its other servo has found the same in this cycle
            joint.back_offs += 1
        if not joint.is_finger and joint.is_read:  # fingers close on things on purpose
            # Its load shows the direction better than its small error, which may be the lead for its load.
            load = load_of(axis)
            pressing = load if abs(load) > _PRESSING_LOAD else sent - axis.position
            joint.block = BlockedDirection(axis.position, 1 if pressing > 0.0 else -1)
        return joint.warning
