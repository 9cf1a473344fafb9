"""Servos on one wire or several, turned by one plant; bytes go in and come out at the time that a wire needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from armature.core.model.arm import ArmModel
from armature.dynamixel.tables.roles import Role
from armature.dynamixel.wiring.arm import ServoWiring, Wiring, second_name
from armature.emulator.bus.disturbance import Disturbance, Transmission
from armature.emulator.bus.wire import Wire
from armature.emulator.physics.mujoco_plant import MujocoPlant
from armature.emulator.physics.plant import Plant
from armature.emulator.physics.supply import build_supplies
from armature.emulator.servo.drive import Drive
from armature.emulator.servo.motor import gear_friction, rotor_inertia
from armature.emulator.servo.registers import FactoryReset
from armature.emulator.servo.servo import Servo
from armature.errors import ConfigError, listed

STEP = 1e-3  # [s] of the physics and of the servos' control
_SLOW_TASK_STEPS = 10  # steps between the servos' duties that need no haste
# After a longer pause (a suspended or busy machine) the arm goes on from where it was instead of catching up.
# Shorter than a Bus Watchdog, which would else trip while the host's bytes wait for us.
_MAX_CATCH_UP = 0.1  # [s]


@dataclass(frozen=True)
class _Axis:
    """A servo and the joint that it turns: servo angle = ratio · joint + zero."""

    servo: Servo
    drive: Drive
    ratio: float
    zero: float

    def torque(self, position: float, velocity: float) -> float | None:
        """What drives the joint for the next step [N·m] or [N]; None while it turns freely."""
        torque = self.drive.step(self.ratio * position + self.zero, self.ratio * velocity, STEP)
        return self.ratio * torque if self.drive.is_on else None

    def place(self, position: float) -> None:
        """Begin with the joint at a position [rad] or [m]."""
        self.servo.place(self.ratio * position + self.zero)


@dataclass(frozen=True)
class _Pair:
    """Two servos that turn one joint."""

    first: _Axis
    second: _Axis

    def torque(self, position: float, velocity: float) -> float | None:
        """What drives the joint for the next step [N·m] or [N]; None while both turn freely."""
        torques = [axis.torque(position, velocity) for axis in (self.first, self.second)]
        driven = [torque for torque in torques if torque is not None]
        return sum(driven) if driven else None

    def place(self, position: float) -> None:
        """Begin with the joint at a position [rad] or [m]."""
        self.first.place(position)
        self.second.place(position)


class EmulatedBus:
    """The far end of the serial line, or of several."""

    def __init__(
        self,
        servos: Iterable[tuple[ServoWiring, Servo]],
        plant: Plant,
        baud_rates: int | Mapping[str, int],
        now: float = 0.0,
    ) -> None:
        """Connect servos to a plant.

        Args:
            servos: each servo with its wiring.
            plant: turns the joints that the wiring names.
            baud_rates: at which the host talks on each bus, by its name, or on the only one [bit/s].
            now: the computer's time [s], from any origin.
        """
        wired = tuple(servos)
        axes = {
            wiring.name: _Axis(servo, servo.drive, wiring.direction * wiring.reduction, wiring.zero_offset)
            for wiring, servo in wired
        }
        self.servos = tuple(axis.servo for axis in axes.values())
        rates = {"": baud_rates} if isinstance(baud_rates, int) else baud_rates
        self.wires = {name: Wire(rate, now) for name, rate in rates.items()}
        self.plant = plant
        self.supplies = build_supplies(self.servos)
        self.unplug_counts = Counter[str]()  # how many faults have the plug of a bus pulled, by its name
        self._on = {name: tuple(servo for wiring, servo in wired if wiring.bus == name) for name in self.wires}
        self._on_time: list[Callable[[float], None]] = []
        self._by_name = {name: axis.servo for name, axis in axes.items()}
        self._axes = tuple(_drive(axes, joint) for joint in plant.joints)
        self._time = plant.time(now)
        self._steps = 0
        for supply in self.supplies:
            supply.update()
        for axis, position in zip(self._axes, plant.positions, strict=True):
            axis.place(position)

    def on_time(self, callback: Callable[[float], None]) -> None:
        """Tell a callback the plant's time [s], every 10 ms of it."""
        self._on_time.append(callback)

    @staticmethod
    def of_arm(
        arm: ArmModel,
        wiring: Wiring,
        start: Mapping[str, float],
        now: float = 0.0,
        rest: Mapping[str, float] | None = None,
    ) -> EmulatedBus:
        """Build the servos and the physics of an arm, switched on with torque off.

        Args:
            arm: the model of the URDF.
            wiring: its servos.
            start: position of each joint [rad] or [m].
            now: the computer's time [s].
            rest: where it lies on something while it is limp, as at its park pose [rad] or [m].

        Raises:
            ConfigError: the wiring names a baud rate that servos do not have.
        """
        plant = mujoco_plant(arm, wiring, start)
        if rest is not None:
            plant.set_rest(rest)
        return EmulatedBus.of_plant(plant, wiring, now)

    @staticmethod
    def of_plant(plant: Plant, wiring: Wiring, now: float = 0.0) -> EmulatedBus:
        """Build the servos that turn a plant, switched on with torque off.

        Args:
            plant: has the joints of the wiring.
            wiring: its servos.
            now: the computer's time [s].

        Raises:
            ConfigError: the wiring names a baud rate that servos do not have.
        """
        servos = [(entry, Servo(entry.model, entry.servo_id)) for entry in wiring.all_servos]
        for entry, servo in servos:
            servo.listen_at(wiring.baud_rate(entry))
            _set_up(servo, entry)
        return EmulatedBus(servos, plant, wiring.buses, now)

    def factory_reset(self, joint: str) -> None:
        """Have the servo of a joint on the wire alone, as it leaves the factory (e-Manual: ID 1, 57,600 bit/s).

        Raises:
            ConfigError: no such joint.
        """
        new = self.servo(joint)
        new.factory_reset(FactoryReset.ALL)
        for servo in self.servos:
            servo.line_breaks += servo is not new

    def transmit(self, data: bytes, now: float, bus: str = "") -> list[Transmission]:
        """Take bytes of the host in.

        Args:
            data: the bytes.
            now: when they were handed to the wire [s].
            bus: on which wire.

        Returns:
            What the servos answer, with the times at which it has arrived.
        """
        self.advance(now)
        return self.wires[bus].transmit(data, self._on[bus], now) if self.is_plugged(bus) else []

    @property
    def time(self) -> float:
        """How long the arm has lived [s]; the servos' clocks follow it."""
        return self._steps * STEP

    @property
    def wire(self) -> Wire:
        """The only one."""
        [wire] = self.wires.values()
        return wire

    def is_plugged(self, bus: str = "") -> bool:
        """Whether the host's adapter of a bus is in its place."""
        return not self.unplug_counts[bus]

    def buses(self, joint: str | None) -> tuple[str, ...]:
        """On which bus the servo of a joint hangs; all of them for None.

        Raises:
            ConfigError: no such joint.
        """
        if joint is None:
            return tuple(self.wires)
        servo = self.servo(joint)
        return tuple(name for name, servos in self._on.items() if servo in servos)

    def servo(self, joint: str) -> Servo:
        """The servo that turns a joint, or the second one by its own name.

        Raises:
            ConfigError: no such joint.
        """
        if joint not in self._by_name:
            raise ConfigError("joint", joint, listed("joints", self._by_name))
        return self._by_name[joint]

    def advance(self, now: float) -> None:
        """Let the arm move until now [s], by the computer's clock; how far that is, the plant says."""
        until = self.plant.time(now)
        self._time = max(self._time, until - _MAX_CATCH_UP)
        while self._time + STEP <= until:
            self._time += STEP
            self._step()

    def _step(self) -> None:
        plant = self.plant
        torques = [
            axis.torque(position, velocity)
            for axis, position, velocity in zip(self._axes, plant.positions, plant.velocities)  # noqa: B905
        ]
        plant.step(STEP, torques)
        self._steps += 1
        if self._steps % _SLOW_TASK_STEPS == 0:
            self._run_slow_tasks(_SLOW_TASK_STEPS * STEP)

    def _run_slow_tasks(self, dt: float) -> None:
        for supply in self.supplies:
            supply.update()
        for servo in self.servos:
            servo.advance(dt)
        for callback in self._on_time:
            callback(self.time)

    def disturb(self, make: Callable[[], Disturbance]) -> Callable[[], None]:
        """Put something of its own between the servos and the host on each wire; returns what takes it away."""
        undoing = [wire.disturb(make()) for wire in self.wires.values()]

        def undo() -> None:
            for each in undoing:
                each()

        return undo


def _set_up(servo: Servo, entry: ServoWiring) -> None:
    """What `armature setup` leaves in its EEPROM, as far as an arm does not start without it."""
    for role, value in ((Role.OPERATING_MODE, servo.model.modes[entry.mode]), (Role.RETURN_DELAY, 0)):
        if servo.model.has(role):
            servo.registers[role] = value


def _drive(axes: Mapping[str, _Axis], joint: str) -> _Axis | _Pair:
    """What turns a joint."""
    second = axes.get(second_name(joint))
    return axes[joint] if second is None else _Pair(axes[joint], second)


def mujoco_plant(arm: ArmModel, wiring: Wiring, start: Mapping[str, float]) -> MujocoPlant:
    """The emulator's own physics of an arm.

    Args:
        arm: the model of the URDF.
        wiring: its servos.
        start: position of each joint [rad] or [m].
    """
    rotors, gears = dict.fromkeys(wiring.joints, 0.0), dict.fromkeys(wiring.joints, 0.0)
    for entry in wiring.all_servos:
        rotors[entry.joint] += rotor_inertia(entry.model) * entry.reduction**2
        gears[entry.joint] += gear_friction(entry.model) * entry.reduction
    plant = MujocoPlant(arm, rotors, start)
    for entry in wiring.servos:
        plant.set_limp_friction(entry.joint, gears[entry.joint])
        if entry.range is not None:
            places = (*entry.range, start[entry.joint])  # an arm that stands beyond is not pushed back
            plant.set_stops(entry.joint, min(places), max(places))
    return plant
