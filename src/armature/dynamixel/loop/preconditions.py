"""What a request requires of the arm's state; each refusal names a remedy."""

from __future__ import annotations

from armature.core.control.readiness import session_name
from armature.core.trajectory.segments import LoopTime, Segment
from armature.dynamixel.loop.parts import LoopParts
from armature.dynamixel.loop.state import LoopState
from armature.dynamixel.status.remedy import END_FREE_DRIVE, RECONNECT, RecoveryStep, Remedy
from armature.dynamixel.status.states import Mode, describe_state
from armature.errors import CommandRefused, GoalRefused


class Preconditions:
    """Refuses requests that come at the wrong time."""

    def __init__(self, parts: LoopParts, state: LoopState) -> None:
        """Args: the loop's parts, and what is seen of them."""
        self._parts = parts
        self._state = state

    def of_session(self, request: str, session: str, now: float, remedy: Remedy) -> None:
        """Refuse what is not of the present session, or comes while no commands are taken.

        Raises:
            CommandRefused: with the state and both sessions.
        """
        mode, present = self._state.mode(now), self._state.session
        if not (mode.takes_commands and session == present):
            why = (
                f"the state is {mode.name} and it is of session {session or 'none'}, "
                f"the present one is {present or 'none'}"
            )
            raise CommandRefused(request, why, remedy)

    def motion(self, segment: Segment[LoopTime], now: float) -> None:
        """Refuse a set-point segment that is not of the present session.

        Raises:
            CommandRefused: with what leads to a motion.
        """
        mode = self._state.mode(now)
        if not (mode.takes_commands and segment.session == self._state.session):
            self.no_guided_joint("set-point")
            self.of_session("set-point", segment.session, now, self._remedy_for_motion(segment, now))

    def _remedy_for_motion(self, segment: Segment[LoopTime], now: float) -> Remedy:
        """What leads to a motion where its segment is of another session."""
        session = session_name(self._state.session)
        if session_name(segment.session) == session != "":  # joints have backed off meanwhile
            return Remedy("send a new goal")
        remedy = self._state.remedy(now)
        remedy = remedy if remedy.steps else Remedy.of(RecoveryStep.ENABLE)
        return Remedy(f"{remedy}, then send a new goal", *remedy.steps)

    def no_guided_joint(self, request: str) -> None:
        """Refuse while a hand may guide a joint."""
        if free := self._parts.free_drive.joints:
            guided = ", ".join(f"{joint} ({how})" for joint, how in free.items())
            raise CommandRefused(request, f"a hand may guide {guided}", END_FREE_DRIVE)

    def able_to_park(self, request: str) -> None:
        """Refuse where faults keep the arm from parking: a joint would not follow, or does not know its place."""
        if fault := self._parts.faults.advisor.find_parking_blocker(self._state.faults):
            remedy = Remedy(f"{fault.remedy}; torque stays as it is", *fault.remedy.steps)
            raise CommandRefused(request, fault.finding, remedy)

    def bus(self, request: str) -> None:
        """Refuse while the bus is gone."""
        if not self._parts.bus.is_open:
            raise CommandRefused(request, self._state.why, RECONNECT)

    def mode(self, request: str, allowed: tuple[Mode, ...], now: float) -> None:
        """Refuse in any other state than these."""
        mode = self._state.mode(now)
        if mode not in allowed:
            remedy, faults = self._remedy(now), self._state.faults.values()
            raise CommandRefused(request, describe_state(mode.name, self._state.why, faults, remedy), remedy)

    def _remedy(self, now: float) -> Remedy:
        """What leads to a state in which a request is taken."""
        mode = self._state.mode(now)
        if mode.takes_commands or mode in (Mode.HOLDING, Mode.PARKING, Mode.STARTING):
            return Remedy("wait until the arm holds", RecoveryStep.WAIT)
        if mode is Mode.DISABLED:
            return Remedy.of(RecoveryStep.ENABLE)
        return self._state.remedy(now)


def require_short(what: str, value: float, bound: float) -> None:
    """Refuse a segment that is too long: an arm whose controller dies has to come to rest soon."""
    if value > bound:
        raise GoalRefused(f"set-point: {what} [s]", value, f"at most {bound:g} s may lie ahead")
