"""Torque on without a jump, and torque off."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from armature.core.model.arm import Limit
from armature.core.recovery_commands import ENABLE
from armature.dynamixel.servo.axis import Axis
from armature.dynamixel.servo.pair import describe_mismatch
from armature.dynamixel.servo.registers import Registers
from armature.dynamixel.servo.watchdog import BusWatchdogs, require_agreement
from armature.dynamixel.status.remedy import RecoveryStep, Remedy
from armature.dynamixel.tables.roles import Role
from armature.errors import BusError, CommandRefused, bounds, named

# A joint that rests on its stop may read a little beyond its limit.
REST_MARGIN = 0.02  # of the joint's span
_BACK = f"move it by hand into its range, then run {ENABLE}"
_REMEDIES = {
    counts_turns: Remedy(f"{_BACK}; {else_}", RecoveryStep.BY_HAND, RecoveryStep.ENABLE)
    for counts_turns, else_ in (
        (False, "if it stands in it, its zero is wrong: armature calibrate"),
        (True, "its servo counts whole turns only since its power came on"),
    )
}


class TorqueSwitch:
    """Switches torque so that nothing moves, and the Bus Watchdog with it."""

    def __init__(
        self, registers: Registers, limits: Mapping[str, Limit], watchdogs: BusWatchdogs, mismatch: float
    ) -> None:
        """Prepare to switch.

        Args:
            registers: of the servos.
            limits: by joint.
            watchdogs: of the servos.
            mismatch: how far apart two servos may see their joint, as their angle [rad].
        """
        self._mismatch = mismatch
        self._registers = registers
        self._limits = limits
        self._watchdogs = watchdogs

    def on(self, axes: Sequence[Axis]) -> dict[str, int]:
        """Goal := measured, then torque on, each verified by reading it back.

        Returns:
            The goals, by servo [tick].

        Raises:
            CommandRefused: a joint is beyond its limit, or its two servos disagree; nothing was written.
            BusError: a servo did not take it; those switched on are off again.
        """
        for axis in axes:
            self._require_within_limit(axis)
            self._require_agreement(axis)
        try:
            return {axis.name: self._switch_on(axis) for axis in axes}
        except BusError:
            with suppress(BusError):  # the first error is the one to raise; the cycle finds torque left on
                self.off([axis for axis in axes if axis.torque])
            raise

    def require_within_limits(self, axes: Iterable[Axis]) -> None:
        """Refuse where a joint is beyond its limits.

        Raises:
            CommandRefused: with the value and the bounds.
            BusError: a servo did not answer.
        """
        for axis in axes:
            self._require_within_limit(axis)

    def _require_within_limit(self, axis: Axis) -> None:
        position = axis.wiring.to_position(self._measure(axis))
        if limits := self._beyond(axis, position):
            why = f"{named(axis.name)} is at {round(position, 4) + 0.0:.4f}, {limits}"
            raise CommandRefused("enable", why, _REMEDIES[axis.wiring.mode.counts_turns])

    def _beyond(self, axis: Axis, position: float) -> str:
        """The limits that a position is beyond, in words; empty where it is within them."""
        limit = self._limits[axis.wiring.joint]
        margin = REST_MARGIN * limit.span
        if limit.lower - margin <= position <= limit.upper + margin:
            return ""
        return f"its limits are {bounds(limit.lower, limit.upper, position)}"

    def remedy_before_enable(self, axes: Iterable[Axis]) -> Remedy | None:
        """What has to be done before a limp arm may be enabled, as it was read last; None where nothing.

        Without the position, which a hand changes all the time: each change of a remedy is published.
        """
        for axis in axes:
            if not axis.misses and (limits := self._beyond(axis, axis.position)):
                remedy = _REMEDIES[axis.wiring.mode.counts_turns]
                return Remedy(f"{named(axis.name)} is out of its range, {limits}: {remedy}", *remedy.steps)
        return None

    def _require_agreement(self, axis: Axis) -> None:
        if axis.partner is None:
            return
        if axis.partner.misses:
            why = f"{named(axis.partner.name)}, which turns the same joint, does not answer"
            raise CommandRefused(
                "enable", f"{axis.name}: {why}", Remedy.of("check its cable and power", RecoveryStep.ENABLE)
            )
        if why := describe_mismatch(axis, self._mismatch):
            remedy = Remedy.of(
                "check its coupling, and zero_offset and direction of both servos", RecoveryStep.ENABLE
            )
            raise CommandRefused("enable", f"{axis.name}: {why}", remedy)

    def _measure(self, axis: Axis) -> int:
        return self._registers.read(axis, Role.PRESENT_POSITION)

    def _switch_on(self, axis: Axis) -> int:
        self._watchdogs.disable(axis)  # one that has tripped would lock the goal
        before, ticks = self._measure(axis), self._measure(axis)  # just now: a limp arm may be on its way
        require_agreement(axis, before, ticks)
        self._registers.write_verified(axis, Role.GOAL_POSITION, ticks)
        axis.torque = True  # before it is sure: if the answer is lost, it must be switched off again
        self._registers.write_verified(axis, Role.TORQUE_ENABLE, 1)
        self._watchdogs.enable(axis)
        return ticks

    def off(self, axes: Iterable[Axis]) -> None:
        """Cut torque at once, of all that can be reached.

        Raises:
            BusError: the last servo that did not take it.
        """
        failed: BusError | None = None
        for axis in axes:
            try:
                self._registers.write_verified(axis, Role.TORQUE_ENABLE, 0)
                axis.torque = False
                with suppress(BusError):  # a limp servo has nothing to stop, and is released before it is enabled
                    self._watchdogs.disable(axis)
            except BusError as error:
                failed = error
        if failed is not None:
            raise failed

    def read_goal(self, axis: Axis) -> int:
        """Where a servo is sent [tick].

        Raises:
            BusError: the servo did not answer.
        """
        return self._registers.read(axis, Role.GOAL_POSITION)
