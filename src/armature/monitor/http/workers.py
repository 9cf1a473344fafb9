"""Threads that are kept for one kind of request."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Generic, TypeVar

Job = TypeVar("Job")


class Workers(Generic[Job]):
    """A fixed number of threads, there from the start, so that nothing else can take them."""

    def __init__(self, name: str, number: int, queued: int, work: Callable[[Job], None]) -> None:
        """Start the threads.

        Args:
            name: of the threads.
            number: of threads.
            queued: how many jobs may wait for a thread.
            work: does one job; it raises nothing.
        """
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._queued = queued
        self._work = work
        self._threads = [threading.Thread(target=self._run, name=f"{name}-{n}") for n in range(number)]
        for thread in self._threads:
            thread.start()

    def put(self, job: Job) -> bool:
        """Hand a job over, from one thread alone; False where all are busy and as many wait as may."""
        if self._jobs.qsize() >= self._queued:
            return False
        self._jobs.put(job)
        return True

    def end(self) -> None:
        """Let the threads end once the jobs are done that were put before."""
        for _ in self._threads:
            self._jobs.put(None)

    def join(self, give_up: float | None = None) -> bool:
        """Wait until all threads have ended, at most until a monotonic time [s]; whether they have."""
        for thread in self._threads:
            thread.join(None if give_up is None else max(0.0, give_up - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._work(job)
