"""The bus loop: the cycle, and what can be asked of it between two cycles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from armature.core.control.readiness import session_name
from armature.core.trajectory.segments import LoopTime, Segment
from armature.dynamixel.loop.cycle import BusCycle
from armature.dynamixel.loop.loop_state import end_free
from armature.dynamixel.loop.settings import LoopSettings
from armature.dynamixel.motion.parking import Parking
from armature.dynamixel.status.cause import Cause, Reaction
from armature.dynamixel.status.remedy import RECONNECT, Remedy, Step
from armature.dynamixel.status.states import Mode
from armature.errors import BusError, CommandRefused, GoalRefused

__all__ = ["LoopSettings", "ServoLoop"]

# 200 ms and the stop behind them, from any speed that the limits allow (ARCHITECTURE.md, the way of a jog).
_LONGEST_SEGMENT = 5.0  # [s]


class ServoLoop(BusCycle):
    """The cycle with its requests; one thread at a time may call it."""

    # Motion

    def follow(self, segment: Segment[LoopTime], now: float) -> None:
        """Follow a set-point segment.

        Raises:
            CommandRefused: it is of another session, or commands are not taken now.
            GoalRefused: it would jump or leave the limits; the arm stops and holds.
            BusError: a gripper's servo did not take its limit; the arm stops and holds.
        """
        mode = self.mode(now)
        if not (mode.takes_commands and segment.session == self.session):
            self._require_none_free("set-point")
            raise CommandRefused(
                "set-point", self._of_session(segment.session, mode), self._new_goal(segment, now)
            )
        try:
            _require_short("start from now", segment.begin - now, _LONGEST_SEGMENT)
            _require_short("duration", segment.trajectory.duration, _LONGEST_SEGMENT)
            limits = self._grip.limits_of(segment)
            self._conduct.setpoints.accept(segment, now)
            self._giving_way.expect_motion(segment.trajectory.joints)
            self._grip.limit(limits)
        except (GoalRefused, BusError) as error:
            self._conduct.halt(now)
            self.why = str(error)
            raise

    def enable(self, session: str, now: float) -> None:
        """Torque on with goal := measured where it is off, and take commands of a new session.

        Raises:
            CommandRefused: the state does not allow it.
            BusError: a servo did not take it; those just switched on are off again.
        """
        self._require("enable", (Mode.DISABLED, Mode.HOLDING, Mode.ENABLED), now)
        self._require_none_free("enable")
        conduct = self._conduct
        self._grip.release()
        if conduct.mode is Mode.DISABLED:
            axes = list(self.servos.values())
            for axis in axes:  # one may have been reset while nobody looked
                self._servos.preparation.restore(axis)
            conduct.setpoints.hold(self._servos.set_points(self._servos.switch.on(axes)))
            conduct.stride.forget()
        self._giving_way.clear()
        conduct.mode, conduct.session = Mode.ENABLED, session
        conduct.why, conduct.cause, conduct.wants_park = "enabled", None, False

    def park(self, segment: Segment[LoopTime], now: float) -> None:
        """Follow a way to rest, then torque off; also with faults of joints that still turn.

        Raises:
            CommandRefused: the state does not allow it.
            GoalRefused: the way does not begin where the arm is, or takes too long.
        """
        self._require("park", (Mode.HOLDING, Mode.ENABLED, Mode.FAULT), now)
        self._require_turning("park")
        self._require_none_free("park")
        _require_short("end from now", segment.end - now, self._policy.park_time)
        followed = self._conduct.setpoints.accept(segment, now)
        self._conduct.end()
        self._conduct.mode, self.why = Mode.PARKING, "parking"
        self._giving_way.expect_motion(segment.trajectory.joints)
        self._conduct.parking = Parking.along(followed)

    def give_up_parking(self, why: str) -> None:
        """Whoever was to park for a policy could not: the arm holds, and the faults that asked for it say so."""
        told = self._faults.tell_not_parked(why) if self._conduct.expects_torque else ""
        if self._conduct.wants_park:
            self.why = told or f"{self.why}; it could not park: {why}"
        self._conduct.wants_park = False

    def guide(self, joint: str, now: float, *, begin: bool) -> str:
        """Let a hand guide a joint, or let it hold again where it is; see free_drive.

        Returns:
            What it does now.

        Raises:
            CommandRefused: the state does not allow it, or the joint does not.
            BusError: a servo did not take it.
        """
        how = self._free.joints.get(joint, "")
        if begin == bool(how):
            return f"{joint} is free already: {how}" if how else f"{joint} is not free"
        if begin:
            self._require("free", (Mode.HOLDING, Mode.ENABLED), now)
            told = self._free.begin(joint, now)
            self._feedforward.distrust()
        else:
            self._require("end of free-drive", (Mode.HOLDING, Mode.FAULT), now)
            told = self._free.end(joint, now)
        self.why = told
        return told

    def carry(self, loads: Mapping[str, float], now: float) -> None:
        """Take what joints carry where they are [N·m] or [N], for those that give way; see free_drive.

        Raises:
            BusError: a servo did not take what it may give.
        """
        if self._bus.is_open:
            self._free.compliances.carry(loads, now)

    def give_way(self, session: str, joints: Sequence[str], now: float) -> None:
        """Let joints that do not follow go back to where they are, as whoever commands them has found.

        Raises:
            CommandRefused: it is of another session, or commands are not taken now.
            GoalRefused: an unknown joint, or none.
        """
        mode = self.mode(now)
        if not (mode.takes_commands and session == self.session):
            raise CommandRefused("give way", self._of_session(session, mode), "it has ended already")
        for joint in joints or [""]:
            if joint not in self.axes:
                raise GoalRefused("give way: joint", joint, f"joints are {', '.join(self.axes)}")
        self._yield(dict.fromkeys(joints, (Cause.BLOCKED, "")), now)

    def _of_session(self, session: str, mode: Mode) -> str:
        """Why what a session asks for is not taken, in words."""
        return (
            f"the state is {mode.name} and it is of session {session or 'none'}, "
            f"the present one is {self.session or 'none'}"
        )

    def _new_goal(self, segment: Segment[LoopTime], now: float) -> Remedy:
        """What leads to a motion where a segment of one is of another session."""
        if session_name(segment.session) == session_name(self.session) != "":  # joints have given way meanwhile
            return Remedy("send a new goal")
        remedy = self.remedy(now) if self.remedy(now).steps else Remedy.of(Step.ENABLE)
        return Remedy(f"{remedy}, then send a new goal", *remedy.steps)

    # Stops

    def hold(self, why: str, now: float, cause: Cause = Cause.OPERATOR_STOP) -> None:
        """Stop within limits and hold; refuse commands."""
        self._conduct.stop(cause, why, now)

    def controller_gone(self, why: str, now: float) -> None:
        """Nobody commands any more: what is under way ends as the policy says, at rest; parking goes on."""
        conduct, reaction = self._conduct, self._policy.reaction(Cause.CONTROLLER_GONE)
        conduct.cause = Cause.CONTROLLER_GONE
        if conduct.mode is not Mode.ENABLED:
            return
        if reaction is Reaction.HOLD:
            conduct.end()
        else:
            conduct.halt(now)
        conduct.wants_park = reaction is Reaction.PARK
        conduct.why = why

    def orphan(self) -> None:
        """The process that controls the loop is gone."""
        if self._conduct.compliant:
            self.hold("the controlling process is gone; holding", self._at, Cause.CONTROLLER_GONE)
        self.controller_gone("the controlling process is gone; holding", self._at)

    def torque_off(self, now: float) -> None:
        """Cut the torque of all servos at once; an arm that is not at rest falls.

        Raises:
            CommandRefused: the bus is gone.
            BusError: a servo did not take it yet; the next cycles try again.
        """
        self._require_bus("torque_off")
        self._conduct.setpoints.stop(now)
        self._conduct.why_stopped = "protective stop; torque was turned off at once"
        if error := self._disable("torque was turned off at once"):
            raise error

    def protective_stop(self, on: bool, now: float) -> None:
        """Stop within limits, hold and latch (or turn torque off, by policy); or release the latch to HOLDING."""
        conduct = self._conduct
        if on:
            conduct.stop(Cause.PROTECTIVE_STOP, "protective stop", now)
            conduct.why_stopped = conduct.why
        elif conduct.protective_stop:
            conduct.why = "protective stop released"
        conduct.protective_stop = on
        if on and self._policy.reaction(Cause.PROTECTIVE_STOP) is Reaction.TORQUE_OFF and self._bus.is_open:
            conduct.why_stopped = "protective stop; torque was turned off"
            self._disable(conduct.why_stopped)  # what it has left on goes off in the next cycles

    def leave(self) -> None:
        """Let the bus go at a deliberate end: servos that hold go on to, without their watchdog to stop them."""
        if self._bus.is_open:
            self._free.compliances.leave(self._at)
            self._servos.watchdogs.leave(self._servos.obeying())
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
        self._require_bus("clear_faults")
        if not self.faults:
            if not (blocked := ", ".join(self._giving_way.clear())):
                return "there is no fault"
            self.why, self._conduct.cause = f"{blocked} may move both ways again", None
            return self.why
        self.why = told = self._recovery.begin(now)
        self._giving_way.clear()
        self._conduct.wants_park = False
        return told

    def reboot(self, joint: str, now: float) -> str:
        """Start one servo anew and restore it.

        Returns:
            What is being done.

        Raises:
            CommandRefused: the bus is gone, no such joint, it holds a load, or the cause of its fault persists.
            BusError: the servo did not take it.
        """
        self._require_bus("reboot")
        self.why = told = self._recovery.reboot(joint, now)
        return told

    def _require_none_free(self, request: str) -> None:
        if free := self._free.joints:
            told = ", ".join(f"{joint} ({how})" for joint, how in free.items())
            raise CommandRefused(request, f"a hand may guide {told}", end_free(next(iter(free))))

    def _require_turning(self, request: str) -> None:
        """Faults leave the arm able to park, unless a joint would not follow, or does not know where it is."""
        if fault := self._faults.advice.stranded(self.faults):
            why = f"{fault.joint} cannot be trusted to move: {fault.cause}: {fault.detail}"
            raise CommandRefused(
                request, why, Remedy(f"{fault.remedy}; torque stays as it is", *fault.remedy.steps)
            )

    def _require_bus(self, request: str) -> None:
        if not self._bus.is_open:
            raise CommandRefused(request, self.why, RECONNECT)

    def _require(self, request: str, allowed: tuple[Mode, ...], now: float) -> None:
        mode = self.mode(now)
        if mode not in allowed:
            raise CommandRefused(request, f"the state is {mode.name} ({self.why})", self._way_on(now))

    def _way_on(self, now: float) -> Remedy:
        """What leads to a state in which a request is taken."""
        mode = self.mode(now)
        if mode.takes_commands or mode in (Mode.HOLDING, Mode.PARKING, Mode.STARTING):
            return Remedy("wait until the arm holds", Step.WAIT)
        if mode is Mode.DISABLED:
            return Remedy("enable first", Step.ENABLE)
        return self.remedy(now)


def _require_short(what: str, value: float, bound: float) -> None:
    """A segment looks a little ahead, so that an arm whose controller dies soon rests."""
    if value > bound:
        raise GoalRefused(f"set-point: {what} [s]", value, f"at most {bound:g} s may lie ahead")
