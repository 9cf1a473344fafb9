"""The head of a request: what it asks for, and how long the rest is."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from werkzeug.exceptions import BadRequest, LengthRequired, RequestEntityTooLarge, RequestHeaderFieldsTooLarge

# A browser sends all cookies of this host, those of other ports too.
LONGEST_HEAD = 16384  # [byte]
# The longest command is far shorter.
LONGEST_BODY = 4096  # [byte]
_HUGE = 1e18  # stands for any longer announced length, to tell it from inf [byte]
_END = b"\r\n\r\n"
_PROTECTIVE_STOP, _RELEASE, _STREAM = "/api/protective_stop", "/api/release", "/api/stream"
_MESHES = "/api/meshes/"


@dataclass(frozen=True)
class Head:
    """The head of one request (RFC 9112)."""

    method: str
    path: str  # as it was sent, without the query
    length: int  # of the head itself, with its empty line [byte]
    body: float  # what is announced behind it [byte]; inf: in chunks, whose length is announced chunk by chunk

    @property
    def is_protective_stop(self) -> bool:
        """Whether it asks for the protective stop, which waits for no body and is not refused for one."""
        return self.method == "POST" and self.path == _PROTECTIVE_STOP

    @property
    def is_release(self) -> bool:
        """Whether it asks for the release of the protective stop."""
        return self.method == "POST" and self.path == _RELEASE

    @property
    def is_stream(self) -> bool:
        """Whether it asks for the live stream, whose response has no end."""
        return self.method == "GET" and self.path == _STREAM

    @property
    def is_mesh(self) -> bool:
        """Whether it asks for a mesh, which may be of any size, and on a disk that does not answer."""
        return self.method == "GET" and self.path.startswith(_MESHES)

    @property
    def awaited(self) -> int:
        """Length of head and body that must be received before the request is handled [byte].

        Raises:
            LengthRequired: the body comes in chunks.
            RequestEntityTooLarge: the body is longer than that of any command.
        """
        if self.is_protective_stop:
            return self.length
        if self.body == inf:
            raise LengthRequired("send the body with its Content-Length, not in chunks")
        if self.body > LONGEST_BODY:
            raise RequestEntityTooLarge(f"the body of a request may have at most {LONGEST_BODY} bytes")
        return self.length + int(self.body)


def read_head(received: bytes) -> Head | None:
    """Read the head at the beginning of the received data; None while it is incomplete.

    Raises:
        RequestHeaderFieldsTooLarge: it does not end within the longest head.
        BadRequest: it has no request line, two lengths, or a length that is no number.
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
