"""Motions of an arm, from being sent to their end."""

from __future__ import annotations

import math
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import suppress
from typing import Any

from action_msgs.msg import GoalStatus

from armature.client.connection import SEE_STATUS, START, Connection
from armature.client.goals import patience
from armature.client.readings import Readings
from armature.client.state import MotionEnd
from armature.errors import ArmatureError, MotionFailed, MotionTimeout, ProcessError
from armature.nodes.common import topics
from armature.nodes.common.conversions import to_seconds
from armature.nodes.common.executor_bridge import settle

CONTROLLER = "arm_controller"
REST_TIMEOUT = 15.0  # of a motion that was cancelled [s]
_CHECK = 0.2  # how often it is looked whether somebody still follows the motion [s]
# A controller that ends a motion tells it sooner; one that was started anew since knows nothing of it.
_LOST_TIME = 2.0  # without the arm taking commands [s]
_BEGIN_TIME = 2.0  # until a motion has begun, or was refused [s]
_WORDS_TIME = 1.0  # until a controller has said why [s]


class Motion:
    """A motion that was sent: wait for its end, or cancel it."""

    def __init__(self, motions: Motions, service: topics.Service, goal: Any, name: str) -> None:
        """Args: motions: of the arm; service: the action; goal: its goal; name: for people."""
        self.name = name
        self.time = 0.0  # along the motion, as reported last [s]
        self.is_canceled = False  # or is to be, once it is accepted
        self._motions = motions
        self._controller = service.name.partition("/")[0]
        self._action = motions.connection.action(service)
        self._goal = goal
        self._handle: Any = None  # of the goal, once it is accepted
        self._sent_at = time.monotonic()
        self._lost_at = math.inf  # since when the arm takes no commands
        self._has_begun = False
        self._awaits_answer = False  # to its cancellation
        self._ended: Future[MotionEnd] = Future()

    def __repr__(self) -> str:
        words = "under way" if self.end is None else self.end.message or "it is not at its goal"
        return f"{self.name}: {words.removeprefix(f'the {self.name} is ')}"

    @property
    def end(self) -> MotionEnd | None:
        """How it has ended; None while it goes on."""
        return self._ended.result() if self._ended.done() else None

    @property
    def is_done(self) -> bool:
        """Whether it has ended."""
        return self._ended.done()

    def wait(self, timeout: float | None = None) -> str:
        """Wait until it has reached its goal; whatever interrupts the wait, as Ctrl-C does, cancels it.

        Args:
            timeout: longest wait [s], after which it goes on nevertheless; None waits as long as it takes.

        Returns:
            What the controller says.

        Raises:
            GoalRefused: a timeout that is no number.
            MotionFailed: it was refused, or has ended before its goal.
            MotionTimeout: it is still under way.
            ProcessError: the controller is gone, so the arm stops.
        """
        seconds = patience(timeout)
        give_up = time.monotonic() + seconds
        try:
            while not self.ends_within(min(_CHECK, max(0.0, give_up - time.monotonic()))):
                if time.monotonic() >= give_up:
                    break
        except BaseException:
            self.cancel(wait=False)
            raise
        if (end := self.end) is None:
            raise MotionTimeout(self.name, seconds, "wait for it again, or cancel it")
        if not end.is_reached:
            raise MotionFailed(end.message or self._why_refused(), end.code)
        return end.message

    def ends_within(self, seconds: float) -> bool:
        """Wait for its end for a time [s]; whether it has ended.

        Raises:
            MotionFailed: the arm takes no commands any more, and no controller knows of the motion.
            ProcessError: the controller is gone, so the arm stops.
        """
        with suppress(FutureTimeoutError):
            self._ended.result(seconds)
        if not self._ended.done():
            self._require_followed()
        return self._ended.done()

    def wait_begun(self) -> None:
        """Wait until it has begun.

        Raises:
            MotionFailed: it was refused.
        """
        self._motions.connection.wait_until(lambda: self._has_begun or self.is_done, _BEGIN_TIME)
        if self.is_done:
            self.wait()

    def cancel(self, *, wait: bool = True) -> None:
        """Cancel it: the arm slows down within its limits, on its path where that is as quick, and holds.

        Args:
            wait: until the arm rests.

        Raises:
            ProcessError: it does not come to rest.
        """
        self.is_canceled = True
        self._motions.connection.post(self.cancel_now)
        if wait:
            self._motions.require_rest()

    def is_served(self) -> bool:
        """Whether its action has been discovered."""
        return bool(self._action.server_is_ready())

    def send(self, accepted: Future[None]) -> None:
        """Send it; in the thread of the connection. `accepted` is settled by the answer."""
        sent = self._action.send_goal_async(self._goal, feedback_callback=self._on_feedback)
        self._motions.in_flight.add(self)
        sent.add_done_callback(lambda done: self._on_answer(done.result(), accepted))

    def _on_answer(self, handle: Any, accepted: Future[None]) -> None:
        if not handle.accepted:
            self._finish(MotionEnd(False, ""))
            settle(accepted, None)
            return
        self._handle = handle
        handle.get_result_async().add_done_callback(lambda done: self._finish(_end_of(done.result())))
        if not settle(accepted, None) or self.is_canceled:  # whoever asked has given up, as by Ctrl-C
            self.cancel_now()

    def _on_feedback(self, message: Any) -> None:
        self._has_begun = True
        desired = getattr(message.feedback, "desired", None)  # a gripper's has none
        if desired is not None:
            self.time = to_seconds(desired.time_from_start)

    def cancel_now(self) -> None:
        """Cancel it; in the thread of the connection."""
        self.is_canceled = True
        if self._handle is not None and not self.is_done and not self._awaits_answer:
            self._awaits_answer = True
            self._handle.cancel_goal_async().add_done_callback(lambda _: self._on_canceled())

    def _on_canceled(self) -> None:
        self._awaits_answer = False
        if self.is_done:
            self._motions.in_flight.discard(self)

    def _finish(self, end: MotionEnd) -> None:
        settle(self._ended, end)
        if not self._awaits_answer:  # else whoever leaves before it comes has the controller warn of it
            self._motions.in_flight.discard(self)

    def _require_followed(self) -> None:
        if not self.is_served():
            raise self._lost(ProcessError(CONTROLLER, "it is gone, so the arm stops", self._told(START)))
        state, now = self._motions.readings.reported, time.monotonic()
        self._lost_at = math.inf if state.takes_commands or self._is_preview else min(self._lost_at, now)
        if now - self._lost_at > _LOST_TIME:
            remedy = state.remedy or self._told(START)
            raise self._lost(MotionFailed(f"{self.name} has ended: the state is {state}; {remedy}"))

    def _lost(self, error: ArmatureError) -> ArmatureError:
        self._awaits_answer = False
        self._finish(MotionEnd(False, str(error)))
        return error

    @property
    def _is_preview(self) -> bool:
        trajectory = getattr(self._goal, "trajectory", None)
        return trajectory is not None and trajectory.header.frame_id == topics.PREVIEW

    def _why_refused(self) -> str:
        """Why the gripper's controller has refused it: that action's results have no words."""
        connection, said = self._motions.connection, self._motions.readings.last_words
        connection.wait_until(lambda: bool(said(self._controller, self._sent_at)), _WORDS_TIME)
        unsaid = f"{self.name} was refused; see: armature logs {CONTROLLER}"
        return said(self._controller, self._sent_at) or self._told(unsaid)

    def _told(self, text: str) -> str:
        return self._motions.connection.told(text)


class Motions:
    """Sends motions to the controllers of an arm, and knows those that have not ended."""

    def __init__(self, connection: Connection, readings: Readings) -> None:
        """Args: connection: to the graph; readings: of the arm."""
        self.connection = connection
        self.readings = readings
        self.in_flight: set[Motion] = set()

    def begin(self, service: topics.Service, goal: Any, name: str) -> Motion:
        """Send a motion; returns once its controller has answered.

        Args:
            service: the action, from the table of topics.
            goal: of its type.
            name: of the motion, for people.

        Raises:
            ProcessError: the controller does not answer.
        """
        motion = Motion(self, service, goal, name)
        self.connection.require(motion.is_served, CONTROLLER, "it does not answer")
        try:
            self.connection.bridge.wait(motion.send, CONTROLLER, name, self.connection.patience)
        except ProcessError:  # should the answer still come, it is cancelled
            self.in_flight.discard(motion)
            raise
        return motion

    def go(self, service: topics.Service, goal: Any, name: str, wait: bool, timeout: float | None) -> Motion:
        """Send a motion, and wait for its end, or until it has begun; arguments as `begin`.

        Args:
            service: see `begin`.
            goal: see `begin`.
            name: see `begin`.
            wait: for its end.
            timeout: longest wait for that, after which it is cancelled [s]; None waits as long as it takes.

        Raises:
            GoalRefused: a timeout that is no number.
            MotionFailed: it was refused, or has ended before its goal.
            MotionTimeout: it was cancelled.
            ProcessError: the controller does not answer, or is gone.
        """
        seconds = patience(timeout)  # before anything moves
        motion = self.begin(service, goal, name)
        if not wait:
            motion.wait_begun()
            return motion
        try:
            motion.wait(seconds)
        except MotionTimeout:
            motion.cancel()
            raise MotionTimeout(name, seconds, "it was cancelled; give it more time") from None
        return motion

    def cancel_now(self) -> None:
        """Cancel all that have not ended; in the thread of the connection."""
        for motion in list(self.in_flight):
            motion.cancel_now()

    def require_rest(self) -> None:
        """Wait until those that were cancelled have ended; those that nobody follows any more have.

        Raises:
            ProcessError: one of them does not.
        """
        give_up = time.monotonic() + REST_TIMEOUT
        canceled = [motion for motion in list(self.in_flight) if motion.is_canceled]
        for motion in canceled:
            while not self._has_left(motion) and time.monotonic() < give_up:
                with suppress(ArmatureError):
                    motion.ends_within(0.0)
        if self.in_flight.intersection(canceled):
            why = f"no end of the motion {REST_TIMEOUT:g} s after it was cancelled"
            raise ProcessError(CONTROLLER, why, self.connection.told(f"look at the arm, and {SEE_STATUS}"))

    def _has_left(self, motion: Motion) -> bool:
        return self.connection.wait_until(lambda: motion not in self.in_flight, _CHECK)


def _end_of(answer: Any) -> MotionEnd:
    """The end of a motion from its action's answer."""
    is_reached = answer.status == GoalStatus.STATUS_SUCCEEDED
    if hasattr(answer.result, "stalled"):
        is_stalled = bool(answer.result.stalled)
        text = "the gripper is blocked and holds" if is_stalled else "goal reached" if is_reached else ""
        return MotionEnd(is_reached, text, is_stalled=is_stalled)
    return MotionEnd(is_reached, str(answer.result.error_string), int(answer.result.error_code))
