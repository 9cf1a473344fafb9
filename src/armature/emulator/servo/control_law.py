"""The servo's control laws, in the firmware's own units."""

from __future__ import annotations

from dataclasses import dataclass

from armature.dynamixel.tables.model import ServoModel
from armature.dynamixel.tables.roles import Role
from armature.emulator.servo.registers import RegisterFile

# Gains that act on sums and differences count per control period of the firmware [s].
_PERIOD = 1e-3
# Of a servo that has no register for it: the XM430-W350's [PWM/tick].
_FIRM = 6.25


@dataclass(frozen=True)
class PositionGains:
    """The controller's gains: PWM for each tick."""

    p: float
    i: float
    d: float
    velocity: float
    acceleration: float

    @staticmethod
    def from_registers(registers: RegisterFile) -> PositionGains:
        """By their registers; those without one are 0, but for the first, without which nothing would hold."""
        return PositionGains(
            p=registers.measure(Role.POSITION_P_GAIN, _FIRM),
            i=registers.measure(Role.POSITION_I_GAIN),
            d=registers.measure(Role.POSITION_D_GAIN),
            velocity=registers.measure(Role.FEEDFORWARD_1ST_GAIN),
            acceleration=registers.measure(Role.FEEDFORWARD_2ND_GAIN),
        )


def factory_stiffness(model: ServoModel) -> float:
    """Torque of position control for being off the goal, as the factory delivers a model [N·m/rad]."""
    if model.has(Role.POSITION_P_GAIN):
        return model.stiffness(model.default(Role.POSITION_P_GAIN))
    return _FIRM / model.full_pwm * model.stall_torque / model.position_unit


class PositionControl:
    """PID with feed-forward; its output is a PWM value, or a current value in current-based position control."""

    def __init__(self) -> None:
        self.gains = PositionGains(0.0, 0.0, 0.0, 0.0, 0.0)
        self._sum = 0.0
        self._last = 0.0

    def reset(self) -> None:
        """Forget the sum and the last error."""
        self._sum = self._last = 0.0

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
        output = gains.p * error + gains.d * (error - self._last) * _PERIOD / dt + self._sum
        if velocity:
            output += (gains.velocity * velocity + gains.acceleration * acceleration * _PERIOD) * _PERIOD
        self._last = error
        if gains.i:
            output += self._integrate(gains.i * error * dt / _PERIOD, output, bound)
        return bound if output > bound else max(output, -bound)

    def _integrate(self, step: float, output: float, bound: float) -> float:
        """Grow the sum, but not while the output is beyond its bound and would go further (anti-windup)."""
        if abs(output) >= bound and output * step > 0.0:
            return 0.0
        self._sum += step
        return step


class VelocityControl:
    """PI control of the velocity."""

    def __init__(self) -> None:
        self.p = 0.0
        self.i = 0.0
        self._sum = 0.0

    def reset(self) -> None:
        """Forget the sum."""
        self._sum = 0.0

    def step(self, error: float, bound: float, dt: float) -> float:
        """PWM value within ±bound for an error in units of the velocity register."""
        output = self.p * error + self._sum
        step = self.i * error * dt / _PERIOD
        if abs(output) < bound or output * step < 0.0:
            self._sum += step
            output += step
        return min(bound, max(-bound, output))
