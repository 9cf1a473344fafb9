"""Services that answer with success and a message, at once or later, without blocking the executor."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeVar

from rclpy.exceptions import InvalidHandle
from rclpy.node import Node

from armature.core.recovery_commands import in_namespace
from armature.errors import ArmatureError, InternalError
from armature.nodes.common.topics import Service

Act = Callable[[Any], "str | Future[str]"]
T = TypeVar("T")


def run_guarded(work: Callable[[], T], log: Callable[[Exception], object] = traceback.print_exception) -> T:
    """Run work whose result somebody waits for, whatever goes wrong.

    Args:
        work: any.
        log: writes down where an error of the program came from; stderr unless given.

    Raises:
        ArmatureError: of the work; InternalError for an error of the program.
    """
    try:
        return work()
    except ArmatureError:
        raise
    except Exception as error:
        log(error)
        raise InternalError(error) from error


class AnswerService:
    """Serves Trigger or SetBool.

    A coroutine would do the same, but Jazzy's executors poll one without rest, and its EventsExecutor awaits none.
    So the callback returns a future, and the answer is sent when that is done: with the header of the request,
    which the executors hand to `send_response` alone.
    """

    def __init__(self, node: Node, service: Service, act: Act) -> None:
        """Announce it.

        Args:
            node: owner.
            service: its name and type.
            act: carries out a request, and returns what was done, now or as a future; raises an ArmatureError
                to refuse.
        """
        self._node, self._namespace = node, node.get_namespace()
        self._kind = service.kind
        self._act = act
        self._server = node.create_service(service.kind, service.name, self._serve)
        self._send = self._server.send_response
        self._server.send_response = self._send_now_or_later

    def close(self) -> None:
        """Withdraw it; an answer that is still to come is dropped."""
        self._node.destroy_service(self._server)

    def _serve(self, request: Any, _response: Any) -> Future[str]:
        answer: Future[str] = Future()
        try:
            done = run_guarded(lambda: self._act(request))
        except ArmatureError as error:
            answer.set_exception(error)
        else:
            if isinstance(done, Future):
                return done
            answer.set_result(done)
        return answer

    def _send_now_or_later(self, answer: Future[str], header: Any) -> None:
        answer.add_done_callback(lambda done: self._send_answer(done, header))

    def _send_answer(self, done: Future[str], header: Any) -> None:
        response = self._kind.Response(success=True)
        try:
            text = done.result()
        except ArmatureError as error:
            response.success, text = False, str(error)
        response.message = in_namespace(text, self._namespace)
        with suppress(InvalidHandle):  # it was withdrawn meanwhile
            self._send(response, header)
