"""Who may talk to the monitor, and what a browser may do with its page."""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from collections.abc import Collection
from urllib.parse import urlsplit

from flask import Request, Response
from werkzeug.exceptions import BadRequest, Forbidden, Unauthorized, UnsupportedMediaType

COOKIE = "armature_session"
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
    """The access key of one run, and the cookie that proves that it was given.

    Without a key everybody is let in: for a server that only this machine can reach.
    """

    def __init__(self, key: str | None) -> None:
        self._key = key
        self._session = secrets.token_urlsafe(32)

    @property
    def is_required(self) -> bool:
        """Whether a key must be given."""
        return self._key is not None

    def login(self, key: str, response: Response) -> Response:
        """Let the browser in for as long as this process runs.

        Raises:
            Unauthorized: a wrong key.
        """
        if self._key is not None and not hmac.compare_digest(key.encode(), self._key.encode()):
            raise Unauthorized("this is not the access key; it is printed where the monitor was started")
        response.set_cookie(COOKIE, self._session, httponly=True, samesite="Strict", path="/")
        return response

    def check(self, request: Request) -> None:
        """Refuse a request without the cookie.

        Raises:
            Unauthorized: no login yet, or one of an earlier run.
        """
        given = request.cookies.get(COOKIE, "")
        if self.is_required and not hmac.compare_digest(given.encode(), self._session.encode()):
            raise Unauthorized("log in with the access key that is printed where the monitor was started")


def new_access_key() -> str:
    """A key that cannot be guessed: 100 bits in four groups that can be read aloud."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"  # 31 letters and digits that are not mistaken for others
    groups = ["".join(secrets.choice(alphabet) for _ in range(5)) for _ in range(4)]
    return "-".join(groups)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
