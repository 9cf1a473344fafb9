"""The servo's control laws, in the firmware's own units."""

from __future__ import annotations

from dataclasses import dataclass

from armature.emulator.servo.registers import RegisterFile

# Gains that act on sums and differences count per control period of the firmware [s].
_PERIOD = 1e-3


@dataclass(frozen=True)
class PositionGains:
    """Sections "Position PID Gain(80, 82, 84)" and "Feedforward 1st/2nd Gains(88, 90)": the controller's gains."""

    p: float
    i: float
    d: float
    velocity: float
    acceleration: float

    @staticmethod
    def from_registers(registers: RegisterFile) -> PositionGains:
        """KPP = P/128, KPI = I/65536, KPD = D/16, KFF1st and KFF2nd = value/4."""
        return PositionGains(
            p=registers["Position P Gain"] / 128.0,
            i=registers["Position I Gain"] / 65_536.0,
            d=registers["Position D Gain"] / 16.0,
            velocity=registers["Feedforward 1st Gain"] / 4.0,
            acceleration=registers["Feedforward 2nd Gain"] / 4.0,
        )


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
        output = self.p * error + self._sum
        step = self.i * error * dt / _PERIOD
        if abs(output) < bound or output * step < 0.0:
            self._sum += step
            output += step
        return min(bound, max(-bound, output))
