"""The motor behind its gear: duty and speed in, current, torque and heat out."""

from __future__ import annotations

from armature.dynamixel.control_table import ServoModel

# Section "PWM Limit(36)": 885 is a duty of 100 %.
FULL_PWM = 885.0
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
        self.stall_current = model.stall_current
        self.armature = _MECHANICAL_TIME * model.stall_torque / model.no_load_speed  # [kg·m²] at the horn
        self.load = 0.0  # torque as a share of the stall torque, signed
        self.temperature = _ROOM  # [°C]
        self._stall_torque = model.stall_torque
        self._per_speed = 1.0 / model.no_load_speed
        self._voltage = supply / model.nominal_voltage
        self._squares = 0.0  # of the load, summed since warm()
        self._steps = 0

    def turn(self, duty: float, speed: float) -> float:
        """Torque [N·m] at a duty of -1 to 1 and a speed [rad/s]."""
        self.load = load = duty * self._voltage - speed * self._per_speed
        self._squares += load * load
        self._steps += 1
        return load * self._stall_torque

    def coast(self) -> None:
        """Open the bridge: no current, no torque."""
        self.load = 0.0

    def duty_for(self, current: float, speed: float) -> float:
        """Duty that drives a current [A] against the back-EMF at a speed [rad/s]."""
        return (current / self.stall_current + speed * self._per_speed) / self._voltage

    def warm(self, dt: float) -> float:
        """Advance the temperature by dt [s]: heat goes with the square of the current.

        Returns:
            The mean square of the load since the last call.
        """
        mean = self._squares / self._steps if self._steps else 0.0
        self._squares, self._steps = 0.0, 0
        self.temperature += (_ROOM + _RISE_AT_STALL * mean - self.temperature) * dt / _THERMAL_TIME
        return mean
