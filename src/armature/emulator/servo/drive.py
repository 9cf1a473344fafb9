"""The part of a servo that turns: motor, trajectory generator and control law, a thousand times a second."""

from __future__ import annotations

import math
from collections.abc import Callable

from armature.dynamixel.tables.model import ServoModel
from armature.dynamixel.tables.roles import OperatingMode, Role
from armature.emulator.servo.control_law import PositionControl, PositionGains, VelocityControl
from armature.emulator.servo.motor import Motor
from armature.emulator.servo.profile import Profile
from armature.emulator.servo.registers import RegisterFile
from armature.emulator.servo.rules import mode_of

POSITION_MODES = (OperatingMode.POSITION, OperatingMode.EXTENDED_POSITION, OperatingMode.CURRENT_BASED_POSITION)
_TIME_BASED = 0x04  # section "Drive Mode(10)"


class Drive:
    """Motor and control of one servo; positions in it are ticks as its registers count them."""

    def __init__(self, model: ServoModel) -> None:
        """Build for a model, torque off."""
        self.motor = Motor(model)
        self.profile = Profile()
        self.is_on = False
        self.pwm = 0.0  # present PWM value, in the direction of increasing position
        self.slip = 0.0  # of the horn on its shaft, more than the joint turned [rad]
        self._model = model
        self._angle = 0.0  # of the horn [rad]
        self._speed = 0.0  # [rad/s]
        self._ticks_per_rad = 1.0 / model.position_unit
        self._velocity_tick = model.velocity_unit / model.position_unit  # [tick/s] of one unit
        self._full_pwm = model.full_pwm
        self._current_unit = model.current_unit or 1.0  # [A]
        self._position_control = PositionControl()
        self._velocity_control = VelocityControl()
        self._turns = 0  # [tick] of whole turns taken off
        self._homing = 0  # [tick]
        self._sign = 1
        self._mode = OperatingMode.POSITION
        self._laws: dict[OperatingMode, Callable[[float], float]] = {
            OperatingMode.CURRENT: self._hold_current,
            OperatingMode.VELOCITY: self._follow_velocity,
            OperatingMode.POSITION: self._follow_position,
            OperatingMode.EXTENDED_POSITION: self._follow_position,
            OperatingMode.CURRENT_BASED_POSITION: self._follow_position_by_current,
            OperatingMode.PWM: self._hold_pwm,
        }
        self._law: Callable[[float], float] = self._follow_position

    # --- state ---------------------------------------------------------------------------------------

    @property
    def position(self) -> float:
        """Where the horn is, unrounded [tick]."""
        return self._sign * self._angle * self._ticks_per_rad - self._turns + self._homing

    @property
    def speed(self) -> float:
        """Of the horn, in the direction of increasing position [rad/s]."""
        return self._sign * self._speed

    @property
    def load(self) -> float:
        """Torque as a share of the stall torque, in the direction of increasing position."""
        return self._sign * self.motor.load

    @property
    def follows_position(self) -> bool:
        """Whether it is on and controls a position."""
        return self.is_on and self._mode in POSITION_MODES

    # --- what the firmware commands ------------------------------------------------------------------

    def configure(self, registers: RegisterFile) -> None:
        """Take over what the registers say."""
        model = self._model
        self._mode = mode_of(model, registers)
        self._law = self._laws[self._mode]
        drive_mode = registers.get(Role.DRIVE_MODE)
        self._sign = -1 if drive_mode & model.reverse else 1
        self._is_time_based = bool(drive_mode & _TIME_BASED)
        homing, largest = registers.get(Role.HOMING_OFFSET), model.largest_homing
        ignored = self._mode == OperatingMode.POSITION and largest is not None and abs(homing) > largest
        self._homing = 0 if ignored else homing
        self._goal_pwm = float(registers.get(Role.GOAL_PWM, round(model.full_pwm)))
        self._largest_pwm = abs(self._goal_pwm)
        self._goal_current = registers.measure(Role.GOAL_CURRENT)  # [A]
        self._goal_velocity = registers.measure(Role.GOAL_VELOCITY) * self._ticks_per_rad
        self._profile_time = (
            registers.get(Role.PROFILE_VELOCITY) * 1e-3,
            registers.get(Role.PROFILE_ACCELERATION) * 1e-3,
        )
        self._profile_velocity = registers.measure(Role.PROFILE_VELOCITY) * self._ticks_per_rad
        self._profile_acceleration = registers.measure(Role.PROFILE_ACCELERATION) * self._ticks_per_rad
        self._position_control.gains = PositionGains.from_registers(registers)
        self._velocity_control.p = registers.measure(Role.VELOCITY_P_GAIN)
        self._velocity_control.i = registers.measure(Role.VELOCITY_I_GAIN)

    def place(self, angle: float) -> None:
        """Put the horn at an angle [rad], as a hand would before power comes on."""
        self._angle, self._speed = angle, 0.0

    def wrap(self) -> None:
        """Bring the position back into one turn, but for the homing offset."""
        raw = math.floor(self._sign * self._angle * self._ticks_per_rad)
        self._turns = raw // self._model.resolution * self._model.resolution
        self.profile.hold(self.position)

    def switch_on(self, goal: float) -> None:
        """Begin to control; the set-point starts where the horn is and moves to the goal [tick]."""
        if self._mode == OperatingMode.POSITION:
            self.wrap()
        self.is_on = True
        self._position_control.reset()
        self._velocity_control.reset()
        self.profile.hold(self.position)
        self.move(goal)

    def switch_off(self) -> None:
        """Let the horn run free."""
        self.is_on = False
        self.pwm = 0.0
        self.motor.coast()

    def move(self, goal: float) -> None:
        """Begin a new profile to a goal [tick]."""
        if self._is_time_based and self._profile_velocity:
            self.profile.move_within(goal, *self._profile_time)
        else:
            self.profile.move(goal, self._profile_velocity, self._profile_acceleration)

    def halt(self, ahead: float = 0.0) -> None:
        """Let the set-point rest where the horn is, or some ticks ahead of it."""
        self.profile.hold(self.position + ahead)

    # --- what the plant asks -------------------------------------------------------------------------

    def step(self, angle: float, speed: float, dt: float) -> float:
        """Torque of the horn [N·m] for the next dt [s], at an angle [rad] and speed [rad/s]."""
        self._angle = angle + self.slip
        self._speed = speed
        if not self.is_on:
            return 0.0
        self.pwm = self._law(dt)
        return self.motor.turn(self._sign * self.pwm / self._full_pwm, speed)

    # --- control laws: PWM value in the direction of increasing position --------------------------------

    def _follow_position(self, dt: float) -> float:
        return self._track(self._largest_pwm, dt)

    def _follow_position_by_current(self, dt: float) -> float:
        unit = self._current_unit
        return self._drive_current(self._track(abs(self._goal_current) / unit, dt) * unit)

    def _hold_current(self, dt: float) -> float:
        return self._drive_current(self._goal_current)

    def _hold_pwm(self, dt: float) -> float:
        return self._goal_pwm

    def _follow_velocity(self, dt: float) -> float:
        self.profile.follow_velocity(self._goal_velocity, self._profile_acceleration, dt)
        error = self.profile.velocity - self.speed * self._ticks_per_rad
        return self._velocity_control.step(error / self._velocity_tick, self._largest_pwm, dt)

    def _track(self, bound: float, dt: float) -> float:
        profile = self.profile
        if profile.is_ongoing:
            profile.step(dt)
        error = profile.position - (self._sign * self._angle * self._ticks_per_rad - self._turns + self._homing)
        return self._position_control.step(error, profile.velocity, profile.acceleration, bound, dt)

    def _drive_current(self, current: float) -> float:
        duty = self.motor.duty_for(current, self.speed)
        bound = self._largest_pwm
        return min(bound, max(-bound, duty * self._full_pwm))
