"""One servo: what its firmware does with instructions and registers."""

from __future__ import annotations

from armature.dynamixel.protocol.packet import Error
from armature.dynamixel.tables.model import ServoModel
from armature.dynamixel.tables.roles import HardwareError, OperatingMode, Role
from armature.emulator.servo.drive import Drive
from armature.emulator.servo.measurements import Measurements
from armature.emulator.servo.protection import BusWatchdog, Protection
from armature.emulator.servo.registers import PROFILE, Change, FactoryReset, RegisterFile
from armature.emulator.servo.rules import GOALS, check_write, is_of_size_330, knows, mode_of

FIRMWARE_VERSION = 48
# Without answers after a reboot; measured by a user (ROBOTIS-GIT/emanual, issue 1698) [s].
BOOT_TIME = 0.4
# Under this share of the lowest voltage that it bears the firmware stops; no figure published.
_BROWN_OUT = 0.6
_LOWEST = 0.8  # of the nominal voltage, what a servo withstands that has no register for it
# What cuts the torque of a servo that has no register for it.
_SHUTDOWN_ERRORS = HardwareError.OVERLOAD | HardwareError.OVERHEATING | HardwareError.ELECTRICAL_SHOCK
# What a tripped Bus Watchdog sets to 0 in the modes that do not control a position.
_STOPPED_BY = {
    OperatingMode.CURRENT: Role.GOAL_CURRENT,
    OperatingMode.VELOCITY: Role.GOAL_VELOCITY,
    OperatingMode.PWM: Role.GOAL_PWM,
}
# Protocol 2.0, "Clear": the option for the position, with its fixed values.
_CLEAR_POSITION = bytes([0x01, 0x44, 0x58, 0x4C, 0x22])
_TORQUE_ON_BY_GOAL = 0x08  # section "Drive Mode(10)", bit 3


class Servo:
    """One servo on the bus."""

    def __init__(self, model: ServoModel, servo_id: int, *, measures: bool = True) -> None:
        """Switch a servo on, at its nominal voltage until power() says otherwise.

        Args:
            model: which it is of.
            servo_id: its id on the bus.
            measures: whether registers tell what it measures of itself, or for good what was put there.
        """
        self.model = model
        self.registers = RegisterFile(model)
        self.registers[Role.ID] = servo_id
        if model.has(Role.FIRMWARE_VERSION):
            self.registers[Role.FIRMWARE_VERSION] = FIRMWARE_VERSION
        self.drive = Drive(model)
        self.voltage = model.nominal_voltage  # at the plug [V]
        self.voltage_dips: list[float] = []  # that its plug does not exceed [V]
        self.line_breaks = 0  # how many faults have its data line broken
        self.protection = Protection(self.registers)
        self._watchdog = BusWatchdog(model, self.registers)
        self._brown_out = _BROWN_OUT * _lowest_voltage(model)  # [V]
        self._rates = {raw: rate for rate, raw in model.baud_rates.items()}
        self._is_powered = True
        self._measures = measures
        self._measurements = Measurements(model, self.registers, self.drive)
        self._booting = 0.0  # [s] left
        self._clock = 0.0  # [s] since power-up
        self._shut_down = False
        self._registered: tuple[int, bytes] | None = None
        self._boot()

    @property
    def servo_id(self) -> int:
        """Its id on the bus."""
        return self.registers[Role.ID]

    @property
    def baud_rate(self) -> int | None:
        """At which it listens [bit/s]; None where its register names none."""
        return self._rates.get(self.registers[Role.BAUD_RATE])

    def listen_at(self, baud_rate: int) -> None:
        """Set the rate at which it listens [bit/s].

        Raises:
            ConfigError: it does not have this rate.
        """
        self.registers[Role.BAUD_RATE] = self.model.baud_index("baud rate", baud_rate)

    @property
    def is_awake(self) -> bool:
        """Whether it has power, is not starting, and its data line is whole."""
        return self._booting <= 0.0 and self._is_powered and not self.line_breaks

    @property
    def has_alert(self) -> bool:
        """Whether the alert bit of its status packets is set."""
        return self.registers.get(Role.HARDWARE_ERROR) != 0

    def knows(self, instruction: int) -> bool:
        """Whether its firmware has an instruction."""
        return knows(self.model, self.registers.get(Role.FIRMWARE_VERSION), instruction)

    def answers(self, level: int) -> bool:
        """Whether its status return level lets it answer: 0 ping, 1 reading, 2 everything else."""
        return self.registers.get(Role.STATUS_RETURN_LEVEL, level) >= level

    def feed_watchdog(self) -> None:
        """An instruction was on the bus: feeds the Bus Watchdog."""
        self._watchdog.feed()

    # --- instructions --------------------------------------------------------------------------------

    def read(self, address: int, length: int) -> tuple[Error, bytes]:
        """Read bytes."""
        if self._measures:
            self._measurements.update(self._clock, self.voltage, self.registers.read_range(address, length))
        return self.registers.read(address, length)

    def write(self, address: int, data: bytes) -> Error:
        """Write bytes, or refuse them whole."""
        error, changes = self._examine(address, data)
        if error is Error.NONE:
            mode = self.registers.get(Role.OPERATING_MODE)
            self.registers.store(changes)
            if self.registers.get(Role.OPERATING_MODE) != mode:
                self._switch_mode()
            for register, value in changes:
                self._react(register.role, value)
        return error

    def reg_write(self, address: int, data: bytes) -> Error:
        """Keep a write for action()."""
        error, _ = self._examine(address, data)
        if error is Error.NONE:
            self._registered = (address, data)
            self._set_registered(True)
        return error

    def action(self) -> Error:
        """Carry out the registered write; Protocol 2.0, "Error": instruction error if there is none."""
        if self._registered is None:
            return Error.INSTRUCTION
        address, data = self._registered
        self._registered = None
        self._set_registered(False)
        return self.write(address, data)

    def _set_registered(self, is_there: bool) -> None:
        if Role.REGISTERED_INSTRUCTION in self.registers:
            self.registers[Role.REGISTERED_INSTRUCTION] = int(is_there)

    def clear(self, parameters: bytes) -> Error:
        """Bring the position back into one turn; Protocol 2.0, "Clear": result fail while it moves."""
        if parameters != _CLEAR_POSITION:
            return Error.DATA_RANGE
        if self._measurements.is_moving():
            return Error.RESULT_FAIL
        self.drive.wrap()
        self.registers[Role.GOAL_POSITION] = round(self.drive.position)
        return Error.NONE

    def reboot(self) -> None:
        """Reboot: torque off, RAM back to its defaults, no answers for a while."""
        self._booting = BOOT_TIME
        self._boot()

    def factory_reset(self, option: int) -> Error:
        """Return the EEPROM to the factory's values and reboot."""
        if option not in tuple(FactoryReset):
            return Error.DATA_RANGE
        self.registers.reset_eeprom(FactoryReset(option))
        self.reboot()
        return Error.NONE

    # --- what happens to it --------------------------------------------------------------------------

    def place(self, angle: float) -> None:
        """Put the horn at an angle [rad] before power comes on."""
        self.drive.place(angle)
        self._boot()

    def power(self, voltage: float) -> None:
        """Set the voltage at the plug [V]: without enough of it the servo stops, and later restarts."""
        self.voltage = voltage = min(voltage, *self.voltage_dips) if self.voltage_dips else voltage
        self.drive.motor.supply(voltage)
        if (voltage >= self._brown_out) != self._is_powered:
            self._is_powered = not self._is_powered
            self.reboot()

    def fail(self, error: int) -> None:
        """Note hardware errors; one that Shutdown selects turns torque off until a reboot."""
        bits = self.model.error_bits(error)
        if Role.HARDWARE_ERROR in self.registers:
            self.registers[Role.HARDWARE_ERROR] |= bits
        if self.registers.get(Role.SHUTDOWN, self.model.error_bits(_SHUTDOWN_ERRORS)) & bits:
            self._shut_down = True
            self._set_torque(False)

    def advance(self, dt: float) -> None:
        """Do what needs no haste: heat, clock, boot, protection, Bus Watchdog."""
        load = self.drive.motor.heat_up(dt) ** 0.5
        if self._is_powered:
            self._clock += dt
            self._booting -= dt
            self._protect(load, dt)

    # --- the firmware --------------------------------------------------------------------------------

    def _protect(self, load: float, dt: float) -> None:
        """Sections "Shutdown(63)" and "Bus Watchdog(98)"."""
        is_on = self.drive.is_on
        if is_on and self._watchdog.advance(dt):
            self._stop()
        found = self.protection.errors(load, self.drive.motor.temperature, self.voltage, is_on, dt)
        if self.model.error_bits(found) & ~self.registers.get(Role.HARDWARE_ERROR):
            self.fail(found)
        if is_on and self._watchdog.has_tripped:
            self._run_away()

    def _run_away(self) -> None:
        """A bug that users report (DynamixelSDK, issue 584): the goal forgets the offset, again and again."""
        offset = self.registers.get(Role.HOMING_OFFSET)
        if offset and mode_of(self.model, self.registers) is OperatingMode.EXTENDED_POSITION:
            self.drive.halt(ahead=-offset)

    def _boot(self) -> None:
        self.registers.reset_ram()
        self._shut_down = False
        self._clock = 0.0
        self._registered = None
        self.registers.reset_goals()
        self.drive.switch_off()
        self.drive.configure(self.registers)
        self.drive.wrap()
        self.registers[Role.GOAL_POSITION] = round(self.drive.position)

    def _switch_mode(self) -> None:
        """Section "Operating Mode(11)": its change resets gains, profile and goals, and whole turns.

        "according to the selected Operating Mode": by how much gains differ between modes is not published.
        """
        self.registers.reset_gains()
        self.registers.reset_goals()
        self.drive.configure(self.registers)
        if mode_of(self.model, self.registers) is OperatingMode.POSITION:
            self.drive.wrap()

    def _examine(self, address: int, data: bytes) -> tuple[Error, list[Change]]:
        error, changes = self.registers.changes(address, data, locked=self.drive.is_on)
        return (error, []) if error else (check_write(changes, self.model, self.registers), changes)

    def _react(self, role: Role | None, value: int) -> None:
        """What follows from a register that was just written."""
        if role is Role.REBOOT and value:
            self.reboot()
            return
        if role is Role.TORQUE_ENABLE:
            self._set_torque(bool(value))
            return
        if role is not Role.GOAL_POSITION:
            self.drive.configure(self.registers)
        if role is Role.DRIVE_MODE:
            self.drive.wrap()
        if role is Role.GOAL_POSITION and self.drive.is_on:
            self.drive.move(value)
        elif role in GOALS and self.registers.get(Role.DRIVE_MODE) & _TORQUE_ON_BY_GOAL:
            self._set_torque(True)

    def _set_torque(self, on: bool) -> None:
        on = on and not self._shut_down
        self.registers[Role.TORQUE_ENABLE] = int(on)
        self.protection.reset()
        self._watchdog.feed()
        if on and not self.drive.is_on:
            self.drive.switch_on(self.registers[Role.GOAL_POSITION])
        elif not on:
            self.drive.switch_off()

    def _stop(self) -> None:
        """Section "Bus Watchdog(98)": the motor stops, and the profile is reset.

        What the goals are then is not published; here those of a motor at rest, so that nothing moves when
        the watchdog is cleared. In current and PWM control that is a motor without torque.
        """
        self.registers.reset(PROFILE)
        if is_of_size_330(self.model):
            # A bug that ROBOTIS reproduced (forum.robotis.com/t/4814): the register says -1, the motor goes on.
            return
        goal = _STOPPED_BY.get(mode_of(self.model, self.registers))
        if goal:
            self.registers[goal] = 0
        else:
            self.registers[Role.GOAL_POSITION] = round(self.drive.position)
        self.drive.configure(self.registers)
        self.drive.halt()


def _lowest_voltage(model: ServoModel) -> float:
    """What a model bears [V]: the begin of the range of its limit, or what is usual where it has none."""
    if not model.has(Role.MIN_VOLTAGE_LIMIT):
        return _LOWEST * model.nominal_voltage
    limit = model[Role.MIN_VOLTAGE_LIMIT]
    return limit.to_si(limit.minimum)
