"""Access to the monitor, and what a browser may do with its page."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from flask import Request, Response
from werkzeug.exceptions import BadRequest, Forbidden, Unauthorized, UnsupportedMediaType

COOKIE = "armature_session"
_WHERE = "which `armature up` prints, and which is kept where the monitor's log says"
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def check_host(request: Request, names: Collection[str]) -> None:
    """Refuse a request that came by a name that is not ours: the guard against DNS rebinding.

    An IP address is always ours, since rebinding needs a name. Flask's TRUSTED_HOSTS knows names only.

    Raises:
        BadRequest: the Host header is neither an address nor one of the names.
    """
    host = urlsplit(f"//{request.host}").hostname or ""
    if not (_is_address(host) or host in names):
        raise BadRequest(f"host {host[:60]!r} is not known; use the address, or add the name to trusted_hosts")


def check_command(request: Request) -> None:
    """Refuse a command that another site's page may have sent.

    Raises:
        UnsupportedMediaType: not JSON (a form of another site can send no JSON without a preflight).
        Forbidden: sent by a page of another origin.
    """
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("send the command as application/json")
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"{request.scheme}://{request.host}":
        raise Forbidden("commands are accepted from the monitor's own page only")
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise Forbidden("commands are accepted from the monitor's own page only")


def add_headers(response: Response) -> Response:
    """Tell the browser to load nothing foreign and to show the page in no frame."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response


class Access:
    """The access key, the cookie that proves that a browser gave it, and the key itself from a program.

    Without a key everybody is let in: for a server that only this machine can reach.
    """

    def __init__(self, key: str | None) -> None:
        self._key = key
        # The same after a restart, so that open pages go on, and of all arms of a machine: browsers keep one
        # cookie a host, whatever the port.
        self._session = hmac.new((key or "").encode(), b"armature session", "sha256").hexdigest()

    def login(self, key: str, response: Response) -> Response:
        """Let the browser in, for as long as the key stays the same.

        Raises:
            Unauthorized: a wrong key.
        """
        if self._key is not None and not _same(key, self._key):
            raise Unauthorized(f"this is not the access key, {_WHERE}")
        response.set_cookie(COOKIE, self._session, httponly=True, samesite="Strict", path="/")
        return response

    def check(self, request: Request) -> None:
        """Refuse a request with neither the cookie nor the key itself (RFC 6750).

        Raises:
            Unauthorized: no login yet, or with another key.
        """
        if self._key is None:
            return
        cookie = request.cookies.get(COOKIE, "")
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not (_same(cookie, self._session) or _same(bearer, self._key)):
            raise Unauthorized(f"log in with the access key, {_WHERE}")


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode())


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
