"""A node whose internal errors end the callback in which they occur, not the process."""

from __future__ import annotations

import functools
import traceback
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, TypeVar

from rclpy.node import Node

from armature.errors import InternalError
from armature.nodes.common.answers import run_guarded

T = TypeVar("T")


class GuardedNode(Node):
    """Handles errors of the program itself: an executor would end the process at the first of them."""

    @abstractmethod
    def fail(self, error: InternalError) -> None:
        """Bring what a callback may have left half done into a safe state, and report why."""

    def attempt(self, work: Callable[[], T]) -> T:
        """Run what changes nothing, so that an error of the program in it is only a refusal; see `run_guarded`."""
        return run_guarded(work, self._log)

    def guard(
        self, callback: Callable[..., Any], otherwise: Callable[..., Any] | None = None
    ) -> Callable[..., Any]:
        """A callback whose errors `fail` handles.

        Args:
            callback: any.
            otherwise: makes what is returned then, from the error and the callback's arguments.
        """

        @functools.wraps(callback)
        def guarded(*given: Any) -> Any:
            try:
                return callback(*given)
            except Exception as error:  # noqa: BLE001  # whatever it is
                internal = self._log(error)
                self._end(internal)
                return otherwise(internal, *given) if otherwise else None

        return guarded

    def create_subscription(self, kind: Any, name: str, callback: Any, *given: Any, **options: Any) -> Any:
        """See rclpy's Node."""
        return super().create_subscription(kind, name, self.guard(callback), *given, **options)

    def create_timer(self, period: float, callback: Any, *given: Any, **options: Any) -> Any:
        """See rclpy's Node."""
        return super().create_timer(period, self.guard(callback), *given, **options)

    def create_service(self, kind: Any, name: str, callback: Any, *given: Any, **options: Any) -> Any:
        """See rclpy's Node."""
        return super().create_service(kind, name, self.guard(callback, _unsuccessful), *given, **options)

    def _end(self, error: InternalError) -> None:
        try:
            self.fail(error)
        except Exception as worse:  # noqa: BLE001  # the same error may stand in the way
            self._log(worse)

    def _log(self, error: Exception) -> InternalError:
        where = "".join(traceback.format_exception(error))
        self.get_logger().error(where, throttle_duration_sec=1.0)  # a timer may meet it again and again
        return InternalError(error)


def _unsuccessful(error: InternalError, _request: Any, response: Any) -> Any:
    if hasattr(response, "success"):
        response.success, response.message = False, str(error)
    return response
