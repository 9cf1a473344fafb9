"""A client of one move of the arm."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from action_msgs.msg import GoalStatus
from control_msgs.action import FollowJointTrajectory
from rclpy.action import ActionClient

from armature.cli.arm.client import START, Client
from armature.errors import CommandRefused, ProcessError
from armature.nodes.common import topics
from armature.nodes.common.conversions import to_seconds

_CONTROLLER = "arm_controller"
_POLL = 0.05  # [s]


@dataclass(frozen=True)
class MoveResult:
    """The end of a move."""

    is_reached: bool
    message: str


class Mover:
    """A client of one move."""

    def __init__(self, client: Client, service: topics.Service, signals: Sequence[int]) -> None:
        """Args: client: of the graph; service: the action; signals: those received so far."""
        self._client = client
        self._signals = signals
        self._action = ActionClient(client.node, service.kind, service.name)

    def destroy(self) -> None:
        """Close the client."""
        self._action.destroy()

    def preview(self, goal: FollowJointTrajectory.Goal) -> MoveResult:
        """Have the move planned; the message is the plan's figures as JSON."""
        goal.trajectory.header.frame_id = topics.PREVIEW
        end = self.follow(goal, lambda _time: None)
        goal.trajectory.header.frame_id = ""
        return end

    def follow(self, goal: FollowJointTrajectory.Goal, on_time: Callable[[float], None]) -> MoveResult:
        """Send a goal, and wait for its end; a signal cancels it.

        Args:
            goal: of the move.
            on_time: called with the time along the move [s].

        Returns:
            The result.

        Raises:
            CommandRefused: interrupted before the goal was sent, or twice.
            ProcessError: the controller does not answer, or has gone.
        """
        self._require(lambda: bool(self._signals) or self._action.server_is_ready(), "it does not answer")
        if self._signals:
            raise CommandRefused("move", "interrupted", "nothing was moved")
        feedback = lambda message: on_time(to_seconds(message.feedback.desired.time_from_start))  # noqa: E731
        sent = self._action.send_goal_async(goal, feedback_callback=feedback)
        # To leave now would leave a goal behind that nobody can cancel.
        self._require(sent.done, "it does not take the goal")
        answer = self._wait_for_end(sent.result())
        is_reached = answer.status == GoalStatus.STATUS_SUCCEEDED
        return MoveResult(is_reached, str(answer.result.error_string))

    def _wait_for_end(self, handle: Any) -> Any:
        ended, cancel = handle.get_result_async(), None
        while not ended.done():
            self._client.wait_until(ended.done, _POLL)
            if len(self._signals) > 1:
                raise CommandRefused("move", "interrupted twice", "see whether it stopped: armature status")
            if self._signals and cancel is None:
                cancel = handle.cancel_goal_async()
            if not self._action.server_is_ready():
                raise ProcessError(_CONTROLLER, "it is gone, so the arm stops", START)
        return ended.result()

    def _require(self, condition: Callable[[], bool], why: str) -> None:
        self._client.require(condition, _CONTROLLER, why)
