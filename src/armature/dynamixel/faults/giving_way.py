"""What is commanded goes back to where a joint is that does not follow: nothing is pressed, and nothing sinks."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from armature.core.control.blocked import REMEDY, Block, described
from armature.core.model.arm import Limit
from armature.core.trajectory.stopping import Dynamics
from armature.dynamixel.faults.obstruction import FOLLOWS, JUST_NOW
from armature.dynamixel.faults.supervision import STRAINED, STRAINED_TIME, Yielding, load_of
from armature.dynamixel.motion.feedforward import Feedforward
from armature.dynamixel.motion.setpoints import Setpoints
from armature.dynamixel.servo.servos import Servos
from armature.dynamixel.status.cause import Cause
from armature.dynamixel.status.remedy import Remedy, Step
from armature.dynamixel.status.states import Fault

_REMEDY = Remedy(REMEDY, Step.BY_HAND, Step.CLEAR_FAULTS)
_LIGHTEN = Remedy("take load away", Step.BY_HAND)
_LOWERED = "it is being lowered, since its servo would soon let it fall"
# Several joints that press on one thing give way one after the other; more often something pushes them.
_MOST_OFTEN = 3
# A joint whose set-point has stood for so long shows by its lead what holding it takes [s].
_STANDS = 0.3
# With more of the stall torque it does not only hold: it presses, or cannot hold.
_HOLDS = 0.5
# Joints that give more than this when another one gives way press on the same thing.
_PRESSES = 0.15
# What goes back is there within this time, and nothing that is found of it meanwhile is news [s].
_GOES_BACK = 0.5
# A joint that cannot hold is lowered at this share of its velocity limit, until it gives less than this share of
# its stall torque.
_LOWERING, _EASED = 0.5, 0.6
_LONGEST = 0.02  # a pause of the loop counts as this long [s]
_AWAY = 0.02  # from where it is blocked a joint counts as free again [rad]; in metres for a prismatic joint's span


@dataclass(frozen=True)
class _Holding:
    """What a joint's goal led its place by when it stood."""

    lead: float  # [rad] or [m]
    known: float  # of it, for loads that were told; NaN where none was


class GivingWay:
    """The joints of one arm that came against something, and how far their goals lead them at rest."""

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
        """Args: the servos, what they are asked to do and how it is led; limits, dynamics and units by joint.

        `leads` are those by which fingers go on to hold what they have closed on [m]; `is_guided` tells whether a
        hand guides a joint.
        """
        self.blocks: dict[str, Block] = {}
        self.told: dict[str, Fault] = {}  # by joint
        self.lowered: dict[str, Fault] = {}  # joints that cannot hold
        self._servos = servos
        self._setpoints = setpoints
        self._feedforward = feedforward
        self._limits = limits
        self._dynamics = dynamics
        self._leads = leads
        self._units = units
        self._is_guided = is_guided
        self._holding: dict[str, _Holding] = {}
        self._rests_since = -math.inf  # [s]; infinity while set-points move
        self._moved_at = -math.inf  # when joints were commanded to move last [s]
        self._until: dict[str, float] = {}  # when joints have gone back [s]
        self._unread: set[str] = set()  # joints that are to go back once it is known where they are
        self._at = 0.0  # of the last cycle [s]
        self._strained: dict[str, float] = {}  # since when joints give more than they can for long [s]
        self._speeds: dict[str, float] = {}  # of those that are being lowered [rad/s] or [m/s]
        self._times: Counter[str] = Counter()  # how often joints gave way since they were commanded to move last

    def clear(self) -> list[str]:
        """Nothing is in the way any more; returns the joints that were blocked."""
        joints = list(self.told)
        self.blocks.clear()
        self.told.clear()
        self._unread.clear()
        return joints

    def expect_motion(self, joints: Iterable[str]) -> None:
        """Joints are commanded to move, and may come against something anew."""
        self._unread.difference_update(joints)
        for joint in joints:
            self._times.pop(joint, None)
            if joint not in self.blocks:  # such as fingers, of which no way is blocked
                self.told.pop(joint, None)

    def look(self, now: float) -> Yielding:
        """Take one cycle: who has left what was in the way, what holding takes, and who cannot hold.

        Args:
            now: [s].

        Returns:
            Who gives way if it does not follow now. Else something pushes it, or it cannot hold.
        """
        self._see_who_left(now)
        if any(map(self._is_read, self._unread)):
            self.retreat(self._unread, now)
        if self._setpoints.is_moving(now):
            self._rests_since = math.inf
        elif self._rests_since == math.inf:
            self._rests_since = now
        if now - self._rests_since >= _STANDS:
            self._note_holding(now)
        self._complete_holding()
        self._ease(now)
        if self._setpoints.is_under_way(now):
            self._moved_at = now
        is_under_way = now - self._moved_at <= JUST_NOW
        return Yielding(
            frozenset(joint for joint in self._limits if is_under_way and self._times[joint] < _MOST_OFTEN),
            frozenset(joint for joint, until in self._until.items() if now < until),
            bool(self.blocks),
        )

    def _see_who_left(self, now: float) -> None:
        setpoints = self._setpoints.sample(now) if self.told else {}
        for joint in list(self.told):
            if self._servos.joints[joint].torque is False or self._has_left(joint, setpoints[joint].position, now):
                self.told.pop(joint)
                self.blocks.pop(joint, None)

    def _has_left(self, joint: str, place: float, now: float) -> bool:
        block = self.blocks.get(joint)
        if block is None or now < self._until.get(joint, -math.inf):  # it goes back
            return False
        return (block.place - place) * block.direction > _AWAY * min(1.0, self._limits[joint].span)

    def _ease(self, now: float) -> None:
        """Lower joints that stand and cannot hold, before their servos let them fall."""
        passed, self._at = min(now - self._at, _LONGEST), now
        for joint, axis in self._servos.joints.items():
            load = load_of(axis)
            is_held = axis.torque and not self._is_guided(joint)
            if not is_held or not abs(load) >= (_EASED if joint in self._speeds else STRAINED):
                self._strained.pop(joint, None)
                self._speeds.pop(joint, None)
                self.lowered.pop(joint, None)
                continue
            since = self._strained.setdefault(joint, now)
            is_at_rest = self._rests_since <= now and joint not in self._leads
            if is_at_rest and now - since >= STRAINED_TIME:
                self._tell_lowering(joint, load, now)
                self._lower(joint, -math.copysign(1.0, load), passed, now)

    def _tell_lowering(self, joint: str, load: float, now: float) -> None:
        at = f"{abs(load):.0%} of the stall torque, {STRAINED:.0%} is the bound"
        told = Fault(joint, Cause.LOAD, at, _LOWERED, _LIGHTEN, needs_clearing=False, since=now)
        self.lowered.setdefault(joint, told)

    def _lower(self, joint: str, way: float, passed: float, now: float) -> None:
        setpoint = self._setpoints.sample(now).get(joint)
        if setpoint is None:  # of a servo that was absent at the start, or has lost its turns, nobody knows it
            return
        faster = self._speeds.get(joint, 0.0) + self._dynamics[joint].acceleration * passed
        self._speeds[joint] = speed = min(faster, _LOWERING * self._limits[joint].velocity)
        place = setpoint.position + way * speed * passed
        self._setpoints.rest({joint: self._within(joint, place, setpoint.position)})

    def _note_holding(self, now: float) -> None:
        targets = self._setpoints.sample(now)
        for joint, axis in self._servos.joints.items():
            holds = axis.torque and not axis.misses and abs(load_of(axis)) <= _HOLDS
            if holds and joint in targets and joint not in self.blocks:
                lead = targets[joint].position + self._feedforward.lean(joint) - axis.position
                self._holding[joint] = _Holding(lead, self._feedforward.wanted(joint))

    def _complete_holding(self) -> None:
        """Loads are told with the first motion, which begins where the joints stood."""
        for joint, holding in self._holding.items():
            if math.isnan(holding.known) and not math.isnan(known := self._feedforward.wanted(joint)):
                self._holding[joint] = replace(holding, known=known)

    def retreat(self, joints: Iterable[str], now: float) -> None:
        """Bring set-points to where joints are, with what holding them there takes.

        Args:
            joints: that do not follow; those that press beside them go back too, one that was not read once it is.
            now: [s].
        """
        sent, asked = self._setpoints.sample(now), {*joints, *self._unread}
        self._unread = {joint for joint in asked if not self._is_read(joint)}
        pressing = [joint for joint, setpoint in sent.items() if self._presses(joint, setpoint.velocity)]
        known = ({*asked, *pressing} & sent.keys()) - self._unread
        places = {joint: self._target(joint, sent[joint].position) for joint in known}
        self._until |= dict.fromkeys(places, now + _GOES_BACK)
        self.blocks |= {j: replace(block, place=places[j]) for j, block in self.blocks.items() if j in places}
        self._setpoints.retreat(places, now)

    def _presses(self, joint: str, velocity: float) -> bool:
        """Whether it bears something, and does not follow its set-point; one that follows stops within limits."""
        axis = self._servos.joints[joint]
        follows = axis.velocity * velocity >= FOLLOWS * velocity**2 > 0.0
        return abs(load_of(axis)) > _PRESSES and not follows and joint not in self._leads  # fingers hold on

    def _is_read(self, joint: str) -> bool:
        return math.isfinite(self._servos.joints[joint].position)

    def note(self, joint: str, cause: Cause, detail: str, now: float) -> Fault:
        """Write down that a joint came against something, before it gives way.

        Args:
            joint: its name.
            cause: by which it was found.
            detail: with the value and the bound; empty where it is not known.
            now: [s].

        Returns:
            What is told of it.
        """
        axis, setpoint = self._servos.joints[joint], self._setpoints.sample(now).get(joint)
        sent = axis.position if setpoint is None else setpoint.position
        where = described(joint, axis.position, sent, self._units[joint])
        if not self._is_read(joint):
            where = f"blocked at {joint}, which was not read just now"
        told = f"{where}: {detail}" if detail else where
        done = "every joint stopped, and it gave way" if joint not in self._leads else "every joint stopped"
        fault = Fault(joint, cause, told, done, _REMEDY, needs_clearing=False, since=now)
        self.told[joint] = fault
        if self._until.get(joint) != now + _GOES_BACK:  # else its other servo has found the same in this cycle
            self._times[joint] += 1
        if joint not in self._leads and self._is_read(joint):  # fingers close on things on purpose
            # What it gives tells the way better than the little by which it is off, where that is its load's lead.
            load = load_of(axis)
            pressing = load if abs(load) > _PRESSES else sent - axis.position
            self.blocks[joint] = Block(axis.position, 1 if pressing > 0.0 else -1)
        return fault

    def _target(self, joint: str, sent: float) -> float:
        axis = self._servos.joints[joint]
        stop = axis.velocity * abs(axis.velocity) / (2.0 * self._dynamics[joint].acceleration)
        place = axis.position + stop
        most = self._leads.get(joint, math.nan)
        lead = self._lead(joint) if math.isnan(most) else max(-most, min(most, sent - axis.position))
        target = place + lead
        if (target - place) * (sent - place) > (sent - place) ** 2:  # farther than it was sent
            return sent
        return self._within(joint, target, sent)

    def _within(self, joint: str, place: float, sent: float) -> float:
        """A place within the joint's limits, or as far beyond them as its set-point is already."""
        limit = self._limits[joint]
        return max(min(limit.lower, sent), min(max(limit.upper, sent), place))

    def _lead(self, joint: str) -> float:
        """By how much a set-point must lead its joint to hold it [rad] or [m]."""
        wanted, lean = self._feedforward.wanted(joint), self._feedforward.lean(joint)
        holding = self._holding.get(joint)
        if holding is None:
            return (0.0 if math.isnan(wanted) else wanted) - lean
        if math.isnan(wanted):
            return holding.lead - lean
        unknown = 0.0 if math.isnan(holding.known) else holding.lead - holding.known
        return wanted + unknown - lean
