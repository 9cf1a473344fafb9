"""Errors as JSON answers, never as a traceback."""

from __future__ import annotations

from flask import Flask, Response, current_app
from werkzeug.exceptions import HTTPException, ServiceUnavailable

from armature.errors import CommandRefused, GoalRefused, ProcessError
from armature.monitor.api.encode import encode
from armature.monitor.api.security import add_headers

_RETRY_AFTER = 5  # [s]


def register(app: Flask) -> None:
    """Return every error as {"ok": false, "message": …}."""
    app.register_error_handler(GoalRefused, _goal_refused)
    app.register_error_handler(CommandRefused, _command_refused)
    app.register_error_handler(ProcessError, _process_error)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(Exception, _unexpected)


def answer(ok: bool, message: str, status: int = 200, **facts: object) -> Response:
    """The one form of every answer to a command."""
    return Response(encode({"ok": ok, "message": message, **facts}), status, content_type="application/json")


def no_place(capacity: int) -> ServiceUnavailable:
    """The refusal of a stream, with the time after which to try again.

    Args:
        capacity: how many may be open.
    """
    message = f"all {capacity} places of viewers are taken; close another page"
    return ServiceUnavailable(message, retry_after=_RETRY_AFTER)


def bare_answer(error: HTTPException, *, stays: bool) -> bytes:
    """A refusal in bytes (RFC 9112), sent without asking the application.

    Args:
        error: the refusal.
        stays: whether the connection stays open for another request.
    """
    response = add_headers(http_error(error))
    if not stays:
        response.headers["Connection"] = "close"
    return f"HTTP/1.1 {response.status}\r\n{response.headers}".encode("latin-1") + response.get_data()


def _goal_refused(error: GoalRefused) -> Response:
    return answer(False, str(error), 422, field=error.where, value=str(error.value), bound=error.allowed)


def _command_refused(error: CommandRefused) -> Response:
    return answer(False, str(error), 409)


def _process_error(error: ProcessError) -> Response:
    return answer(False, str(error), 503)


def http_error(error: HTTPException) -> Response:
    """A refusal of HTTP itself in the same form."""
    response = answer(False, error.description or error.name, error.code or 500)
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            response.headers[name] = value
    return response


def _unexpected(error: Exception) -> Response:
    current_app.logger.error("unexpected error", exc_info=error)
    return answer(False, "unexpected error in the monitor; its log holds the details", 500)
