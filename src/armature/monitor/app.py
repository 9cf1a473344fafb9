"""The web application over a gateway."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, request

from armature.monitor.api import commands, failures, meshes, page, security, state
from armature.monitor.api.control import Control
from armature.monitor.api.jog_order import JogOrder
from armature.monitor.api.services import MonitorConfig, Services
from armature.monitor.gateway import Gateway
from armature.monitor.http.request_head import LONGEST_BODY
from armature.monitor.hub import StreamHub

# Served without a login: the page asks for the key, and anyone may press STOP.
_OPEN = frozenset({"page.index", "page.file", "commands.login", "commands.protective_stop"})


def create_app(
    gateway: Gateway, hub: StreamHub, page_root: Path, config: MonitorConfig, control: Control | None = None
) -> Flask:
    """Make the web application.

    Args:
        gateway: the robot.
        hub: where the live stream's frames are published.
        page_root: folder of the built page (web/dist).
        config: the arm, its poses and who may connect.
        control: who drives; by default a new one.
    """
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LONGEST_BODY
    access, order = security.Access(config.access_key), JogOrder(config.jog_lease)
    services = Services(gateway, hub, config, access, order, control or Control(gateway))
    failures.register(app)
    _guard(app, services)
    app.register_blueprint(state.blueprint(services))
    app.register_blueprint(commands.blueprint(services))
    app.register_blueprint(meshes.blueprint(config))
    app.register_blueprint(page.blueprint(page_root))
    app.after_request(security.add_headers)
    return app


def _guard(app: Flask, services: Services) -> None:
    @app.before_request
    def check() -> None:
        security.check_host(request, services.config.trusted_hosts)
        if request.method not in ("GET", "HEAD", "OPTIONS"):
            security.check_command(request)
        if request.endpoint not in _OPEN:
            services.access.check(request)
