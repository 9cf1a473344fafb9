"""Routes that read: the newest values, the arm's description and the live stream."""

from __future__ import annotations

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from armature.monitor.api.encode import edition_of, encode_model, encode_snapshot
from armature.monitor.api.failures import no_place
from armature.monitor.api.identity import page_of
from armature.monitor.api.services import Services
from armature.monitor.hub import MAY_STREAM


def blueprint(services: Services) -> Blueprint:
    """GET /api/state, /api/model and /api/stream."""
    routes = Blueprint("state", __name__, url_prefix="/api")
    hub, config = services.hub, services.config

    @routes.get("/state")
    def state() -> Response:
        driver, edition = services.control.driver(), edition_of(config)
        return _json(encode_snapshot(services.gateway.snapshot(), hub.viewers, hub.capacity, driver, edition))

    @routes.get("/model")
    def describe() -> Response:
        return _json(encode_model(config))

    @routes.get("/stream")
    def stream() -> Response:
        if not request.environ.get(MAY_STREAM, True):  # its path was written in another way
            raise NotFound
        viewer = page_of(request)
        frames = hub.open()
        if frames is None:
            raise no_place(hub.capacity)
        services.control.note_stream_opened(viewer)
        response = Response(iter(frames), content_type="text/event-stream")
        response.call_on_close(frames.close)
        response.call_on_close(lambda: services.control.note_stream_closed(viewer))
        response.headers.update({"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        return response

    return routes


def _json(data: bytes) -> Response:
    response = Response(data, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response
