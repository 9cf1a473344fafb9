"""What a servo measures, as its registers hold it."""

from __future__ import annotations

from collections.abc import Callable

from armature.dynamixel.tables.model import ServoModel
from armature.dynamixel.tables.roles import Role
from armature.emulator.servo.drive import Drive
from armature.emulator.servo.registers import RegisterFile

# The manual gives no figures for these two.
_IN_POSITION = 10  # [tick]
_FOLLOWING_ERROR = 200  # [tick]
_STANDING = 0.24  # of a servo without a register for it: 10 units of an XM430-W350 [rad/s]
_Measured = tuple[Role, float, int, int, Callable[[], float]]  # role, unit, bounds of the raw value, measurement


class Measurements:
    """Writes the live registers of one servo when they are about to be read."""

    def __init__(self, model: ServoModel, registers: RegisterFile, drive: Drive) -> None:
        """Args: the servo's parts."""
        self._model = model
        self._registers = registers
        self._drive = drive
        self._voltage = 0.0  # at the plug [V]
        self._measured = {role: measure for role, measure in self._measures().items() if model.has(role)}
        self._measured_in: dict[
            range, list[_Measured]
        ] = {}  # cached: hosts read the same addresses again and again

    def _measures(self) -> dict[Role, Callable[[], float]]:
        """What is measured, in the unit of each role."""
        drive, unit = self._drive, self._model.position_unit
        return {
            Role.MOVING: self.is_moving,
            Role.MOVING_STATUS: self._moving_status,
            Role.PRESENT_PWM: lambda: drive.pwm,
            Role.PRESENT_LOAD: lambda: 100.0 * max(-1.0, min(1.0, drive.load)),
            Role.PRESENT_CURRENT: lambda: drive.load * drive.motor.stall_current,
            Role.PRESENT_VELOCITY: lambda: drive.speed,
            Role.PRESENT_POSITION: lambda: drive.position * unit,
            Role.VELOCITY_TRAJECTORY: lambda: drive.profile.velocity * unit,
            Role.POSITION_TRAJECTORY: lambda: drive.profile.position * unit,
            Role.PRESENT_VOLTAGE: lambda: self._voltage,
            Role.PRESENT_TEMPERATURE: lambda: drive.motor.temperature,
        }

    def update(self, clock: float, voltage: float, addresses: range) -> None:
        """Bring registers up to date.

        Args:
            clock: since power-up [s].
            voltage: at the plug [V].
            addresses: that are about to be read; measuring the others would cost as much as a step of the drive.
        """
        self._voltage, registers = voltage, self._registers
        if addresses not in self._measured_in:
            self._measured_in[addresses] = self._find(addresses)
        for role, scale, least, greatest, measure in self._measured_in[addresses]:
            value = round(measure() / scale)
            registers[role] = least if value < least else min(value, greatest)
        if self._model.has(Role.REALTIME_TICK):
            tick = self._model[Role.REALTIME_TICK]
            registers[Role.REALTIME_TICK] = int(clock / tick.scale) % (tick.maximum + 1)

    def _find(self, addresses: range) -> list[_Measured]:
        """What is measured within some addresses."""
        registers = ((role, self._model[role], measure) for role, measure in self._measured.items())
        return [
            (role, register.scale, *register.bounds, measure)
            for role, register, measure in registers
            if register.address < addresses.stop and addresses.start < register.end
        ]

    def is_moving(self) -> bool:
        """Section "Moving(122)"."""
        threshold = self._registers.measure(Role.MOVING_THRESHOLD, _STANDING)
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
        return status | (0x01 if abs(self._registers[Role.GOAL_POSITION] - position) <= _IN_POSITION else 0)
