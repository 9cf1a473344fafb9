"""The motor behind its gear: voltage and speed in, current and torque out, and the servo's control laws."""

from __future__ import annotations

from dataclasses import dataclass

from armature.dynamixel.control_table import ServoModel

# Section "PWM Limit(36)": 885 is a duty of 100 %.
FULL_PWM = 885.0
# The firmware's control period; gains that act on sums and differences count per period.
_PERIOD = 1e-3  # [s]
# Mechanical time constant of such motors, typically 5 ms to 20 ms. It gives the inertia of the rotor:
# time constant = inertia · no-load speed / stall torque.
_MECHANICAL_TIME = 12e-3  # [s]
# A servo at 40 % of its stall current for long reaches about 55 K above the room, where it protects itself.
_RISE_AT_STALL = 340.0  # [K]
_THERMAL_TIME = 300.0  # [s]
_ROOM = 25.0  # [°C]


class Motor:
    """A permanent magnet motor: torque falls linearly from stall to no-load speed."""

    def __init__(self, model: ServoModel, supply: float) -> None:
        """Build from the ratings; the supply voltage [V] scales them."""
        self._stall_torque = model.stall_torque
        self._stall_current = model.stall_current
        self._no_load_speed = model.no_load_speed
        self._voltage = supply / model.nominal_voltage
        self.armature = _MECHANICAL_TIME * model.stall_torque / model.no_load_speed  # [kg·m²] at the horn
        self.load = 0.0  # torque as a share of the stall torque, signed
        self.temperature = _ROOM  # [°C]

    @property
    def current(self) -> float:
        """Present current [A], signed."""
        return self.load * self._stall_current

    def turn(self, duty: float, speed: float) -> float:
        """Torque [N·m] at a duty of -1 to 1 and a speed [rad/s]."""
        self.load = duty * self._voltage - speed / self._no_load_speed
        return self.load * self._stall_torque

    def coast(self) -> None:
        """Open the bridge: no current, no torque."""
        self.load = 0.0

    def duty_for(self, current: float, speed: float) -> float:
        """Duty that drives a current [A] against the back-EMF at a speed [rad/s]."""
        return (current / self._stall_current + speed / self._no_load_speed) / self._voltage

    def warm(self, dt: float) -> None:
        """Advance the temperature by dt [s]: heat goes with the square of the current."""
        target = _ROOM + _RISE_AT_STALL * self.load * self.load
        self.temperature += (target - self.temperature) * dt / _THERMAL_TIME


@dataclass(frozen=True)
class PositionGains:
    """Section "Position PID Gain(80, 82, 84), Feedforward 1st/2nd Gains(88, 90)": register values, converted."""

    p: float
    i: float
    d: float
    velocity: float
    acceleration: float

    @staticmethod
    def from_registers(p: int, i: int, d: int, first: int, second: int) -> PositionGains:
        """KPP = P/128, KPI = I/65536, KPD = D/16, KFF1st and KFF2nd = value/4."""
        return PositionGains(p / 128.0, i / 65_536.0, d / 16.0, first / 4.0, second / 4.0)


class PositionController:
    """PID with feed-forward; its output is a PWM value, or a current value in current-based position control."""

    def __init__(self) -> None:
        self.gains = PositionGains(0.0, 0.0, 0.0, 0.0, 0.0)
        self._sum = 0.0
        self._last = 0.0

    def reset(self, error: float = 0.0) -> None:
        """Forget the sum and begin with an error [tick]."""
        self._sum = 0.0
        self._last = error

    def step(self, error: float, velocity: float, acceleration: float, bound: float, dt: float) -> float:
        """Output within ±bound.

        Args:
            error: set-point minus position [tick].
            velocity: of the set-point [tick/s].
            acceleration: of the set-point [tick/s²].
            bound: limit of the output.
            dt: time since the last step [s].
        """
        gains = self.gains
        scale = _PERIOD / dt
        output = gains.p * error + gains.d * (error - self._last) * scale
        output += gains.velocity * velocity * _PERIOD + gains.acceleration * acceleration * _PERIOD * _PERIOD
        self._last = error
        step = gains.i * error / scale
        total = output + self._sum + step
        # Anti-windup: the sum grows only while the output is within its bound, or back towards it.
        if abs(total) <= bound or total * step < 0.0:
            self._sum += step
        return min(bound, max(-bound, output + self._sum))


class VelocityController:
    """PI control of the velocity: section "Velocity PI Gain(76, 78)"."""

    def __init__(self) -> None:
        self.p = 0.0  # KVP = P/128
        self.i = 0.0  # KVI = I/65536
        self._sum = 0.0

    def reset(self) -> None:
        """Forget the sum."""
        self._sum = 0.0

    def step(self, error: float, bound: float, dt: float) -> float:
        """PWM value within ±bound for an error in units of the velocity register."""
        step = self.i * error * dt / _PERIOD
        total = self.p * error + self._sum + step
        if abs(total) <= bound or total * step < 0.0:
            self._sum += step
        return min(bound, max(-bound, self.p * error + self._sum))
