"""The loop's parts, and what can be seen of them."""

from __future__ import annotations

import math
from collections.abc import Mapping

from armature.core.control.blocked import Block
from armature.core.model.arm import ArmModel, Limit
from armature.dynamixel.faults.faults import Faults
from armature.dynamixel.faults.giving_way import GivingWay
from armature.dynamixel.faults.recovery import Recovery
from armature.dynamixel.faults.supervision import Health, watches
from armature.dynamixel.faults.way_out import step
from armature.dynamixel.free_drive.free_drive import FreeDrive
from armature.dynamixel.loop.settings import LoopSettings
from armature.dynamixel.motion.commanded_mode import Conduct
from armature.dynamixel.motion.feedforward import Feedforward
from armature.dynamixel.motion.grip import Grip, lead
from armature.dynamixel.motion.setpoints import Setpoint
from armature.dynamixel.protocol.base import Bus
from armature.dynamixel.servo.axis import Axis
from armature.dynamixel.servo.servos import Servos
from armature.dynamixel.status.cause import Cause
from armature.dynamixel.status.remedy import NOTHING, RECONNECT, RELEASE, Remedy, Step
from armature.dynamixel.status.states import Fault, Mode
from armature.dynamixel.wiring.arm import Wiring

# Fingers that have closed on something hold it with this share of the stall torque, as the gripper's controller
# has it (`holding_share`), where that does not see to them.
_GRIP = 0.3


class LoopState:
    """All servos of one arm, what they are asked to do, and what is wrong with them."""

    def __init__(self, bus: Bus, wiring: Wiring, arm: ArmModel, settings: LoopSettings) -> None:
        """Args: a closed bus, the servos on it, the arm that they move, and how."""
        arm = wiring.narrowed(arm)
        limits = {joint: arm.limit(joint) for joint in wiring.joints}
        self.cycles = 0
        self.asked_at = -math.inf  # when the states read last were asked for, by the port's time [s]
        self._limits = limits
        self._policy = settings.policy
        self._bus = bus
        self._servos = Servos.of(bus, wiring, limits, settings.servos)
        self._conduct = Conduct(limits, settings.dynamics, protective_stop=settings.protective_stop)
        gripper = {joint.name for joint in arm.driven if joint.kind == "prismatic"}
        fingers = gripper | wiring.yielding
        bounds = settings.following_errors(arm, fingers)
        self._faults = Faults(
            self._servos,
            watches(wiring.all_servos, limits, bounds, fingers, settings.policy, settings.contact),
            settings.policy,
        )
        self._recovery = Recovery(self._servos, self._conduct.setpoints, self._faults, settings.policy)
        self._feedforward = Feedforward(settings.stiffness(wiring.servos), limits)
        held = [self._servos.joints[joint] for joint in sorted(gripper)]
        self._grip = Grip(held, self._servos)
        self._giving_way = GivingWay(
            self._servos,
            self._conduct.setpoints,
            self._feedforward,
            limits,
            settings.dynamics,
            {axis.wiring.joint: lead(axis.wiring, _GRIP, settings.p_gain(axis.wiring)) for axis in held},
            {joint.name: joint.unit for joint in arm.driven},
            lambda joint: self._faults.watch(joint).is_free,
        )
        self._free = FreeDrive(self._servos, self._conduct, self._faults, limits, settings.free_drive)
        self._is_connected = False
        self._unheard: set[str] = set()  # servos that were absent at the start: nobody knows whether they hold
        self._resumes = settings.resumes
        self._at = 0.0  # of the last cycle [s]

    @property
    def axes(self) -> Mapping[str, Axis]:
        """Each joint's servo, or its first one, as it was last read, by joint."""
        return self._servos.joints

    @property
    def limits(self) -> Mapping[str, Limit]:
        """Of the joints, by joint."""
        return self._limits

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
        giving_way = self._giving_way
        return (*giving_way.told.values(), *giving_way.lowered.values(), *self._faults.warnings.values())

    @property
    def blocks(self) -> Mapping[str, Block]:
        """Where joints came against something, by joint."""
        return self._giving_way.blocks

    def ways_out(self) -> dict[str, tuple[Step, str]]:
        """The step that would succeed at each fault, and what it waits for in words, by servo."""
        waits = {name: self._recovery.foresee(fault) for name, fault in self.faults.items()}
        return {name: (step(self.faults[name], self.servos[name], why), why) for name, why in waits.items()}

    @property
    def cause(self) -> Cause | None:
        """Why the arm stopped last; None since it was enabled or started."""
        if not self._bus.is_open:
            return Cause.DISCONNECTED
        return Cause.PROTECTIVE_STOP if self._conduct.protective_stop else self._conduct.cause

    @property
    def why(self) -> str:
        """Why the arm is as it is, in words: a protective stop, until it is released, else what happened last."""
        is_stopped = self._conduct.protective_stop and self._bus.is_open
        return self._conduct.why_stopped if is_stopped else self._conduct.why

    @why.setter
    def why(self, text: str) -> None:
        self._conduct.why = text

    @property
    def session(self) -> str:
        """The session whose commands are followed; empty for none."""
        return self._conduct.session

    @property
    def protective_stop_latched(self) -> bool:
        """Whether the protective stop is latched, whatever the mode is."""
        return self._conduct.protective_stop

    @property
    def speed_factor(self) -> float:
        """The share of its speed that the controller is asked to keep to, 0 to 1."""
        return self._policy.slow_factor if self._faults.is_slow else 1.0

    @property
    def wants_park(self) -> bool:
        """Whether a policy asks whoever knows a free way to park the arm."""
        return self._conduct.wants_park

    @property
    def free(self) -> Mapping[str, str]:
        """Joints that hands guide, with how, in words."""
        return self._free.joints

    @property
    def eeprom_writes(self) -> int:
        """How often EEPROM was written since this process began."""
        return sum(self._servos.registers.eeprom_writes.values())

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
            units = self._servos.preparation.wanted(axis).get("Goal Current")
            if units is not None and axis.wiring.model.current_unit is not None:
                limits[name] = units * axis.wiring.model.current_unit
        return limits

    def kept_gains(self) -> dict[str, str]:
        """Gains with which servos were found holding, and which they keep until torque is off, in words."""
        kept = {name: self._servos.preparation.kept(axis) for name, axis in self.servos.items()}
        return {name: gains for name, gains in kept.items() if gains}

    def health(self) -> Mapping[str, Health]:
        """How each servo is doing, by servo."""
        return self._faults.health()

    def mode(self, now: float) -> Mode:
        """The state to show."""
        conduct = self._conduct
        if not self._bus.is_open:
            return Mode.DISCONNECTED
        if conduct.protective_stop:
            return Mode.PROTECTIVE_STOP
        if self.faults and conduct.mode is not Mode.PARKING:
            return Mode.FAULT
        is_moving = conduct.mode is Mode.ENABLED and conduct.setpoints.is_in_motion(now)
        return Mode.MOVING if is_moving else conduct.mode

    def remedy(self, now: float) -> Remedy:
        """What leads nearer to an arm that takes commands, whatever is in the way; nothing where it takes them."""
        mode, free = self.mode(now), self._free.joints
        if mode is Mode.DISCONNECTED:
            return RECONNECT
        if mode is Mode.PROTECTIVE_STOP:
            return RELEASE
        if mode is Mode.FAULT:
            return self._faults.remedy
        if mode in (Mode.STARTING, Mode.PARKING):
            return Remedy("wait until the arm holds", Step.WAIT)
        if free:
            return end_free(next(iter(free)))
        if mode is Mode.DISABLED and (way_back := self._servos.switch.way_back(self._servos.axes.values())):
            return way_back
        return NOTHING if mode.takes_commands else Remedy.of(Step.ENABLE)

    def is_moving(self, now: float) -> bool:
        """Whether a motion is being commanded."""
        return self._conduct.setpoints.is_moving(now)

    @property
    def begun_late(self) -> float:
        """How long after its stamp the last motion began [s]."""
        return self._conduct.setpoints.begun_late

    def torque(self) -> str:
        """on, off or partial, as last known."""
        return self._servos.torque

    def torque_told(self) -> str:
        """on, off or partial; unknown where a servo is silent."""
        return self._servos.torque_told

    def setpoints(self, now: float) -> dict[str, Setpoint]:
        """What is being commanded; empty before the first start."""
        return self._conduct.setpoints.sample(now)


def end_free(joint: str) -> Remedy:
    """Let a joint hold again that a hand guides."""
    return Remedy(f"end that first: /servo_interface/{joint}/free false", Step.END_FREE)
