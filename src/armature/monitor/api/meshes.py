"""Meshes and their textures, for the page's view of the arm: those that the URDF names, and no other files."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from flask import Blueprint, Response, request, send_file
from werkzeug.exceptions import NotFound

from armature.monitor.api.services import MonitorConfig
from armature.monitor.hub import MAY_STREAM

_PREFIX = "/api/meshes"


def blueprint(config: MonitorConfig) -> Blueprint:
    """GET /api/meshes/NUMBER/NAME: each mesh, with what it names beside it, is a folder of its own."""
    routes = Blueprint("meshes", __name__, url_prefix=_PREFIX)
    folders = list(config.meshes.values())

    @routes.get("/<int:number>/<path:name>")
    def file(number: int, name: str) -> Response:
        may_stream = request.environ.get(MAY_STREAM, True)  # not if its path was written in another way
        if number >= len(folders) or name not in folders[number] or not may_stream:
            raise NotFound
        try:
            if not folders[number][name].is_file():  # any more; a pipe would keep the thread
                raise NotFound
            response = send_file(folders[number][name].absolute(), conditional=True)
        except OSError as error:
            raise NotFound from error
        response.headers["Cache-Control"] = (
            "private, no-cache"  # the browser keeps it, and asks whether it changed
        )
        return response

    return routes


def addresses(config: MonitorConfig) -> Mapping[str, str]:
    """Addresses of the meshes and textures, beside the page, by the URDF's names for them."""
    return {
        name: f"{_PREFIX[1:]}/{number}/{quote(next(iter(files)))}"
        for number, (name, files) in enumerate(config.meshes.items())
    }
