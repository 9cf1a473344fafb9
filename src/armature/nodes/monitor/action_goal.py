"""One goal of an action, from sending it to its result."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from action_msgs.msg import GoalStatus

from armature.errors import ProcessError
from armature.monitor.board import Board
from armature.monitor.gateway import MotionStatus
from armature.nodes.common.executor_bridge import settle

_OUTCOMES = {
    GoalStatus.STATUS_SUCCEEDED: "succeeded",
    GoalStatus.STATUS_ABORTED: "aborted",
    GoalStatus.STATUS_CANCELED: "canceled",
}


class ActionGoal:
    """One goal from sending it to its result; every method runs in the executor's thread."""

    def __init__(self, board: Board | None, client: Any, goal: Any, label: str) -> None:
        """Prepare it.

        Args:
            board: gets its outcome; None for a goal that moves nothing.
            client: the action's client.
            goal: the action's goal message.
            label: a description for people.
        """
        self.result: Future[MotionStatus] = Future()
        self._board, self._client, self._goal = board, client, goal
        self._motion = MotionStatus(label, "running")
        self._handle: Any = None  # of the goal, once it is accepted

    def begin(self, accepted: Future[bool]) -> None:
        """Send the goal; settles `accepted` with the server's decision.

        Raises:
            ProcessError: no process serves the action.
        """
        if not self._client.server_is_ready():
            raise not_served("arm_controller", self._motion.goal)
        self._client.send_goal_async(self._goal).add_done_callback(
            lambda done: self._on_answer(done.result(), accepted)
        )

    def cancel(self, sent: Future[bool]) -> None:
        """Cancel the goal, which was accepted; settles `sent` as soon as the request is sent."""
        self._handle.cancel_goal_async()
        settle(sent, True)

    def _on_answer(self, handle: Any, accepted: Future[bool]) -> None:
        if handle.accepted:
            self._handle = handle
            if self._board is not None:
                self._board.motion = self._motion
            handle.get_result_async().add_done_callback(lambda done: self._on_end(done.result()))
        if not settle(accepted, bool(handle.accepted)) and handle.accepted:
            handle.cancel_goal_async()  # the requester has been told that there was no answer

    def _on_end(self, response: Any) -> None:
        outcome = _OUTCOMES.get(response.status, "unknown")
        motion = MotionStatus(self._motion.goal, outcome, _text_of(response.result))
        # A newer motion may have replaced this one on the board.
        if self._board is not None and self._board.motion is self._motion:
            self._board.motion = motion
        settle(self.result, motion)


def not_served(process: str, name: str) -> ProcessError:
    """The error of a process that does not serve what it should."""
    return ProcessError(process, f"it does not serve {name}", f"start {process}, or wait until it is up")


def _text_of(result: Any) -> str:
    if getattr(result, "stalled", False):
        return "the gripper is blocked and holds"
    return str(getattr(result, "error_string", ""))
