"""Follows one move to its end for a person, whose signals cancel it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from control_msgs.action import FollowJointTrajectory

from armature.client.connection import TIMEOUT, Connection
from armature.client.motion import Motions
from armature.client.readings import Readings
from armature.client.state import MotionEnd
from armature.errors import CommandRefused
from armature.nodes.common import topics

_POLL = 0.05  # [s]


class Mover:
    """Sends one move, which a signal cancels."""

    def __init__(self, connection: Connection, action: topics.Service, signals: Sequence[int]) -> None:
        """Args: connection: to the graph; action: of the move; signals: those received so far."""
        self._motions = Motions(connection, Readings(connection))
        self._action = action
        self._signals = signals

    def preview(self, goal: FollowJointTrajectory.Goal) -> MotionEnd:
        """Have the move planned; the message is the plan's figures as JSON."""
        goal.trajectory.header.frame_id = topics.PREVIEW
        end = self.follow(goal, lambda _time: None)
        goal.trajectory.header.frame_id = ""
        return end

    def follow(self, goal: FollowJointTrajectory.Goal, on_time: Callable[[float], None]) -> MotionEnd:
        """Send a goal, and wait for its end.

        Args:
            goal: of the move.
            on_time: called with the time along the move [s].

        Raises:
            CommandRefused: interrupted before the goal was sent, or twice.
            ProcessError: the controller does not answer, or has gone.
        """
        served = self._motions.connection.action(self._action).server_is_ready
        self._motions.connection.wait_until(lambda: bool(self._signals) or served(), TIMEOUT)
        if self._signals:
            raise CommandRefused("move", "interrupted", "nothing was moved")
        motion = self._motions.begin(self._action, goal, "move")
        while not motion.ends_within(_POLL):
            on_time(motion.time)
            if len(self._signals) > 1:
                raise CommandRefused("move", "interrupted twice", "see whether it stopped: armature status")
            if self._signals and not motion.is_canceled:
                motion.cancel(wait=False)
        assert motion.end is not None
        return motion.end
