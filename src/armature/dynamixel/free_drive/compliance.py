"""Compliant joints, which a hand moves, and which carry their weight meanwhile.

In current-based position control a servo gives current for being off its goal, and no more than its Goal Current
(e-Manual, "Operating Mode(11)"). So the goal follows the joint, ahead by what carries it; what it may be off by
beyond that is what a hand has to overcome.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from armature.core.model.arm import Limit
from armature.dynamixel.faults.faults import Faults
from armature.dynamixel.free_drive.settings import FreeDriveSettings
from armature.dynamixel.motion.commanded_mode import CommandedMode
from armature.dynamixel.servo.axis import Axis
from armature.dynamixel.servo.pair import goal_of_second
from armature.dynamixel.servo.servos import Servos
from armature.dynamixel.status.remedy import Remedy
from armature.dynamixel.tables.roles import OperatingMode, Role
from armature.dynamixel.wiring.servo import ServoWiring
from armature.errors import BusError, CommandRefused, PortError

# By how much a goal may differ from what carries the weight before it follows: more than the encoder's noise, and
# no more than half a degree of the servo, which promise 2 counts as a jump.
_LEAST_SLACK = 2.0  # [tick]
_MOST_SLACK = math.radians(0.5)  # [rad]
_BOUND_STEP = 0.25  # of the margin: what Goal Current may be off by before it is written again


@dataclass(frozen=True)
class Compliance:
    """How one joint is compliant, and what its servos had before."""

    lead: float  # of its goal before its place, that carried it when it was at rest [rad] or [m]
    slack: float  # by which that may differ [rad] or [m]
    before: Mapping[str, int]  # Goal Current of its servos, by servo
    carried: Mapping[str, float] = field(default_factory=dict)  # when it was at rest, by servo [A]
    per_ampere: float = 0.0  # lead for each ampere more [rad/A] or [m/A]
    load: float = math.nan  # of the joint when it was at rest, if it is known [N·m] or [N]
    extra: float = 0.0  # that each servo carries since [A]

    @property
    def nominal_lead(self) -> float:
        """The lead that carries the joint now, as far as its load is known [rad] or [m]."""
        return self.lead + self.per_ampere * self.extra

    def clamp(self, lead: float) -> float:
        """A lead that neither lifts the joint nor lets it sink, as near to another as may be [rad] or [m]."""
        return min(max(lead, self.nominal_lead - self.slack), self.nominal_lead + self.slack)


class Compliances:
    """The joints that are compliant, and those that are to hold again once their servos answer."""

    def __init__(
        self,
        servos: Servos,
        commanded: CommandedMode,
        faults: Faults,
        limits: Mapping[str, Limit],
        settings: FreeDriveSettings,
    ) -> None:
        """Args: the servos, what the arm is commanded to do, its faults, its limits, and the settings."""
        self._servos = servos
        self._commanded = commanded
        self._faults = faults
        self._fastest = {joint: settings.speed * limit.velocity for joint, limit in limits.items()}
        self._margin = settings.current
        self._by_joint: dict[str, Compliance] = {}

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._by_joint)

    def describe(self, joint: str) -> str:
        """What a joint does, in words; empty for one that is not among them."""
        if joint not in self._by_joint:
            return ""
        if joint not in self._commanded.compliant:
            return "is to hold again"
        return "compliant" if math.isnan(self._by_joint[joint].load) else "compliant, its load is followed"

    def begin(self, joint: str, now: float) -> str:
        """Let a joint at rest be compliant.

        Returns:
            What it carries and gives, in words.

        Raises:
            CommandRefused: its gains or its load do not permit it: with the value and the bound.
            BusError: a servo did not take it.
        """
        axes = self._servos.servos_of(joint)
        first = axes[0]
        carried = {axis.name: axis.current for axis in axes}
        bounds = {axis.name: self._bound(axis, axis.current) for axis in axes}
        lead = self._commanded.setpoints.sample(now)[joint].position - first.position
        before = {axis.name: self._servos.preparation.targets(axis)[Role.GOAL_CURRENT] for axis in axes}
        per_ampere = self._ticks_per_ampere(first)
        slack = min(max(self._margin * per_ampere, _LEAST_SLACK), _MOST_SLACK / first.wiring.model.position_unit)
        step = first.wiring.step
        self._commanded.leave_session()
        self._by_joint[joint] = Compliance(lead, slack * step, before, carried, per_ampere * step)
        for axis in axes:  # where one fails, the next cycle gives the others their current back
            self._servos.preparation.set_override(axis, {Role.GOAL_CURRENT: bounds[axis.name]})
        self._faults.begin_guiding(joint, is_limp=False)
        self._commanded.compliant.add(joint)
        most = max(bounds.values()) * _unit(first)
        return f"{joint} is compliant: it carries {abs(first.current):.2f} A and gives {most:.2f} A at most"

    def _bound(self, axis: Axis, carried: float) -> int:
        """Goal Current with which a servo is compliant that carries a current [A], in its register's unit."""
        unit, compliance = _unit(axis), self._by_joint.get(axis.wiring.joint)
        bound = math.ceil((abs(carried) + self._margin) / unit)
        most = (
            compliance.before[axis.name]
            if compliance
            else self._servos.preparation.targets(axis)[Role.GOAL_CURRENT]
        )
        if bound > most:
            limit = f"its current_limit is {most * unit:.2f} A"
            why = f"it carries {abs(carried):.2f} A, with {self._margin:g} A for a hand that is too much: {limit}"
            words = "take load from it, lower free_drive.current, or raise the limit in the wiring file"
            raise CommandRefused("free", f"{axis.name}: {why}", Remedy.of(words))
        return bound

    def _ticks_per_ampere(self, axis: Axis) -> float:
        """How far off its goal a servo is for each ampere that it gives."""
        model = axis.wiring.model
        found = self._servos.registers.read_many(axis, (Role.POSITION_P_GAIN, Role.POSITION_I_GAIN))
        gain, integral = found.get(Role.POSITION_P_GAIN, 0), found.get(Role.POSITION_I_GAIN, 0)
        if integral:
            name = model.name_of(Role.POSITION_I_GAIN)
            why = f"{axis.name}: its {name} is {integral}, and its sum would push against the hand"
            raise CommandRefused("free", why, Remedy.of(f"set {axis.wiring.joint}.{Role.POSITION_I_GAIN} to 0"))
        if not gain:
            name = model.name_of(Role.POSITION_P_GAIN)
            why = f"{axis.name}: its {name} is 0, and it would not stay where it is left"
            raise CommandRefused("free", why, Remedy.of(f"set {axis.wiring.joint}.{Role.POSITION_P_GAIN} above 0"))
        return 1.0 / (_unit(axis) * model[Role.POSITION_P_GAIN].to_si(gain))

    # With the posture

    def set_loads(self, loads: Mapping[str, float], now: float) -> None:
        """Set what joints carry where they are now, so that compliant ones stay where they are left.

        Args:
            loads: of joints that rest, by a model of the arm [N·m] or [N]. The first one after a joint became
                compliant is what it carried there; from then on only the change counts.
            now: [s].

        Raises:
            BusError: a servo did not take what it may give.
        """
        for joint in self._commanded.compliant & loads.keys():
            compliance, load = self._by_joint[joint], loads[joint]
            if not math.isfinite(load):
                continue
            if math.isnan(compliance.load):
                self._by_joint[joint] = replace(compliance, load=load)
                continue
            wiring = self._servos.joints[joint].wiring
            change = (load - compliance.load) / wiring.motors / _effort_per_ampere(wiring) - compliance.extra
            change = min(max(change, -self._margin), self._margin)  # a wrong model shall not throw the joint
            self._set_extra_current(joint, compliance.extra + change, now)

    def _set_extra_current(self, joint: str, more: float, now: float) -> None:
        """Let each servo of a joint give so much more than when it was at rest [A], and no more than it may."""
        compliance, axes = self._by_joint[joint], self._servos.servos_of(joint)
        try:
            bounds = {axis.name: self._bound(axis, compliance.carried[axis.name] + more) for axis in axes}
        except CommandRefused as refusal:
            self._commanded.halt(now)
            self._commanded.why = f"{refusal}; the arm holds"
            return
        self._by_joint[joint] = replace(compliance, extra=more)
        preparation = self._servos.preparation
        for axis in axes:
            bound = bounds[axis.name]
            if (
                abs(bound - preparation.targets(axis)[Role.GOAL_CURRENT]) * _unit(axis)
                > _BOUND_STEP * self._margin
            ):
                preparation.set_override(axis, {Role.GOAL_CURRENT: bound})

    # The end

    def end(self, joint: str, now: float) -> None:
        """Give a joint its current back, with the goal where it does not move by it; once it is read.

        Raises:
            BusError: a servo did not take it; the next cycle tries again.
        """
        self._commanded.compliant.discard(joint)
        axes, compliance = self._servos.servos_of(joint), self._by_joint[joint]
        read = [axis for axis in axes if not math.isnan(axis.position)]
        if read == axes:
            self._stay(joint, axes, now)
        for axis in read:  # where the other one is silent, this one carries all of it
            self._servos.preparation.set_override(axis, {Role.GOAL_CURRENT: compliance.before[axis.name]})
        if read == axes:
            del self._by_joint[joint]
            self._faults.end_guiding(joint)

    def _stay(self, joint: str, axes: list[Axis], now: float) -> None:
        """Set the goal to where the joint is, ahead by what carries it."""
        first = axes[0]
        lead = self._commanded.setpoints.sample(now)[joint].position - first.position
        goal = first.position + self._by_joint[joint].clamp(lead)
        self._commanded.setpoints.rest({joint: goal})
        for axis in axes:
            if axis.torque:
                ticks = goal_of_second(axis, goal) if axis.wiring.is_second else axis.wiring.to_ticks(goal)
                self._servos.registers.write_verified(axis, Role.GOAL_POSITION, ticks)

    def end_all(self, now: float) -> None:
        """Let all joints hold again, as far as their servos answer."""
        for joint in list(self._by_joint):
            with suppress(BusError):
                self.end(joint, now)

    def adopt(self, axes: Iterable[Axis]) -> None:
        """Take over joints that a process before this one has left compliant: they are to hold where they are.

        Raises:
            BusError: a servo did not answer.
        """
        for axis in axes:
            if not (axis.torque and can_be_compliant(axis)):
                continue
            wanted = self._servos.preparation.targets(axis)[Role.GOAL_CURRENT]
            found = self._servos.registers.read(axis, Role.GOAL_CURRENT)
            if found < wanted:
                self._servos.preparation.adopt_override(axis, {Role.GOAL_CURRENT: found})
                slack = _MOST_SLACK / axis.wiring.reduction
                before = {one.name: wanted for one in self._servos.servos_of(axis.wiring.joint)}
                self._by_joint[axis.wiring.joint] = Compliance(0.0, slack, before)

    # With the cycles

    def update(self, now: float) -> None:
        """Follow the hands; let joints hold again that are no longer to be guided.

        Raises:
            PortError: the port is gone.
        """
        for joint in tuple(self._by_joint):
            if joint in self._commanded.compliant:
                self._follow(joint, now)
            else:
                self._try_to_end(joint, now)

    def _follow(self, joint: str, now: float) -> None:
        axis, fastest = self._servos.joints[joint], self._fastest[joint]
        if axis.misses:
            return
        if abs(axis.velocity) > fastest:
            self._commanded.halt(now)
            what = f"{joint} moved at {abs(axis.velocity):.2f}, {fastest:.2f} is allowed while it is compliant"
            self._commanded.why = f"{what}: pushed, or more weight than where it began; the arm holds"
            self._try_to_end(joint, now)
            return
        lead = self._commanded.setpoints.sample(now)[joint].position - axis.position
        bounded = self._by_joint[joint].clamp(lead)
        if bounded != lead:
            self._commanded.setpoints.rest({joint: axis.position + bounded})

    def _try_to_end(self, joint: str, now: float) -> None:
        try:
            self.end(joint, now)
        except PortError:
            raise
        except BusError:
            return  # the next cycle tries again


def can_be_compliant(axis: Axis) -> bool:
    """Whether a servo can be compliant."""
    return axis.wiring.mode is OperatingMode.CURRENT_BASED_POSITION


def _unit(axis: Axis) -> float:
    """Of goal and present current [A]."""
    unit = axis.wiring.model.current_unit
    assert unit is not None  # the wiring file refuses the mode for models that measure none
    return unit


def _effort_per_ampere(wiring: ServoWiring) -> float:
    """Of one servo on its joint [N·m/A] or [N/A], as measured, or by the ratings of its model."""
    measured = wiring.to_effort(1.0)
    rated = wiring.model.stall_torque / wiring.model.stall_current * wiring.reduction
    return rated if math.isnan(measured) else measured
