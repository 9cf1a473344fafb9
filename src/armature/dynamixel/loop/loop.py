"""The bus loop: the cycle, and the requests between two cycles."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from armature.core.model.arm import ArmModel
from armature.core.trajectory.segments import LoopTime, Segment
from armature.dynamixel.loop.cycle import BusCycle
from armature.dynamixel.loop.parts import LoopParts
from armature.dynamixel.loop.preconditions import Preconditions, require_short
from armature.dynamixel.loop.settings import LoopSettings
from armature.dynamixel.loop.state import LoopState
from armature.dynamixel.motion.parking import Parking
from armature.dynamixel.protocol.base import Bus
from armature.dynamixel.status.cause import Cause, Reaction
from armature.dynamixel.status.remedy import Remedy
from armature.dynamixel.status.states import Mode
from armature.dynamixel.wiring.arm import Wiring
from armature.errors import BusError, GoalRefused, listed, named

__all__ = ["LoopSettings", "ServoLoop"]

# 200 ms and the stop behind them, from any speed that the limits allow (ARCHITECTURE.md, the way of a jog).
_LONGEST_SEGMENT = 5.0  # [s]


class ServoLoop:
    """A cycle over the servos of one arm, and the requests beside it; one thread at a time may call it."""

    def __init__(self, bus: Bus, wiring: Wiring, arm: ArmModel, settings: LoopSettings) -> None:
        """Args: a closed bus, the servos on it, the arm that they move, and how."""
        self._parts = parts = LoopParts.of(bus, wiring, arm, settings)
        self._cycle = BusCycle(parts, resumes=settings.resumes)
        self.state = LoopState(parts, self._cycle)
        self._require = Preconditions(parts, self.state)
        self._bus = bus
        self._policy = settings.policy
        self._servos = parts.servos
        self._commanded = parts.commanded
        self._faults = parts.faults

    def start(self, now: float) -> None:
        """Open the bus and adopt what the servos are doing; nothing moves. See Adoption.begin."""
        self._cycle.start(now)

    def cycle(self, now: float, slack: float = math.inf) -> None:
        """Carry out one cycle at a time [s]; what can wait begins before `slack`, by the port's time [s]."""
        self._cycle.run(now, slack)

    def explain(self, why: str) -> None:
        """Set the reason for the arm's state, where the caller knows it better."""
        self._commanded.why = why

    # Motion

    def follow(self, segment: Segment[LoopTime], now: float) -> None:
        """Follow a set-point segment.

        Raises:
            CommandRefused: it is of another session, or commands are not taken now.
            GoalRefused: it would jump or leave the limits; the arm stops and holds.
            BusError: a gripper's servo did not take its limit; the arm stops and holds.
        """
        self._require.motion(segment, now)
        try:
            require_short("start from now", segment.begin - now, _LONGEST_SEGMENT)
            require_short("duration", segment.trajectory.duration, _LONGEST_SEGMENT)
            limits = self._parts.grip.currents_for(segment)
            self._commanded.setpoints.accept(segment, now)
            self._parts.back_off.expect_motion(segment.trajectory.joints)
            self._parts.grip.limit_currents(limits)
        except (GoalRefused, BusError) as error:
            self._commanded.halt(now)
            self._commanded.why = str(error)
            raise

    def enable(self, session: str, now: float) -> None:
        """Torque on with goal := measured where it is off, and take commands of a new session.

        Raises:
            CommandRefused: the state does not allow it.
            BusError: a servo did not take it; those just switched on are off again.
        """
        self._require.mode("enable", (Mode.DISABLED, Mode.HOLDING, Mode.ENABLED), now)
        self._require.no_guided_joint("enable")
        commanded = self._commanded
        self._parts.grip.release()
        if commanded.mode is Mode.DISABLED:
            axes = list(self._servos.axes.values())
            for axis in axes:  # one may have been reset since it was read
                self._servos.preparation.restore(axis)
            commanded.setpoints.hold(self._servos.setpoints_of(self._servos.switch.on(axes)))
            commanded.overrun.reset()
        self._parts.back_off.clear()
        commanded.mode, commanded.session = Mode.ENABLED, session
        commanded.why, commanded.cause, commanded.wants_park = "enabled", None, False

    def park(self, segment: Segment[LoopTime], now: float) -> None:
        """Follow a trajectory to rest, then turn torque off; also with faults of joints that still turn.

        Raises:
            CommandRefused: the state does not allow it.
            GoalRefused: the trajectory does not begin where the arm is, or takes too long.
        """
        self._require.mode("disable", (Mode.HOLDING, Mode.ENABLED, Mode.FAULT), now)
        self._require.able_to_park("disable")
        self._require.no_guided_joint("disable")
        require_short("end from now", segment.end - now, self._policy.park_time)
        followed = self._commanded.setpoints.accept(segment, now)
        self._commanded.end_session()
        self._commanded.mode, self._commanded.why = Mode.PARKING, "parking"
        self._parts.back_off.expect_motion(segment.trajectory.joints)
        self._commanded.parking = Parking.along(followed)

    def give_up_parking(self, why: str) -> None:
        """Hold instead of parking by a policy, which was not possible; its faults say so."""
        detail = self._faults.mark_not_parked(why) if self._commanded.expects_torque else ""
        if self._commanded.wants_park:
            self._commanded.why = detail or f"{self.state.why}; it could not park: {why}"
        self._commanded.wants_park = False

    def guide(self, joint: str, now: float, *, begin: bool) -> str:
        """Release a joint to be guided by hand, or let it hold again where it is; see free_drive.

        Returns:
            What it does now.

        Raises:
            CommandRefused: the state does not allow it, or the joint does not.
            BusError: a servo did not take it.
        """
        how = self._parts.free_drive.joints.get(joint, "")
        if begin == bool(how):
            return f"{joint} is free already: {how}" if how else f"{joint} is not free"
        if begin:
            self._require.mode("free", (Mode.HOLDING, Mode.ENABLED), now)
            result = self._parts.free_drive.begin(joint, now)
            self._parts.feedforward.invalidate_loads()
        else:
            self._require.mode("end of free-drive", (Mode.HOLDING, Mode.FAULT), now)
            result = self._parts.free_drive.end(joint, now)
        self._commanded.why = result
        return result

    def set_loads(self, loads: Mapping[str, float], now: float) -> None:
        """Set the loads of joints where they are [N·m] or [N], for those that are compliant; see free_drive.

        Raises:
            BusError: a servo did not take what it may give.
        """
        if self._bus.is_open:
            self._parts.free_drive.compliances.set_loads(loads, now)

    def back_off(self, session: str, joints: Sequence[str], now: float) -> None:
        """Let joints back off that do not follow, as their controller has found.

        Raises:
            CommandRefused: it is of another session, or commands are not taken now.
            GoalRefused: an unknown joint, or none.
        """
        self._require.of_session("back off", session, now, Remedy("it has ended already"))
        for joint in joints or [""]:
            if joint not in self.state.axes:
                raise GoalRefused("back off: joint", joint, listed("joints", self.state.axes))
        self._cycle.reactions.back_off(dict.fromkeys(joints, (Cause.BLOCKED, "")), now)

    # Stops

    def hold(self, why: str, now: float, cause: Cause = Cause.OPERATOR_STOP) -> None:
        """Stop within limits and hold; refuse commands."""
        self._commanded.stop(cause, why, now)

    def lose_controller(self, why: str, now: float) -> None:
        """React to a controller that is gone: the motion ends at rest as the policy says; parking continues."""
        commanded, reaction = self._commanded, self._policy.reaction(Cause.CONTROLLER_GONE)
        commanded.cause = Cause.CONTROLLER_GONE
        if commanded.mode is not Mode.ENABLED:
            return
        if reaction is Reaction.HOLD:
            commanded.end_session()
        else:
            commanded.halt(now)
        commanded.wants_park = reaction is Reaction.PARK
        commanded.why = why

    def lose_parent(self) -> None:
        """React to the loss of the process that controls the loop."""
        if self._commanded.compliant:
            self.hold("the controlling process is gone; holding", self._cycle.last_cycle_at, Cause.CONTROLLER_GONE)
        self.lose_controller("the controlling process is gone; holding", self._cycle.last_cycle_at)

    def torque_off(self, now: float) -> None:
        """Cut the torque of all servos at once; an arm that is not at rest falls.

        Raises:
            CommandRefused: the bus is gone.
            BusError: a servo did not take it yet; the next cycles try again.
        """
        self._require.bus("torque_off")
        self._commanded.setpoints.stop(now)
        self._commanded.why_stopped = "protective stop; torque was turned off at once"
        if error := self._cycle.reactions.disable("torque was turned off at once"):
            raise error

    def protective_stop(self, on: bool, now: float) -> str:
        """Stop within limits, hold and latch (or turn torque off, by policy); or release the latch to HOLDING.

        Returns:
            That there is nothing to release, since the state tells of other matters then; else "".
        """
        commanded = self._commanded
        told = "" if on or commanded.protective_stop else "there is no protective stop to release"
        if on:
            commanded.stop(Cause.PROTECTIVE_STOP, "protective stop", now)
            commanded.why_stopped = commanded.why
        elif commanded.protective_stop:
            commanded.why = "protective stop released"
        commanded.protective_stop = on
        if on and self._policy.reaction(Cause.PROTECTIVE_STOP) is Reaction.TORQUE_OFF and self._bus.is_open:
            commanded.why_stopped = "protective stop; torque was turned off"
            self._cycle.reactions.disable(commanded.why_stopped)  # what it has left on goes off in the next cycles
        return told

    def release_bus(self) -> None:
        """Close the bus at a deliberate end: servos continue to hold, without a watchdog that would stop them."""
        if self._bus.is_open:
            self._parts.free_drive.compliances.end_all(self._cycle.last_cycle_at)
            self._servos.watchdogs.disable_all(self._servos.responding())
        self._bus.close()

    # Recovery

    def clear_faults(self, now: float) -> str:
        """Recover every faulted joint: reboot it if it latched an error, restore RAM, goal := measured, torque on.

        Returns:
            What is being done.

        Raises:
            CommandRefused: the bus is gone, or every cause persists.
            BusError: a servo did not take it.
        """
        self._require.bus("clear_faults")
        if not self.state.faults:
            if not (blocked := named(*self._parts.back_off.clear())):
                return "there is no fault"
            self._commanded.why, self._commanded.cause = f"{blocked} may move both ways again", None
            return self.state.why
        self._commanded.why = result = self._parts.recovery.begin(now)
        self._parts.back_off.clear()
        self._commanded.wants_park = False
        return result

    def reboot(self, joint: str, now: float) -> str:
        """Reboot one servo and restore it.

        Returns:
            What is being done.

        Raises:
            CommandRefused: the bus is gone, no such joint, it holds a load, or the cause of its fault persists.
            BusError: the servo did not take it.
        """
        self._require.bus("reboot")
        self._commanded.why = result = self._parts.recovery.reboot(joint, now)
        return result
