"""Readings of the servos that a hand moves; each goes to the 3D view too, also while a question is open."""

from __future__ import annotations

from collections.abc import Sequence

from armature.cli import terminal
from armature.cli.servos.calibration.live_view import Show, Step
from armature.cli.servos.wiring import WiredArm
from armature.dynamixel.commissioning.calibration import Calibration, Placement, Ticks
from armature.dynamixel.protocol.base import Bus
from armature.dynamixel.servo.axis import Axis
from armature.dynamixel.servo.presence import ping_each
from armature.dynamixel.servo.registers import Registers
from armature.dynamixel.tables.roles import Role


class Watch:
    """The arm under the hand, by the directions and zeros of this moment."""

    def __init__(self, wired: WiredArm, bus: Bus, calibration: Calibration, show: Show) -> None:
        """Begin with the directions and zeros of the wiring file.

        Args:
            wired: the arm.
            bus: its servos, open.
            calibration: of all of them or some.
            show: the 3D view.
        """
        self.wired, self.calibration = wired, calibration
        self.placed: Sequence[Placement] = [Placement(servo, servo, 0, 0) for servo in calibration.servos]
        self.step = Step("")
        self._show, self._registers = show, Registers(bus)
        self._others = _others(wired, bus, calibration)

    def read(self) -> Ticks:
        """Where the servos are now, which is shown.

        Raises:
            CommandRefused: torque has come on.
            BusError: the port is gone.
        """
        reading = self.calibration.read()
        directions = {item.servo.joint: item.servo.direction for item in self._shown()}
        self._show(self.step, self._read_others() | self.positions(reading), directions)
        return reading

    def positions(self, reading: Ticks) -> dict[str, float]:
        """Joint positions of a reading [rad] or [m], of those that were read."""
        return {
            item.servo.joint: item.position(ticks)
            for item in self._shown()
            if (ticks := reading[item.servo.name]) is not None
        }

    def ask(self, question: str) -> str:
        """The person's answer in lower case, with the view alive until it is there; "q" if the input ends."""
        self.step = Step(question)
        return terminal.ask(question, self.read)

    def confirm(self, question: str) -> bool:
        """Whether the person says yes; anything else is no."""
        self.step = Step(question)
        return terminal.confirm(question, self.read)

    def _shown(self) -> list[Placement]:
        """By whom each joint is shown: its first servo, and its second one while that is pushed."""
        asked = self.step.asked
        return [item for item in self.placed if not item.servo.is_second or item.servo == asked]

    def _read_others(self) -> dict[str, float]:
        """Positions of joints that are not calibrated, as the wiring file has them."""
        found = self._registers.read_each(self._others, (Role.PRESENT_POSITION,))
        return {
            axis.wiring.joint: axis.wiring.to_position(found[axis.name][Role.PRESENT_POSITION])
            for axis in self._others
            if axis.name in found
        }


def _others(wired: WiredArm, bus: Bus, calibration: Calibration) -> list[Axis]:
    """First servos of the other joints, as far as they are there."""
    joints = {servo.joint for servo in calibration.servos}
    others = {servo.servo_id: servo for servo in wired.wiring.servos if servo.joint not in joints}
    found = ping_each(bus, others)
    return [Axis(servo) for number, servo in others.items() if found.get(number) == servo.model.number]
