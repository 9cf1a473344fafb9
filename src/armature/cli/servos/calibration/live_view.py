"""The project's own page beside a calibration: the arm in 3D as the hand moves it, on a port of its own."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from armature.cli.arguments import HTTP_TAKEN
from armature.cli.loading import uninterrupted
from armature.cli.servos.calibration.gateway import CalibrationGateway
from armature.cli.servos.wiring import WiredArm
from armature.cli.terminal import say
from armature.description.page_files import page_files
from armature.dynamixel.wiring.arm import ServoWiring
from armature.environment import state_folder
from armature.errors import ArmatureError, ProcessError
from armature.monitor.api.encode import edition_of, encode_snapshot
from armature.monitor.api.services import MonitorConfig
from armature.monitor.app import create_app
from armature.monitor.http.address import is_loopback
from armature.monitor.http.server import MonitorServer
from armature.monitor.hub import StreamHub
from armature.nodes.monitor.access_key import key_file, load_or_create_key
from armature.share import page_folder
from armature.web_address import page_url, web_address

NO_VIEW = "none"
_VIEWERS = 8
_HEARTBEAT = 5.0  # [s]


@dataclass(frozen=True)
class Step:
    """What a person is asked to do."""

    task: str
    asked: ServoWiring | None = None  # whose joint is to be pushed
    wanted: Mapping[str, float] = field(default_factory=dict)  # pose in which the arm is to be placed


Show = Callable[[Step, Mapping[str, float], Mapping[str, int]], None]
"""Takes the step, and by joint the position of those that were read [rad] or [m], and the direction."""


def view_address(options: argparse.Namespace) -> tuple[str, int] | None:
    """Host and port of the page; None where it is not wanted.

    Raises:
        ConfigError: it is no address.
    """
    return None if options.http == NO_VIEW else web_address(options.http)


@contextmanager
def live_view(wired: WiredArm, http: tuple[str, int] | None) -> Iterator[Show]:
    """Serve the page while the context lasts; where that is not possible say why, and go on without."""
    with ExitStack() as at_end:
        yield _hide if http is None else _serve(wired, http, at_end)


def _serve(wired: WiredArm, http: tuple[str, int], at_end: ExitStack) -> Show:
    try:
        with uninterrupted():  # threads of a server that nobody ends would keep the command
            page = _Page(wired, http)
            at_end.callback(page.close)
    except ArmatureError as error:
        say(f"without the 3D view: {error}")
        return _hide
    say(f"3D view: {page.url}")
    return page.show


def _hide(step: Step, positions: Mapping[str, float], directions: Mapping[str, int]) -> None:
    """Nobody watches."""


class _Page:
    """The monitor's web application over the readings of a calibration."""

    def __init__(self, wired: WiredArm, http: tuple[str, int]) -> None:
        root = page_folder()
        if not (root / "index.html").is_file():
            raise ProcessError("page", "it has not been built", "make web builds it")
        key = "" if is_loopback(http[0]) else load_or_create_key(key_file(state_folder(os.environ)))
        served, missing = page_files(wired.arm, wired.robot.urdf)
        hosts = frozenset(("localhost", http[0].lower()))
        config = MonitorConfig(wired.arm, {}, hosts, key or None, meshes=served, missing_meshes=missing)
        self._gateway = CalibrationGateway(joint.name for joint in wired.arm.driven)
        self._hub, self._edition = StreamHub(_VIEWERS, _HEARTBEAT), edition_of(config)
        app = create_app(self._gateway, self._hub, root, config)
        self._server = MonitorServer(app, self._hub, *http, remedy=HTTP_TAKEN)
        self.url = page_url(http[0], self._server.port) + (f" (access key {key})" if key else "")

    def show(self, step: Step, positions: Mapping[str, float], directions: Mapping[str, int]) -> None:
        """Send one reading to all viewers."""
        values = {f"direction.{joint}": f"{sign:+d}" for joint, sign in directions.items()}
        if step.asked is not None:
            values["asked"] = step.asked.joint
        self._gateway.update(step.task, values, positions, step.wanted)
        if self._hub.viewers:
            viewers, capacity = self._hub.viewers, self._hub.capacity
            self._hub.publish(encode_snapshot(self._gateway.snapshot(), viewers, capacity, edition=self._edition))

    def close(self) -> None:
        """End the server and its threads."""
        self._server.stop()
