"""Preparation of long goals in slices, with time for set-points between them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from armature.core.control.goal import Code, End, OnEnd, Outcome, abort_outcome, refusal_outcome
from armature.core.steps import Steps
from armature.errors import ArmatureError
from armature.nodes.arm_controller.action_server import ActiveGoal, Begin
from armature.nodes.arm_controller.group_node import GroupNode

# Set-point segments reach 200 ms ahead. What is prepared within the first slice begins as it is accepted.
_FIRST_SLICE, _SLICE, _PERIOD = 0.015, 0.005, 0.01  # [s]


@dataclass(eq=False)
class _Job:
    """A goal that is being prepared."""

    action: str
    steps: Steps[Begin]
    on_end: OnEnd
    active: ActiveGoal


class BackgroundPlanning:
    """Prepares the goals of some actions, one at a time of each.

    Args:
        node: owner of the timer.
        clock: monotonic [s].
    """

    def __init__(self, node: GroupNode, clock: Callable[[], float] = time.monotonic) -> None:
        self._node = node
        self._clock = clock
        self._jobs: deque[_Job] = deque()
        self._timer = node.create_timer(_PERIOD, self._run_slice, clock=node.steady)
        self._timer.cancel()

    def prepare(self, action: str, steps: Steps[Begin]) -> Begin:
        """Prepare a goal; what takes long goes on after it has begun.

        Args:
            action: whose goal it is.
            steps: end with what begins it.

        Returns:
            What begins it, to be called at once.

        Raises:
            ArmatureError: of the steps: it is refused.
        """
        done = self._run_steps(steps, _FIRST_SLICE)
        if done is not None:
            return done

        def begin(on_end: OnEnd) -> ActiveGoal:
            self._drop([job for job in self._jobs if job.action == action], "replaced by a newer goal")
            active = ActiveGoal(lambda: None, is_waiting=True)
            self._jobs.append(_Job(action, steps, on_end, active))
            self._timer.reset()
            return active

        return begin

    @property
    def is_busy(self) -> bool:
        """Whether something is being prepared."""
        return bool(self._jobs)

    def drop(self, why: str) -> None:
        """End whatever is being prepared, as aborted."""
        self._drop(list(self._jobs), why)

    def _drop(self, jobs: list[_Job], why: str) -> None:
        for job in jobs:
            self._end(job, abort_outcome(why))

    def _end(self, job: _Job, outcome: Outcome) -> None:
        self._jobs.remove(job)
        job.on_end(outcome)

    def _run_slice(self) -> None:
        if not self._jobs:
            self._timer.cancel()
            return
        job = self._jobs[0]  # it stays among them until it has ended or begun, so that no error loses it
        self._jobs.rotate(-1)
        try:
            self._run_job(job)
        except ArmatureError as error:
            self._node.get_logger().warning(str(error))
            self._end(job, refusal_outcome(error))

    def _run_job(self, job: _Job) -> None:
        if job.active.is_canceled:
            self._end(job, Outcome(End.CANCELED, Code.SUCCESSFUL, "canceled before it started"))
            return
        begin = self._node.attempt(lambda: self._run_steps(job.steps, _SLICE))
        if begin is not None:
            job.active.begun = begin(job.on_end)
            self._jobs.remove(job)

    def _run_steps(self, steps: Steps[Begin], seconds: float) -> Begin | None:
        """Run the steps for a time [s]; returns their result, if they have ended."""
        until = self._clock() + seconds
        try:
            while self._clock() < until:
                next(steps)
        except StopIteration as done:
            begin: Begin = done.value
            return begin
        return None
