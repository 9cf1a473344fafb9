"""The built page (web/dist) as files."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, send_from_directory
from werkzeug.exceptions import ServiceUnavailable

_NOT_BUILT = "the page has not been built; run `make web` and load it again (the API answers without it)"


def blueprint(root: Path) -> Blueprint:
    """GET / and the files beside it."""
    routes = Blueprint("page", __name__)

    @routes.get("/")
    def index() -> Response:
        if not (root / "index.html").is_file():
            raise ServiceUnavailable(_NOT_BUILT)
        return _fresh(send_from_directory(root, "index.html"))

    @routes.get("/<path:name>")
    def file(name: str) -> Response:
        return send_from_directory(root, name)

    return routes


def _fresh(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-cache"
    return response
