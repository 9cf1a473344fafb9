"""The way back of a joint that was at fault."""

from __future__ import annotations

from collections.abc import Mapping

from armature.dynamixel.axis import Axis
from armature.dynamixel.bus import ServoBus
from armature.dynamixel.faults import Faults
from armature.dynamixel.reader import Reader
from armature.dynamixel.setpoints import Setpoints
from armature.dynamixel.torque import TorqueSwitch
from armature.errors import BusError, CommandRefused


class Recovery:
    """Reboots what has latched an error, restores what was reset, takes back what was silent; nothing jumps."""

    def __init__(
        self,
        bus: ServoBus,
        axes: Mapping[str, Axis],
        reader: Reader,
        faults: Faults,
        switch: TorqueSwitch,
        setpoints: Setpoints,
    ) -> None:
        """Args: the parts of the loop that it works on."""
        self._bus = bus
        self._axes = axes
        self._reader = reader
        self._faults = faults
        self._switch = switch
        self._setpoints = setpoints

    def begin(self, now: float) -> str:
        """Begin to recover every joint at fault; it goes on with the cycles.

        Returns:
            What is being done.

        Raises:
            CommandRefused: a servo does not answer.
            BusError: a servo did not take its reboot.
        """
        joints = list(self._faults.by_joint)
        if not joints:
            return "there is no fault"
        silent = [joint for joint in joints if self._axes[joint].misses]
        if silent:
            raise CommandRefused("clear_faults", f"{', '.join(silent)} does not answer", "check cable and power")
        for joint in joints:
            self._begin(self._axes[joint], now)
        return f"recovering {', '.join(joints)}"

    def _begin(self, axis: Axis, now: float) -> None:
        if axis.hardware_error:
            self._bus.reboot(axis.wiring.servo_id)
            axis.hardware_error = 0
            axis.torque = False
            # It is silent for some tenths of a second; a probe finds it again.
            self._reader.expect_silence(axis)
        self._faults.recover(axis.wiring.joint, now)

    def go_on(self) -> str | None:
        """Finish what can be finished; returns what has happened, if anything has."""
        news = [self._restore(axis) for axis in self._faults.to_restore()]
        news += [self._rejoin(axis) for axis in self._faults.to_rejoin()]
        return news[-1] if news else None

    def _rejoin(self, axis: Axis) -> str:
        joint = axis.wiring.joint
        try:
            if axis.torque:
                self._setpoints.hold({joint: self._switch.goal(axis)})
        except BusError as error:
            return f"{joint}: {error}"  # the next cycle tries again
        return f"{joint}: recovered from: {self._faults.end(joint).cause}"

    def _restore(self, axis: Axis) -> str:
        """Give a reset servo its RAM again, and its torque where the others have theirs."""
        joint = axis.wiring.joint
        try:
            self._switch.prepare([axis])
            if not axis.torque and any(other.torque for other in self._axes.values()):
                self._setpoints.hold(self._switch.on([axis]))
        except (BusError, CommandRefused) as error:
            self._faults.stop_recovery(joint)
            return f"{joint}: recovery failed: {error}"
        self._faults.end(joint)
        return f"{joint}: recovered"
