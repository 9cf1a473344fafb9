"""Free-drive: a hand guides a joint while the others hold.

A joint in current-based position control is compliant and carries its weight. Any other joint loses its torque,
and falls unless somebody holds it.
"""

from __future__ import annotations

import math

from armature.dynamixel.faults.faults import Faults
from armature.dynamixel.free_drive.compliance import Compliances, can_be_compliant
from armature.dynamixel.motion.commanded_mode import CommandedMode
from armature.dynamixel.servo.axis import Axis
from armature.dynamixel.servo.servos import Servos
from armature.dynamixel.status.remedy import RecoveryStep, Remedy
from armature.dynamixel.status.states import Mode
from armature.errors import CommandRefused

_AT_REST = 0.05  # of the servo [rad/s]: two units of Present Velocity


class FreeDrive:
    """The joints that hands guide. A cycle in which there are none costs nothing."""

    def __init__(self, servos: Servos, commanded: CommandedMode, faults: Faults, compliances: Compliances) -> None:
        """Args: the servos, what the arm is commanded to do, its faults, and its compliant joints."""
        self.compliances = compliances
        self._servos = servos
        self._commanded = commanded
        self._faults = faults

    @property
    def is_active(self) -> bool:
        """Whether there is something to do in a cycle."""
        return bool(self.compliances or self._faults.released)

    @property
    def joints(self) -> dict[str, str]:
        """The joints that are free, with how, in words."""
        if not self.is_active:
            return {}
        found = {joint: self._describe(joint) for joint in self._servos.joints}
        return {joint: how for joint, how in found.items() if how}

    def _describe(self, joint: str) -> str:
        return "torque off" if joint in self._faults.released else self.compliances.describe(joint)

    def begin(self, joint: str, now: float) -> str:
        """Let a joint be guided.

        Args:
            joint: its name.
            now: [s].

        Returns:
            What it does now.

        Raises:
            CommandRefused: no such joint, it moves, or it cannot be compliant: with the value and the bound.
            BusError: a servo did not take it.
        """
        if joint not in self._servos.joints:
            names = ", ".join(self._servos.joints)
            raise CommandRefused("free", f"there is no joint {joint}", f"joints are {names}")
        axes = self._servos.servos_of(joint)
        for axis in axes:
            _require_rest(axis)
        if can_be_compliant(axes[0]):
            return self.compliances.begin(joint, now)
        return self._release(joint, axes)

    def _release(self, joint: str, axes: list[Axis]) -> str:
        if not any(axis.torque for axis in self._servos.axes.values() if axis not in axes):
            why = f"{joint} is the last joint with torque"
            raise CommandRefused("free", why, Remedy.of(RecoveryStep.TORQUE_OFF))
        self._commanded.leave_session()
        self._faults.begin_guiding(joint, is_limp=True)
        if error := self._servos.torque_off(axes):  # the next cycles try again
            raise error
        return f"{joint}: its torque is off: it falls unless somebody holds it; the others hold"

    def end(self, joint: str, now: float) -> str:
        """Let a joint hold again where it is.

        Args:
            joint: its name.
            now: [s].

        Returns:
            What it does now.

        Raises:
            CommandRefused: it is at fault, or beyond its limits.
            BusError: a servo did not take it.
        """
        axes = self._servos.servos_of(joint)
        for axis in axes:
            self._require_no_fault(axis)
        if joint in self._faults.released:
            self._enable(joint, axes)
        else:
            self._servos.switch.require_within_limits(axes)
            self.compliances.end(joint, now)
        return f"{joint} {self._describe(joint) or 'holds where it is'}"

    def _require_no_fault(self, axis: Axis) -> None:
        fault = self._faults.by_joint.get(axis.name)
        if fault is not None:
            raise CommandRefused("end of free-drive", f"{axis.name}: {fault.cause}: {fault.detail}", fault.remedy)

    def _enable(self, joint: str, axes: list[Axis]) -> None:
        """Torque on, goal := measured."""
        for axis in axes:  # one may have been reset while it was limp
            self._servos.preparation.restore(axis)
        self._servos.switch.on(axes)
        self._faults.end_guiding(joint)
        self._commanded.setpoints.hold(self._servos.adopt_setpoint(joint))
        self._commanded.overrun.reset()  # where it was sent before the hand has no meaning

    def update(self, now: float) -> None:
        """Update free joints, once a cycle.

        Raises:
            PortError: the port is gone.
        """
        if self._commanded.mode is Mode.DISABLED:  # all the others are limp too
            for joint in tuple(self._faults.released):
                self._faults.end_guiding(joint)
        self._commanded.setpoints.rest(self._places())
        self.compliances.update(now)

    def _places(self) -> dict[str, float]:
        """Where the limp joints are, which are sent nowhere [rad] or [m]."""
        places = {joint: self._servos.joints[joint].position for joint in self._faults.released}
        return {joint: place for joint, place in places.items() if math.isfinite(place)}


def _require_rest(axis: Axis) -> None:
    if axis.misses:
        remedy = Remedy("check its cable and power, ask again", RecoveryStep.BY_HAND, RecoveryStep.WAIT)
        raise CommandRefused("free", f"{axis.name} was not read just now", remedy)
    speed = abs(axis.velocity) * axis.wiring.reduction
    if speed > _AT_REST:
        why = f"{axis.name}: its servo turns at {speed:.2f} rad/s, {_AT_REST:g} is at rest"
        raise CommandRefused("free", why, Remedy("wait until the arm rests", RecoveryStep.WAIT))
