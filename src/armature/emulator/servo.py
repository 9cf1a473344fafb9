"""One servo: what its firmware does with instructions, registers and the motor."""

from __future__ import annotations

import math
from enum import IntEnum

from armature.dynamixel.control_table import Register, ServoModel
from armature.emulator.motor import FULL_PWM, Motor, PositionController, PositionGains, VelocityController
from armature.emulator.packet import Error
from armature.emulator.profile import Profile
from armature.emulator.registers import Change, RegisterFile


class Mode(IntEnum):
    """Section "Operating Mode(11)"."""

    CURRENT = 0
    VELOCITY = 1
    POSITION = 3
    EXTENDED_POSITION = 4
    CURRENT_BASED_POSITION = 5
    PWM = 16


class HardwareError(IntEnum):
    """Bits of Hardware Error Status(70) and Shutdown(63)."""

    INPUT_VOLTAGE = 0x01
    OVERHEATING = 0x04
    MOTOR_ENCODER = 0x08
    ELECTRICAL_SHOCK = 0x10
    OVERLOAD = 0x20


class FactoryReset(IntEnum):
    """Protocol 2.0, "Factory Reset"."""

    ALL = 0xFF
    KEEP_ID = 0x01
    KEEP_ID_AND_BAUD_RATE = 0x02


FIRMWARE_VERSION = 48
BOOT_TIME = 0.3  # [s] without answers after a reboot
_GOALS = ("Goal PWM", "Goal Current", "Goal Velocity", "Goal Position")
_POSITION_MODES = (Mode.POSITION, Mode.EXTENDED_POSITION, Mode.CURRENT_BASED_POSITION)
# Protocol 2.0, "Clear": position option and its fixed values.
_CLEAR_POSITION = bytes([0x01, 0x44, 0x58, 0x4C, 0x22])
# Section "Homing Offset(20)": position control ignores larger ones.
_POSITION_MODE_HOMING = 1_024
_WATCHDOG_UNIT = 20e-3  # [s], section "Bus Watchdog(98)"
_WATCHDOG_TRIPPED = -1
_ACCELERATION_UNIT = 214.577 / 3_600.0  # [rev/s²], section "Profile Acceleration(108)"
# The manual gives no figures for these four.
_IN_POSITION = 10  # [tick]
_FOLLOWING_ERROR = 200  # [tick]
_OVERLOAD = 0.8  # share of the stall torque
_OVERLOAD_TIME = 1.5  # [s]


class Servo:
    """One servo on the bus; its horn is turned by a plant that calls step()."""

    def __init__(self, model: ServoModel, servo_id: int, supply: float | None = None) -> None:
        """Switch a servo on.

        Args:
            model: what it is.
            servo_id: its id.
            supply: voltage at its plug [V]; the model's nominal voltage if None.
        """
        self.model = model
        self.registers = RegisterFile(model)
        self.registers["ID"] = servo_id
        self.registers["Firmware Version"] = FIRMWARE_VERSION
        self.supply = model.nominal_voltage if supply is None else supply
        self.motor = Motor(model, self.supply)
        self.profile = Profile()
        self._position_control = PositionController()
        self._velocity_control = VelocityController()
        self._ticks_per_rad = 1.0 / model.position_unit
        self._velocity_tick = model.velocity_unit / model.position_unit  # [tick/s] of one unit
        self._angle = 0.0  # of the horn [rad]
        self._speed = 0.0  # [rad/s]
        self._turns = 0  # [tick] taken off the angle at power-up
        self._clock = 0.0  # [s] since power-up
        self._booting = 0.0  # [s] left
        self._silence = 0.0  # [s] since the last instruction
        self._overloaded = 0.0  # [s]
        self._present_pwm = 0.0
        self._pending: bytes | None = None
        self._pending_address = 0
        self._boot()

    # --- what the bus asks ---------------------------------------------------------------------------

    @property
    def servo_id(self) -> int:
        """ID(7)."""
        return self.registers["ID"]

    @property
    def is_awake(self) -> bool:
        """Whether it listens, and is not starting."""
        return self._booting <= 0.0

    @property
    def has_alert(self) -> bool:
        """Whether the alert bit of its status packets is set."""
        return self.registers["Hardware Error Status"] != 0

    @property
    def is_torque_on(self) -> bool:
        """Torque Enable(64)."""
        return self._torque_on

    def answers(self, level: int) -> bool:
        """Whether Status Return Level(68) lets it answer: 0 ping, 1 reading, 2 everything else."""
        return self.registers["Status Return Level"] >= level

    def hear(self) -> None:
        """An instruction was on the bus: feeds the Bus Watchdog."""
        self._silence = 0.0

    def read(self, address: int, length: int) -> tuple[Error, bytes]:
        """Read bytes."""
        self._refresh()
        return self.registers.read(address, length)

    def write(self, address: int, data: bytes) -> Error:
        """Write bytes, or refuse them whole."""
        error, changes = self.registers.changes(address, data, locked=self._torque_on)
        error = error or self._refusal(changes)
        if error is Error.NONE:
            self.registers.store(changes)
            for register, value in changes:
                self._react(register.name, value)
        return error

    def reg_write(self, address: int, data: bytes) -> Error:
        """Keep a write for action()."""
        error, changes = self.registers.changes(address, data, locked=self._torque_on)
        error = error or self._refusal(changes)
        if error is Error.NONE:
            self._pending, self._pending_address = data, address
            self.registers["Registered Instruction"] = 1
        return error

    def action(self) -> Error:
        """Carry out the write that was kept; Protocol 2.0, "Error": instruction error if there is none."""
        if self._pending is None:
            return Error.INSTRUCTION
        data, self._pending = self._pending, None
        self.registers["Registered Instruction"] = 0
        return self.write(self._pending_address, data)

    def clear(self, parameters: bytes) -> Error:
        """Bring the position back into one turn; Protocol 2.0, "Clear": result fail while it moves."""
        if parameters != _CLEAR_POSITION:
            return Error.DATA_RANGE
        if self._is_moving():
            return Error.RESULT_FAIL
        self._wrap()
        if self._torque_on:
            self.registers["Goal Position"] = self._ticks()
            self._engage(self._position())
        return Error.NONE

    def reboot(self) -> None:
        """Start anew: torque off, RAM back to its defaults, no answers for a while."""
        self._booting = BOOT_TIME
        self._boot()

    def factory_reset(self, option: int) -> Error:
        """Return the EEPROM to the factory's values and start anew."""
        if option not in tuple(FactoryReset):
            return Error.DATA_RANGE
        kept = {FactoryReset.KEEP_ID: ["ID"], FactoryReset.KEEP_ID_AND_BAUD_RATE: ["ID", "Baud Rate"]}
        self.registers.reset_eeprom(kept.get(FactoryReset(option), []))
        self.reboot()
        return Error.NONE

    def fail(self, error: HardwareError) -> None:
        """Note a hardware error; one that Shutdown(63) selects turns torque off until a reboot."""
        self.registers["Hardware Error Status"] |= error
        if self.registers["Shutdown"] & error:
            self._shut_down = True
            self._set_torque(False)

    # --- what the plant asks -------------------------------------------------------------------------

    def place(self, angle: float) -> None:
        """Put the horn at an angle [rad] before power comes on."""
        self._angle = angle
        self._boot()

    def step(self, angle: float, speed: float, dt: float) -> float:
        """Torque of the horn [N·m] for the next dt [s], at an angle [rad] and speed [rad/s]."""
        self._angle, self._speed = angle, speed
        self._clock += dt
        self._booting -= dt
        if not self._torque_on:
            self._present_pwm = 0.0
            self.motor.coast()
            self.motor.warm(dt)
            return 0.0
        self._watch_bus(dt)
        self._present_pwm = self._pwm(self._sign * speed, dt)
        torque = self.motor.turn(self._sign * self._present_pwm / FULL_PWM, speed)
        self.motor.warm(dt)
        self._protect(dt)
        return torque if self._torque_on else 0.0

    # --- the firmware --------------------------------------------------------------------------------

    def _boot(self) -> None:
        self.registers.reset_ram()
        self._shut_down = False
        self._clock = self._silence = self._overloaded = 0.0
        self._pending = None
        self._sign = -1 if self.registers["Drive Mode"] & 1 else 1
        self._torque_on = False
        self._reset_goals()
        self._configure()
        self._wrap()
        self.registers["Goal Position"] = self._ticks()
        self.profile.hold(self._position())

    def _wrap(self) -> None:
        """Bring the position back into one turn: section "Operating Mode(11)", note on Present Position(132)."""
        raw = math.floor(self._sign * self._angle * self._ticks_per_rad)
        self._turns = raw // self.model.resolution * self.model.resolution

    def _reset_goals(self) -> None:
        """Section "Operating Mode(11)": switching it resets the profile and the goals."""
        self.registers.reset(["Profile Velocity", "Profile Acceleration"])
        self.registers["Goal PWM"] = self.registers["PWM Limit"]
        if "Goal Current" in self.registers:
            self.registers["Goal Current"] = self.registers["Current Limit"]
        self.registers["Goal Velocity"] = 0

    def _configure(self) -> None:
        """Take the registers that every step needs into plain attributes."""
        get = self.registers.__getitem__
        self._mode = get("Operating Mode")
        self._homing = self._homing_offset()
        self._goal_pwm = get("Goal PWM")
        self._goal_current = get("Goal Current") if "Goal Current" in self.registers else 0
        self._goal_velocity = get("Goal Velocity")
        self._profile_acceleration = get("Profile Acceleration")
        self._watchdog = get("Bus Watchdog")
        self._temperature_limit = get("Temperature Limit")
        self._position_control.gains = PositionGains.from_registers(
            get("Position P Gain"),
            get("Position I Gain"),
            get("Position D Gain"),
            get("Feedforward 1st Gain"),
            get("Feedforward 2nd Gain"),
        )
        self._velocity_control.p = get("Velocity P Gain") / 128.0
        self._velocity_control.i = get("Velocity I Gain") / 65_536.0

    def _homing_offset(self) -> int:
        offset = self.registers["Homing Offset"]
        ignored = self._mode == Mode.POSITION and abs(offset) > _POSITION_MODE_HOMING
        return 0 if ignored else offset

    def _position(self) -> float:
        """Present Position as the firmware sees it, unrounded [tick]."""
        return self._sign * self._angle * self._ticks_per_rad - self._turns + self._homing

    def _ticks(self) -> int:
        return round(self._position())

    def _refusal(self, changes: list[Change]) -> Error:
        """Rules between registers: modes that the model has, limits, and goals locked by the Bus Watchdog."""
        for register, value in changes:
            if register.name == "Operating Mode" and value not in self._modes():
                return Error.DATA_RANGE
            if register.name in _GOALS and self.registers["Bus Watchdog"] == _WATCHDOG_TRIPPED:
                return Error.DATA_RANGE
            if not self._within_limits(register, value):
                return Error.DATA_LIMIT
        return Error.NONE

    def _modes(self) -> tuple[Mode, ...]:
        needs_current = (Mode.CURRENT, Mode.CURRENT_BASED_POSITION)
        has_current = "Goal Current" in self.registers
        return tuple(mode for mode in Mode if has_current or mode not in needs_current)

    def _within_limits(self, register: Register, value: int) -> bool:
        if register.name == "Goal Position":
            lowest, highest = self.registers["Min Position Limit"], self.registers["Max Position Limit"]
            return self._mode != Mode.POSITION or lowest <= value <= highest
        if register.name in _GOALS:
            return abs(value) <= self.registers[register.name.replace("Goal ", "") + " Limit"]
        return True

    def _react(self, name: str, value: int) -> None:
        """What follows from a register that was just written."""
        if name == "Torque Enable":
            self._set_torque(bool(value))
            return
        if name == "Operating Mode":
            self._reset_goals()
        if name == "Drive Mode":
            self._sign = -1 if value & 1 else 1
        self._configure()
        if name in ("Operating Mode", "Drive Mode") and self._mode == Mode.POSITION:
            self._wrap()
        if name == "Goal Position" and self._torque_on:
            self._move(value)
        elif name in _GOALS and self.registers["Drive Mode"] & 8:
            self._set_torque(True)

    def _set_torque(self, on: bool) -> None:
        self._torque_on = on and not self._shut_down
        self.registers["Torque Enable"] = int(self._torque_on)
        self._silence = self._overloaded = 0.0
        if self._torque_on:
            if self._mode == Mode.POSITION:
                self._wrap()
            self._engage(self.registers["Goal Position"])

    def _engage(self, goal: float) -> None:
        """Begin to control: the set-point starts where the horn is."""
        self._position_control.reset()
        self._velocity_control.reset()
        self.profile.hold(self._position())
        self._move(goal)

    def _move(self, goal: float) -> None:
        velocity, acceleration = self.registers["Profile Velocity"], self._profile_acceleration
        # Section "Drive Mode(10)": bit 2 selects the time-based profile.
        if self.registers["Drive Mode"] & 4 and velocity:
            self.profile.move_within(goal, velocity * 1e-3, acceleration * 1e-3)
        else:
            self.profile.move(goal, velocity * self._velocity_tick, acceleration * self._acceleration_tick)

    @property
    def _acceleration_tick(self) -> float:
        return _ACCELERATION_UNIT * self.model.resolution

    def _pwm(self, speed: float, dt: float) -> float:
        """PWM value of the control law in force, in the direction of increasing position."""
        bound = float(abs(self._goal_pwm))
        if self._mode in (Mode.POSITION, Mode.EXTENDED_POSITION):
            return self._track(bound, dt)
        if self._mode == Mode.PWM:
            return float(self._goal_pwm)
        if self._mode == Mode.VELOCITY:
            acceleration = self._profile_acceleration * self._acceleration_tick
            self.profile.follow_velocity(self._goal_velocity * self._velocity_tick, acceleration, dt)
            error = (self.profile.velocity - speed * self._ticks_per_rad) / self._velocity_tick
            return self._velocity_control.step(error, bound, dt)
        current = float(self._goal_current)
        if self._mode == Mode.CURRENT_BASED_POSITION:
            current = self._track(abs(current), dt)
        duty = self.motor.duty_for(current * (self.model.current_unit or 0.0), speed)
        return min(bound, max(-bound, duty * FULL_PWM))

    def _track(self, bound: float, dt: float) -> float:
        profile = self.profile
        profile.step(dt)
        error = profile.position - self._position()
        return self._position_control.step(error, profile.velocity, profile.acceleration, bound, dt)

    def _watch_bus(self, dt: float) -> None:
        """Section "Bus Watchdog(98)": silence stops the motor, and locks the goals until 0 is written."""
        self._silence += dt
        if self._watchdog > 0 and self._silence > self._watchdog * _WATCHDOG_UNIT:
            self.registers["Bus Watchdog"] = _WATCHDOG_TRIPPED
            self._goal_velocity = 0
            self._watchdog = 0
            self._stop()

    def _stop(self) -> None:
        if self._mode in _POSITION_MODES:
            self.profile.hold(self._position())
            self._position_control.reset()
        elif self._mode == Mode.VELOCITY:
            self.profile.velocity = 0.0
        else:
            self._goal_pwm = self._goal_current = 0

    def _protect(self, dt: float) -> None:
        """Section "Shutdown(63)": overload, heat and supply voltage."""
        self._overloaded = self._overloaded + dt if abs(self.motor.load) > _OVERLOAD else 0.0
        if self._overloaded > _OVERLOAD_TIME:
            self.fail(HardwareError.OVERLOAD)
        if self.motor.temperature > self._temperature_limit:
            self.fail(HardwareError.OVERHEATING)

    def _is_moving(self) -> bool:
        threshold = self.registers["Moving Threshold"] * self.model.velocity_unit
        ongoing = self._torque_on and self._mode in _POSITION_MODES and self.profile.is_ongoing
        return ongoing or abs(self._speed) > threshold

    def _moving_status(self) -> int:
        """Section "Moving Status(123)"."""
        if self._mode not in _POSITION_MODES or not self._torque_on:
            return 0
        position = self._position()
        status = int(self.profile.kind)
        status |= 0x08 if abs(self.profile.position - position) > _FOLLOWING_ERROR else 0
        status |= 0x02 if self.profile.is_ongoing else 0
        return status | (0x01 if abs(self.registers["Goal Position"] - position) <= _IN_POSITION else 0)

    def _refresh(self) -> None:
        """Write what is measured into its registers."""
        put = self.registers.__setitem__
        put("Realtime Tick", int(self._clock * 1e3) % 32_768)
        put("Moving", int(self._is_moving()))
        put("Moving Status", self._moving_status())
        put("Present Position", self._ticks())
        put("Present Velocity", round(self._sign * self._speed / self.model.velocity_unit))
        put("Present Input Voltage", round(self.supply * 10.0))
        put("Present Temperature", round(self.motor.temperature))
        put("Velocity Trajectory", round(self.profile.velocity / self._velocity_tick))
        put("Position Trajectory", round(self.profile.position))
        if self.model.current_unit is None:
            put("Present Load", round(1_000.0 * self._sign * max(-1.0, min(1.0, self.motor.load))))
        else:
            put("Present Current", round(self._sign * self.motor.current / self.model.current_unit))
        put("Present PWM", round(self._present_pwm))
