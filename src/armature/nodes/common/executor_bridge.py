"""Lets other threads use a node: the work runs in its executor's thread, which alone calls rclpy."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import suppress
from typing import Any, Protocol, TypeVar

from armature.errors import ArmatureError, ProcessError
from armature.nodes.common.answers import run_guarded

T = TypeVar("T")


class HasExecutor(Protocol):
    """A node, or whatever else is run by an executor."""

    @property
    def executor(self) -> Any:
        """The executor; None while there is none."""


class ExecutorBridge:
    """Runs work in the executor's thread and waits for its result."""

    def __init__(self, node: HasExecutor, name: str) -> None:
        """Args: node: whose executor does the work; name: of this process, for errors."""
        self._node = node
        self._name = name
        self._waiting: set[Future[Any]] = set()
        self._lock = threading.Lock()
        self._is_closed = False

    def wait(self, begin: Callable[[Future[T]], None], process: str, request: str, timeout: float) -> T:
        """Have work done and wait for its answer.

        Args:
            begin: starts the work in the executor's thread; sets the answer, now or later.
            process: the process that is called, for the error.
            request: what is requested, for the error.
            timeout: longest wait [s].

        Raises:
            ProcessError: no answer in time, or this process is ending.
        """
        answer: Future[T] = Future()
        with self._lock:
            executor = self._node.executor
            if self._is_closed or executor is None:
                raise self._not_up()
            self._waiting.add(answer)
        try:
            executor.create_task(_begin, begin, answer)
            return answer.result(timeout)
        except FutureTimeoutError as error:
            raise ProcessError(
                process, f"no answer to {request} within {timeout:g} s", f"look at its log, or restart {process}"
            ) from error
        finally:
            answer.cancel()  # so that the work gives up too
            with self._lock:
                self._waiting.discard(answer)

    def close(self) -> None:
        """Let no thread wait any longer."""
        with self._lock:
            self._is_closed = True
            waiting = list(self._waiting)
        for answer in waiting:
            fail(answer, self._not_up())

    def _not_up(self) -> ProcessError:
        return ProcessError(self._name, "it is starting or ending", "try again in a moment")


def settle(answer: Future[T], value: T) -> bool:
    """Set an answer; returns False if it was settled before, as by another thread that has just given up."""
    try:
        answer.set_result(value)
    except InvalidStateError:
        return False
    return True


def fail(answer: Future[Any], error: ArmatureError) -> None:
    """Set an error as the answer, unless it is settled already."""
    with suppress(InvalidStateError):
        answer.set_exception(error)


def _begin(begin: Callable[[Future[Any]], None], answer: Future[Any]) -> None:
    if answer.done():  # given up before it began: it must not be carried out later
        return
    try:
        run_guarded(lambda: begin(answer))
    except ArmatureError as error:
        fail(answer, error)
