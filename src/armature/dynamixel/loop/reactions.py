"""Reactions to faults by their policies, in the cycle that finds them."""

from __future__ import annotations

from collections.abc import Mapping

from armature.dynamixel.loop.parts import LoopParts
from armature.dynamixel.motion.overrun import describe_pause
from armature.dynamixel.status.cause import OBSTRUCTED, Cause, Reaction
from armature.dynamixel.status.states import Fault, Mode
from armature.errors import PARKING_INTERRUPTED, BusError, PortError, named


class Reactions:
    """Finds faults and servos that have stopped, and reacts as their policies say."""

    def __init__(self, parts: LoopParts) -> None:
        """Args: the loop's parts."""
        self._policy = parts.policy
        self._servos = parts.servos
        self._commanded = parts.commanded
        self._faults = parts.faults
        self._feedforward = parts.feedforward
        self._back_off = parts.back_off
        self._missing_at_start = parts.missing_at_start

    def update(self, now: float) -> None:
        """Find new faults at a time [s], and react at once as their policies say."""
        sent = self._commanded.overrun.positions
        expected, loads = self._commanded.expects_torque, self._feedforward.loads
        allowed = self._back_off.update(now)
        obstructed: dict[str, tuple[Cause, str]] = {}
        for fault in self._faults.update(sent, now, torque_expected=expected, back_off=allowed, loads=loads):
            axis = self._servos.axes[fault.joint]
            if self._faults.reaction(axis, fault.cause) is Reaction.BACK_OFF:
                self._faults.resolve(fault.joint)
                obstructed.setdefault(axis.wiring.joint, (fault.cause, fault.detail))
            else:
                self._react(fault, now)
        if obstructed:
            self.back_off(obstructed, now)
        commanded = self._commanded
        if commanded.mode is Mode.ENABLED and commanded.cause in OBSTRUCTED and not self._back_off.warnings:
            commanded.why, commanded.cause = "nothing is in the way any more", None

    def _react(self, fault: Fault, now: float) -> None:
        commanded, reaction = self._commanded, self._policy.reaction(fault.cause)
        axis = self._servos.axes[fault.joint]
        if reaction is Reaction.PARK and commanded.mode is Mode.PARKING:
            return
        self._end_motion(reaction, now)
        if fault.cause in OBSTRUCTED:  # whatever is in its way is not pushed any more
            self._back_off.retreat([axis.wiring.joint], now)
        if fault.cause is Cause.ENCODER_MISMATCH:
            commanded.setpoints.hold(self._servos.hold_separately(axis))
        commanded.wants_park = reaction is Reaction.PARK and commanded.expects_torque
        if reaction is Reaction.TORQUE_OFF:
            self._faults.cut_by_policy.add(axis.wiring.joint)
        commanded.why, commanded.cause = str(fault), fault.cause

    def back_off(self, obstructed: Mapping[str, tuple[Cause, str]], now: float) -> None:
        """Stop, and let joints back off; commands that lead away from what they came against are accepted.

        Args:
            obstructed: by what joints were found not to follow, with the value and the bound.
            now: [s].
        """
        commanded, was_parking = self._commanded, self._commanded.mode is Mode.PARKING
        warnings = [self._back_off.note(joint, *found, now) for joint, found in obstructed.items()]
        commanded.back_off(now)
        self._back_off.retreat(obstructed, now)
        if self._faults.by_joint:  # which are graver, and are reported already
            return
        where = "; ".join(fault.detail for fault in self._back_off.warnings.values())
        commanded.why = (
            f"{PARKING_INTERRUPTED if was_parking else ''}{where}; {warnings[0].done}; {warnings[0].remedy}"
        )
        commanded.cause = warnings[0].cause

    def _end_motion(self, reaction: Reaction, now: float) -> None:
        if reaction is Reaction.HOLD and self._commanded.mode is not Mode.PARKING:
            self._commanded.end_session()
        else:  # a way to park is long, and its end is not where to hold
            self._commanded.halt(now)

    def recover_tripped(self, now: float, paused: float) -> None:
        """Recover servos that their Bus Watchdog has stopped; they refuse goals without an error.

        Args:
            now: [s].
            paused: since the last cycle [s].
        """
        time = self._servos.watchdogs.time
        if not (time and self._commanded.expects_torque):
            return
        stopped = [axis for axis in self._servos.responding() if axis.is_stopped_by_watchdog]
        if paused > time / 2.0:  # so long that they may have: check at once
            stopped = self._servos.watchdogs.find_tripped(self._servos.responding())
        if not stopped:
            return
        self._end_motion(self._policy.reaction(Cause.BUS_WATCHDOG), now)
        for axis in stopped:
            self._recover_watchdog(axis.name, now)
        joints = named(*(axis.name for axis in stopped))
        held_up = f"{describe_pause(paused)}; " if paused > time / 2.0 else ""
        why = f"{held_up}bus watchdog: {joints} received nothing in time and stopped; it holds where it stands"
        self._commanded.why, self._commanded.cause = why, Cause.BUS_WATCHDOG

    def _recover_watchdog(self, servo: str, now: float) -> None:
        axis = self._servos.axes[servo]
        try:
            self._commanded.setpoints.hold(self._servos.adopt_setpoint(axis.wiring.joint))
        except PortError:
            raise
        except BusError as error:
            self._faults.note(axis, Cause.BUS_WATCHDOG, f"it stopped and cannot be released: {error}", now)

    def enforce_torque_off(self) -> None:
        """Turn off torque that is to be off, also where an earlier request failed because an answer was lost."""
        is_disabled = self._commanded.mode is Mode.DISABLED
        if not (is_disabled or self._faults.cut_by_policy or self._faults.released):
            return
        on = [axis for axis in self._servos.responding() if is_disabled or self._faults.is_limp_on_purpose(axis)]
        self._servos.torque_off(on)

    def disable(self, why: str) -> BusError | None:
        """Turn all torque off; returns the error of the last servo that did not take it."""
        self._commanded.end_session()
        self._commanded.mode, self._commanded.why = Mode.DISABLED, why
        self._faults.clear()
        self._missing_at_start.clear()
        return self._servos.torque_off(list(self._servos.axes.values()))
