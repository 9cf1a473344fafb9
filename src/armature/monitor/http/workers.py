"""Threads reserved for one kind of request."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Generic, TypeVar

Job = TypeVar("Job")


class Workers(Generic[Job]):
    """A fixed number of threads, started at once, so that nothing else can take them."""

    def __init__(self, name: str, number: int, queued: int, work: Callable[[Job], None]) -> None:
        """Start the threads.

        Args:
            name: prefix of the threads' names.
            number: how many threads.
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
        """Queue a job; False if all threads are busy and the queue is full. Call it from one thread only."""
        if self._jobs.qsize() >= self._queued:
            return False
        self._jobs.put(job)
        return True

    def end(self) -> None:
        """Let the threads end once the queued jobs are done."""
        for _ in self._threads:
            self._jobs.put(None)

    def join(self, give_up: float | None = None) -> bool:
        """Wait until all threads have ended, at most until a monotonic time [s]; returns whether they have."""
        for thread in self._threads:
            thread.join(None if give_up is None else max(0.0, give_up - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._work(job)
