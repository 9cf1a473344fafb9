"""Goals that take long to prepare, prepared in slices, so that set-points go on between them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from armature.core.outcome import Code, End, OnEnd, Outcome, aborted, refused
from armature.core.steps import Steps
from armature.errors import ArmatureError
from armature.nodes.goals import Begin
from armature.nodes.group_node import GroupNode

# Pieces of motion reach 200 ms ahead. What is prepared within the first slice begins as it is accepted.
_FIRST_SLICE, _SLICE, _PERIOD = 0.015, 0.005, 0.01  # [s]


@dataclass(eq=False)
class _Job:
    """A goal that is being prepared."""

    action: str
    steps: Steps[Begin]
    on_end: OnEnd
    is_canceled: bool = False


class Slices:
    """Prepares the goals of some actions, one at a time of each.

    Args:
        node: owner of the timer.
        clock: goes on evenly [s].
    """

    def __init__(self, node: GroupNode, clock: Callable[[], float] = time.monotonic) -> None:
        self._node = node
        self._clock = clock
        self._jobs: deque[_Job] = deque()
        self._timer = node.create_timer(_PERIOD, self._go_on, clock=node.steady)
        self._timer.cancel()

    def prepared(self, action: str, steps: Steps[Begin]) -> Begin:
        """Prepare a goal; what takes long goes on after it has begun.

        Args:
            action: whose goal it is.
            steps: end with what begins it.

        Returns:
            What begins it, to be called at once.

        Raises:
            ArmatureError: of the steps: it is refused.
        """
        done = self._advance(steps, _FIRST_SLICE)
        if done is not None:
            return done

        def begin(on_end: OnEnd) -> None:
            self._drop([job for job in self._jobs if job.action == action], "replaced by a newer goal")
            self._jobs.append(_Job(action, steps, on_end))
            self._timer.reset()

        return begin

    def cancel(self, action: str) -> bool:
        """Cancel the goal of an action, if it is being prepared.

        Returns:
            Whether there was one.
        """
        mine = [job for job in self._jobs if job.action == action]
        for job in mine:
            job.is_canceled = True  # it can end once this call has returned
        return bool(mine)

    def drop(self, why: str) -> None:
        """End whatever is being prepared, as aborted."""
        self._drop(list(self._jobs), why)

    def _drop(self, jobs: list[_Job], why: str) -> None:
        for job in jobs:
            self._jobs.remove(job)
            job.on_end(aborted(why))

    def _go_on(self) -> None:
        if not self._jobs:
            self._timer.cancel()
            return
        job = self._jobs.popleft()
        try:
            self._work_on(job)
        except ArmatureError as error:
            self._node.get_logger().warning(str(error))
            job.on_end(refused(error))

    def _work_on(self, job: _Job) -> None:
        if job.is_canceled:
            job.on_end(Outcome(End.CANCELED, Code.SUCCESSFUL, "canceled before it started"))
        elif (begin := self._advance(job.steps, _SLICE)) is not None:
            begin(job.on_end)
        else:
            self._jobs.append(job)

    def _advance(self, steps: Steps[Begin], seconds: float) -> Begin | None:
        """Go on for a time [s]; what the steps end with, if they did."""
        until = self._clock() + seconds
        try:
            while self._clock() < until:
                next(steps)
        except StopIteration as done:
            begin: Begin = done.value
            return begin
        return None
