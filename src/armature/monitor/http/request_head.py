"""What the head of a request tells first of all: what is asked for, and how long the rest is."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from werkzeug.exceptions import BadRequest, LengthRequired, RequestEntityTooLarge, RequestHeaderFieldsTooLarge

# A browser sends all its cookies of this host along, those of other ports too.
LONGEST_HEAD = 16384  # [byte]
# The longest command is far shorter.
LONGEST_BODY = 4096  # [byte]
_HUGE = 1e18  # a length that is told, however long, is none that is not [byte]
_END = b"\r\n\r\n"
_PROTECTIVE_STOP, _RELEASE, _STREAM = "/api/protective_stop", "/api/release", "/api/stream"


@dataclass(frozen=True)
class Head:
    """The head of one request (RFC 9112)."""

    method: str
    path: str  # as it was sent, without the query
    length: int  # of the head itself, with its empty line [byte]
    body: float  # what is announced behind it [byte]; inf: in chunks, which tell their length as they come

    @property
    def is_protective_stop(self) -> bool:
        """Whether it asks for the protective stop, which waits for no body and is refused for none."""
        return self.method == "POST" and self.path == _PROTECTIVE_STOP

    @property
    def is_release(self) -> bool:
        """Whether it asks for the release of the protective stop."""
        return self.method == "POST" and self.path == _RELEASE

    @property
    def is_stream(self) -> bool:
        """Whether it asks for the live stream, whose answer has no end."""
        return self.method == "GET" and self.path == _STREAM

    @property
    def awaited(self) -> int:
        """Length of head and body that must have come before anything is done [byte].

        Raises:
            LengthRequired: a body in chunks.
            RequestEntityTooLarge: a body that no command has.
        """
        if self.is_protective_stop:
            return self.length
        if self.body == inf:
            raise LengthRequired("send the body with its Content-Length, not in chunks")
        if self.body > LONGEST_BODY:
            raise RequestEntityTooLarge(f"the body of a request may have at most {LONGEST_BODY} bytes")
        return self.length + int(self.body)


def read_head(received: bytes) -> Head | None:
    """Read the head at the beginning of what has been received; None while its end has not come.

    Raises:
        RequestHeaderFieldsTooLarge: no end within the longest head.
        BadRequest: it has no request line, or says two lengths or none that is a number.
    """
    end = received.find(_END)
    if max(end, 0 if end >= 0 else len(received)) > LONGEST_HEAD:
        raise RequestHeaderFieldsTooLarge(f"the head of a request may have at most {LONGEST_HEAD} bytes")
    if end < 0:
        return None
    line, *fields = received[:end].decode("latin-1").split("\r\n")
    words = line.split(" ")
    if len(words) != 3:
        raise BadRequest("the first line of a request is METHOD PATH HTTP/1.1")
    if not words[1].startswith("/"):
        raise BadRequest("a path begins with /")
    if fields and fields[0][:1] in " \t":
        raise BadRequest("a header begins with its name")
    return Head(words[0], words[1].partition("?")[0], end + len(_END), _announced(fields))


def _announced(fields: list[str]) -> float:
    parts = [field.partition(":") for field in fields]
    values = [(name.strip().lower(), value.strip()) for name, _, value in parts]
    if any(name == "transfer-encoding" for name, _ in values):
        return inf
    lengths = {value for name, value in values if name == "content-length"}
    if len(lengths) > 1 or not all(value.isascii() and value.isdigit() for value in lengths):
        raise BadRequest("Content-Length must be one whole number")
    return min(float(lengths.pop()), _HUGE) if lengths else 0.0
