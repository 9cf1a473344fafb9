"""What a servo measures of itself, as its registers tell it."""

from __future__ import annotations

from armature.dynamixel.tables.control_table import ServoModel
from armature.emulator.servo.drive import Drive
from armature.emulator.servo.registers import RegisterFile

# The manual gives no figures for these two.
_IN_POSITION = 10  # [tick]
_FOLLOWING_ERROR = 200  # [tick]


class Measurements:
    """Writes the live registers of one servo when they are about to be read."""

    def __init__(self, model: ServoModel, registers: RegisterFile, drive: Drive) -> None:
        """Args: the servo's parts."""
        self._model = model
        self._registers = registers
        self._drive = drive

    def write(self, clock: float, voltage: float) -> None:
        """Bring the registers up to date, clock [s] after power-up, with a voltage [V] at the plug."""
        put, drive = self._registers.__setitem__, self._drive
        put("Realtime Tick", int(clock * 1e3) % 32_768)
        put("Moving", int(self.is_moving()))
        put("Moving Status", self._moving_status())
        put("Present PWM", round(drive.pwm))
        if self._model.current_unit is None:
            put("Present Load", round(1_000.0 * max(-1.0, min(1.0, drive.load))))
        else:
            put("Present Current", round(drive.load * drive.motor.stall_current / self._model.current_unit))
        put("Present Velocity", round(drive.speed / self._model.velocity_unit))
        put("Present Position", round(drive.position))
        put("Velocity Trajectory", round(drive.trajectory_velocity))
        put("Position Trajectory", round(drive.profile.position))
        put("Present Input Voltage", round(voltage * 10.0))
        put("Present Temperature", round(drive.motor.temperature))

    def is_moving(self) -> bool:
        """Section "Moving(122)"."""
        threshold = self._registers["Moving Threshold"] * self._model.velocity_unit
        ongoing = self._drive.follows_position and self._drive.profile.is_ongoing
        return ongoing or abs(self._drive.speed) > threshold

    def _moving_status(self) -> int:
        """Section "Moving Status(123)"."""
        if not self._drive.follows_position:
            return 0
        profile, position = self._drive.profile, self._drive.position
        status = int(profile.kind)
        status |= 0x08 if abs(profile.position - position) > _FOLLOWING_ERROR else 0
        status |= 0x02 if profile.is_ongoing else 0
        return status | (0x01 if abs(self._registers["Goal Position"] - position) <= _IN_POSITION else 0)
