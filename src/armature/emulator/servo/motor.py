"""The motor behind its gear: duty, voltage and speed in, current, torque and heat out."""

from __future__ import annotations

from armature.core.kinematics.drive_ratings import DriveRatings
from armature.dynamixel.tables.model import ServoModel
from armature.emulator.servo.heat import Heat

# "Specifications", "Standby Current": 17 mA to 52 mA, by model [A].
_STANDBY = 0.05
# Chosen, since no maker publishes it: what turns a servo that is switched off [share of the stall torque].
_GEARS = 0.035


def rotor_inertia(model: ServoModel) -> float:
    """Inertia of a model's rotor as the horn feels it through the gear [kg·m²]."""
    return DriveRatings(model.stall_torque, model.no_load_speed).rotor_inertia


def gear_friction(model: ServoModel) -> float:
    """Dry friction of a model's gear at its horn [N·m]."""
    return _GEARS * model.stall_torque


class Motor:
    """A permanent magnet motor: torque falls linearly from stall to no-load speed."""

    def __init__(self, model: ServoModel) -> None:
        """Build from the ratings, which hold at the nominal voltage."""
        self.stall_current = model.stall_current
        self.load = 0.0  # torque as a share of the stall torque, signed
        self.heat = Heat()
        self._duty = 0.0
        self._stall_torque = model.stall_torque
        self._per_speed = 1.0 / model.no_load_speed
        self._nominal = model.nominal_voltage
        self._squares = 0.0  # of the load, summed since heat_up()
        self._steps = 0
        self._conductance = 1.0  # of the winding, as a share of a cold one's
        self._voltage = 1.0  # as a share of the nominal

    def supply(self, voltage: float) -> None:
        """Set the voltage at the plug [V]; torque and speed go with it."""
        self._voltage = voltage / self._nominal

    @property
    def supply_current(self) -> float:
        """What it draws from the supply [A]; its bridge trades voltage for current."""
        return _STANDBY + max(0.0, self._duty * self.load) * self.stall_current

    @property
    def temperature(self) -> float:
        """What its sensor feels [°C]."""
        return self.heat.case

    def turn(self, duty: float, speed: float) -> float:
        """Torque [N·m] at a duty of -1 to 1 and a speed [rad/s]."""
        self._duty = duty
        self.load = load = (duty * self._voltage - speed * self._per_speed) * self._conductance
        self._squares += load * load
        self._steps += 1
        return load * self._stall_torque

    def coast(self) -> None:
        """Open the bridge: no current, no torque."""
        self.load = self._duty = 0.0

    def duty_for(self, current: float, speed: float) -> float:
        """Duty that drives a current [A] against the back-EMF at a speed [rad/s]."""
        drop = current / self.stall_current / self._conductance
        return (drop + speed * self._per_speed) / max(self._voltage, 1e-3)

    def heat_up(self, dt: float) -> float:
        """Let dt [s] of heat pass.

        Returns:
            The mean square of the load since the last call.
        """
        mean = self._squares / self._steps if self._steps else 0.0
        self._squares, self._steps = 0.0, 0
        self.heat.step(mean, dt)
        self._conductance = self.heat.conductance
        return mean
