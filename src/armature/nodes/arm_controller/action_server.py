"""An action server whose goals begin as soon as they are accepted, and end by a callback."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.action.server import ServerGoalHandle

from armature.core.control.goal import End, OnEnd, Outcome, refusal_outcome
from armature.core.recovery_commands import in_namespace
from armature.errors import ArmatureError, InternalError
from armature.nodes.arm_controller.group_node import GroupNode
from armature.nodes.common.topics import Service


@dataclass
class ActiveGoal:
    """An accepted goal until its end; of all goals of a controller one is followed, and another may wait."""

    stop: Callable[[], None]  # cancels the goal that is followed
    is_waiting: bool = False  # to be planned, while another one may be followed
    is_canceled: bool = False  # while it waited
    begun: ActiveGoal | None = None  # what it has become, where it had to be prepared first

    @property
    def is_followed(self) -> bool:
        """Whether the joints follow it now."""
        return not self.is_waiting if self.begun is None else self.begun.is_followed

    def cancel(self) -> None:
        """Cancel it, and no other; it ends once the arm rests."""
        if self.begun is not None:
            self.begun.cancel()
        elif self.is_waiting:
            self.is_canceled = True  # its action's goal can end once this call has returned
        else:
            self.stop()


Begin = Callable[[OnEnd], ActiveGoal | None]
"""Begins a goal, given the callback for its end; None where it has ended at once.

Raises an ArmatureError to refuse it.
"""


class _DeferredServer(ActionServer):  # rclpy is untyped
    """An action server whose goals have no coroutine.

    In Jazzy a coroutine that awaits is run again and again: a goal in motion cost half a core.
    """

    def notify_execute(self, goal_handle: ServerGoalHandle, execute_callback: Any) -> None:
        """The goal is in state EXECUTING; `finish` is called at its end."""

    def finish(self, goal_handle: ServerGoalHandle, result: Any) -> None:
        """Answer the goal's result."""
        super().notify_execute(goal_handle, lambda _handle: result)


class GoalServer:
    """Serves one action without blocking the executor.

    A goal is prepared before it is accepted, so that it moves at once when it is. One that is refused
    is accepted too where the result can tell the reason, which a rejection cannot, and ended at once.

    Args:
        node: owner.
        service: the action.
        prepare: plans and checks a goal's request, and returns what begins it; raises an ArmatureError to refuse.
        result: makes the action's result from an outcome.
        tells_why: whether that has words; else a refused goal is rejected, and reported in log and diagnostics.
    """

    def __init__(
        self,
        node: GroupNode,
        service: Service,
        prepare: Callable[[Any], Begin],
        result: Callable[[Outcome], Any],
        *,
        tells_why: bool = True,
    ) -> None:
        self._node = node
        self._prepare = prepare
        self._result = result
        self._tells_why = tells_why
        self._prepared: Begin | None = None  # of the request that is being accepted
        self._active: dict[bytes, tuple[ServerGoalHandle, ActiveGoal]] = {}  # by the goal's id
        self._server = _DeferredServer(
            node,
            service.kind,
            service.name,
            execute_callback=lambda _handle: None,
            goal_callback=self._on_goal,
            handle_accepted_callback=node.guard(self._begin_goal, self._fail_goal),
            cancel_callback=node.guard(self._cancel_goal, lambda _error, _handle: CancelResponse.REJECT),
        )

    def publish_feedback(self, feedback: Any) -> None:
        """Send feedback to the client of the goal that is followed, if it is one of this action."""
        for handle, goal in self._active.values():
            if goal.is_followed:
                handle.publish_feedback(feedback)

    def destroy(self) -> None:
        """Close the server."""
        self._server.destroy()

    def _on_goal(self, request: Any) -> GoalResponse:
        try:
            self._prepared = self._node.attempt(lambda: self._prepare(request))
        except ArmatureError as error:
            if not self._tells_why:
                self._node.reports.report_outcome(refusal_outcome(error))
                return GoalResponse.REJECT
            self._prepared = _refuse_with(error)
        return GoalResponse.ACCEPT

    def _begin_goal(self, handle: ServerGoalHandle) -> None:
        handle.execute()
        begin, self._prepared = self._prepared, None
        assert begin is not None  # rclpy accepts a goal in the same call that asks for it
        try:
            goal = begin(lambda outcome: self._end(handle, outcome))
        except ArmatureError as error:
            outcome = refusal_outcome(error)
            self._end(handle, outcome)
            self._node.reports.report_outcome(outcome)  # not every action's result has a message
            return
        if goal is not None:
            self._active[_id(handle)] = handle, goal
            if goal.is_followed:
                self._node.paced.drop()  # it came before

    def _fail_goal(self, error: InternalError, handle: ServerGoalHandle) -> None:
        if handle.is_active:
            self._end(handle, refusal_outcome(error))

    def _cancel_goal(self, handle: ServerGoalHandle) -> CancelResponse:
        found = self._active.get(_id(handle))
        if found is None:
            return CancelResponse.REJECT
        found[1].cancel()
        return CancelResponse.ACCEPT

    def _end(self, handle: ServerGoalHandle, outcome: Outcome) -> None:
        self._active.pop(_id(handle), None)
        if not handle.is_active:  # an error of the program may end it twice
            return
        ending = {End.SUCCEEDED: handle.succeed, End.CANCELED: handle.canceled, End.ABORTED: handle.abort}
        ending[outcome.end]()
        text = in_namespace(outcome.message, self._node.get_namespace())
        self._server.finish(handle, self._result(replace(outcome, message=text)))


def _id(handle: ServerGoalHandle) -> bytes:
    return bytes(handle.goal_id.uuid)


def _refuse_with(error: ArmatureError) -> Begin:
    def begin(_on_end: OnEnd) -> ActiveGoal | None:
        raise error

    return begin
