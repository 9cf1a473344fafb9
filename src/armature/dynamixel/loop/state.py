"""The state of the bus loop: its mode and the reason, faults, and remedies."""

from __future__ import annotations

from collections.abc import Mapping

from armature.core.control.blocked import BlockedDirection
from armature.core.model.arm import Limit
from armature.dynamixel.faults.supervision import Health
from armature.dynamixel.loop.cycle import BusCycle
from armature.dynamixel.loop.parts import LoopParts
from armature.dynamixel.motion.setpoints import Setpoint
from armature.dynamixel.servo.axis import Axis
from armature.dynamixel.status.cause import Cause
from armature.dynamixel.status.remedy import (
    CHECK_BUS,
    END_FREE_DRIVE,
    NOTHING,
    RECONNECT,
    RELEASE,
    RecoveryStep,
    Remedy,
)
from armature.dynamixel.status.states import Fault, Mode, RecoveryAdvice
from armature.dynamixel.tables.roles import Role


class LoopState:
    """A read-only view of the loop's parts."""

    def __init__(self, parts: LoopParts, cycle: BusCycle) -> None:
        """Args: the loop's parts, and the cycle over them."""
        self._parts = parts
        self._cycle = cycle
        self._bus = parts.bus
        self._servos = parts.servos
        self._commanded = parts.commanded
        self._faults = parts.faults

    @property
    def cycles(self) -> int:
        """How many cycles there were."""
        return self._cycle.count

    @property
    def requested_at(self) -> float:
        """When the states read last were requested, by the port's time [s]."""
        return self._cycle.requested_at

    @property
    def axes(self) -> Mapping[str, Axis]:
        """Each joint's servo, or its first one, as it was last read, by joint."""
        return self._servos.joints

    @property
    def limits(self) -> Mapping[str, Limit]:
        """Of the joints, by joint."""
        return self._parts.limits

    @property
    def servos(self) -> Mapping[str, Axis]:
        """All servos as they were last read, by their names."""
        return self._servos.axes

    @property
    def faults(self) -> Mapping[str, Fault]:
        """What is wrong, by servo."""
        return self._faults.by_joint

    @property
    def warnings(self) -> tuple[Fault, ...]:
        """What soon will be wrong, and what joints came against."""
        back_off = self._parts.back_off
        return (*back_off.warnings.values(), *back_off.lowering_warnings, *self._faults.warnings.values())

    @property
    def blocks(self) -> Mapping[str, BlockedDirection]:
        """Where joints came against something, by joint."""
        return self._parts.back_off.blocks

    def advice_by_joint(self) -> dict[str, RecoveryAdvice]:
        """How to recover from each fault, by servo."""
        advise, recovering = self._faults.advisor.advise, self._faults.recovering
        return {name: advise(fault, recovering) for name, fault in self.faults.items()}

    @property
    def advice(self) -> RecoveryAdvice | None:
        """How to recover from the most urgent fault; None where there are none."""
        return self._faults.advisor.advise_most_urgent(self.faults, self._faults.recovering)

    @property
    def cause(self) -> Cause | None:
        """Why the arm stopped last; None since it was enabled or started."""
        if not self._bus.is_open:
            return Cause.DISCONNECTED
        return Cause.PROTECTIVE_STOP if self._commanded.protective_stop else self._commanded.cause

    @property
    def why(self) -> str:
        """Why the arm is as it is, in words: a protective stop, until it is released, else what happened last.

        What happened last does not hide the faults: where it names none of them, the gravest stands before it.
        """
        commanded = self._commanded
        if commanded.protective_stop and self._bus.is_open:
            return commanded.why_stopped
        if self._bus.is_open and self._faults.advisor.is_bus_silent(self.faults):
            return f"no servo of the bus answers; {CHECK_BUS}"
        if self._bus.is_open and self._faults.advisor.is_arm_limp(self.faults):
            remedy = next(iter(self.faults.values())).remedy
            return f"the arm is limp: it lost its power, or another program turned all torque off; {remedy}"
        if not self._bus.is_open or commanded.mode is Mode.PARKING or any(j in commanded.why for j in self.faults):
            return commanded.why
        gravest = min(self.faults.values(), key=lambda fault: fault.cause.gravity, default=None)
        return f"{gravest.joint}: {gravest.cause}; {commanded.why}" if gravest else commanded.why

    @property
    def session(self) -> str:
        """The session whose commands are followed; empty for none."""
        return self._commanded.session

    @property
    def protective_stop_latched(self) -> bool:
        """Whether the protective stop is latched, whatever the mode is."""
        return self._commanded.protective_stop

    @property
    def speed_factor(self) -> float:
        """The speed factor that the controller is to apply, 0 to 1."""
        return self._parts.policy.slow_factor if self._faults.is_slow else 1.0

    @property
    def wants_park(self) -> bool:
        """Whether a policy wants the arm parked, which the process that plans motions can do."""
        return self._commanded.wants_park

    @property
    def free_joints(self) -> Mapping[str, str]:
        """Joints that are guided by hand, with how, in words."""
        return self._parts.free_drive.joints

    @property
    def eeprom_writes(self) -> int:
        """How often EEPROM was written since this process began."""
        return self._servos.eeprom_writes

    @property
    def watchdogs(self) -> Mapping[str, str]:
        """State of each servo's Bus Watchdog, in words, by servo."""
        return self._servos.watchdogs.states

    @property
    def watchdog_trips(self) -> int:
        """How many servos were found stopped by their Bus Watchdog since this process began."""
        return self._servos.watchdogs.trips

    @property
    def instruction(self) -> str:
        """By which instruction states are read, and why, in words."""
        return self._servos.reader.instruction

    def current_limits(self) -> dict[str, float]:
        """What servos may use now that are held to a Goal Current [A], by servo."""
        limits = {}
        for name, axis in self.servos.items():
            units = self._servos.preparation.targets(axis).get(Role.GOAL_CURRENT)
            if units is not None:
                limits[name] = axis.wiring.model[Role.GOAL_CURRENT].to_si(units)
        return limits

    def retained_gains(self) -> dict[str, str]:
        """Gains with which servos were found holding, and which they keep until torque is off, in words."""
        kept = {name: self._servos.preparation.retained_gains(axis) for name, axis in self.servos.items()}
        return {name: gains for name, gains in kept.items() if gains}

    def health(self) -> Mapping[str, Health]:
        """How each servo is doing, by servo."""
        return self._faults.health()

    def mode(self, now: float) -> Mode:
        """The state to show."""
        commanded = self._commanded
        if not self._bus.is_open:
            return Mode.DISCONNECTED
        if commanded.protective_stop:
            return Mode.PROTECTIVE_STOP
        if self.faults and commanded.mode is not Mode.PARKING:
            return Mode.FAULT
        is_moving = commanded.mode is Mode.ENABLED and commanded.setpoints.is_in_motion(now)
        return Mode.MOVING if is_moving else commanded.mode

    def remedy(self, now: float) -> Remedy:
        """The next step towards an arm that takes commands; nothing where it takes them."""
        mode, free = self.mode(now), self._parts.free_drive.joints
        if mode is Mode.DISCONNECTED:
            return RECONNECT
        if mode is Mode.PROTECTIVE_STOP:
            return RELEASE
        if mode is Mode.FAULT:
            return advice.remedy if (advice := self.advice) else NOTHING
        if mode in (Mode.STARTING, Mode.PARKING):
            return Remedy("wait until the arm holds", RecoveryStep.WAIT)
        if free:
            return END_FREE_DRIVE
        if mode is Mode.DISABLED and (
            remedy := self._servos.switch.remedy_before_enable(self._servos.axes.values())
        ):
            return remedy
        return NOTHING if mode.takes_commands else Remedy.of(RecoveryStep.ENABLE)

    def is_moving(self, now: float) -> bool:
        """Whether a motion is being commanded."""
        return self._commanded.setpoints.is_moving(now)

    @property
    def start_delay(self) -> float:
        """How long after its stamp the last motion began [s]."""
        return self._commanded.setpoints.start_delay

    def torque(self) -> str:
        """on, off or partial, as last known."""
        return self._servos.torque

    def reported_torque(self) -> str:
        """on, off or partial; unknown where a servo is silent."""
        return self._servos.reported_torque

    def setpoints(self, now: float) -> dict[str, Setpoint]:
        """What is being commanded; empty before the first start."""
        return self._commanded.setpoints.sample(now)
