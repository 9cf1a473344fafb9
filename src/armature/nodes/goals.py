"""An action server whose goals begin as soon as they are accepted and are ended by whoever follows them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.node import Node

from armature.core.outcome import End, OnEnd, Outcome, refused
from armature.errors import ArmatureError
from armature.nodes.topics import Service

Begin = Callable[[OnEnd], None]
"""Begins a goal, with the function to call at its end; raises what refuses it after all."""


class _PatientServer(ActionServer):  # rclpy is untyped
    """An action server whose goals have no coroutine.

    In Jazzy a coroutine that awaits is run again and again: a goal in motion cost half a core.
    """

    def notify_execute(self, goal_handle: ServerGoalHandle, execute_callback: Any) -> None:
        """The goal is in state EXECUTING; whoever follows it will call `finish`."""

    def finish(self, goal_handle: ServerGoalHandle, result: Any) -> None:
        """Answer the goal's result."""
        super().notify_execute(goal_handle, lambda _handle: result)


class GoalServer:
    """Serves one action, one running goal at a time, without blocking the executor.

    A goal is planned and checked before it is accepted, so that it moves at once when it is. One that is refused
    is accepted too, and ended at once: a rejection could not carry the reason.

    Args:
        node: owner.
        service: the action.
        prepare: plans and checks a goal's request, and returns what begins it; raises what refuses it.
        cancel: begins to cancel the running goal.
        result: makes the action's result from an outcome.
    """

    def __init__(
        self,
        node: Node,
        service: Service,
        prepare: Callable[[Any], Begin],
        cancel: Callable[[], None],
        result: Callable[[Outcome], Any],
    ) -> None:
        self._node = node
        self._prepare = prepare
        self._cancel = cancel
        self._result = result
        self._prepared: Begin | None = None  # of the request that is being accepted
        self._running: ServerGoalHandle | None = None
        self._server = _PatientServer(
            node,
            service.kind,
            service.name,
            execute_callback=lambda _handle: None,
            goal_callback=self._asked,
            handle_accepted_callback=self._accepted,
            cancel_callback=self._canceled,
        )

    def publish_feedback(self, feedback: Any) -> None:
        """Send feedback to the client of the running goal, if there is one."""
        if self._running is not None:
            self._running.publish_feedback(feedback)

    def destroy(self) -> None:
        """Close the server."""
        self._server.destroy()

    def _asked(self, request: Any) -> GoalResponse:
        try:
            self._prepared = self._prepare(request)
        except ArmatureError as error:
            self._prepared = _refusing(error)
        return GoalResponse.ACCEPT

    def _accepted(self, handle: ServerGoalHandle) -> None:
        handle.execute()
        begin, self._prepared = self._prepared, None
        assert begin is not None  # rclpy accepts a goal in the same call that asks for it
        before, self._running = self._running, handle
        try:
            begin(lambda outcome: self._end(handle, outcome))
        except ArmatureError as error:
            self._running = before
            self._node.get_logger().warning(str(error))
            self._end(handle, refused(error))

    def _canceled(self, handle: ServerGoalHandle) -> CancelResponse:
        if handle is not self._running:
            return CancelResponse.REJECT  # a newer one is about to replace it
        self._cancel()
        return CancelResponse.ACCEPT

    def _end(self, handle: ServerGoalHandle, outcome: Outcome) -> None:
        if handle is self._running:
            self._running = None
        ending = {End.SUCCEEDED: handle.succeed, End.CANCELED: handle.canceled, End.ABORTED: handle.abort}
        ending[outcome.end]()
        self._server.finish(handle, self._result(outcome))


def _refusing(error: ArmatureError) -> Begin:
    def begin(_on_end: OnEnd) -> None:
        raise error

    return begin
