"""A small arm, a gateway that records what is asked of it, and a server over both."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from armature.core.model.arm import ArmModel
from armature.core.model.urdf import read_urdf
from armature.errors import ProcessError
from armature.monitor.api.control import Control
from armature.monitor.api.services import MonitorConfig
from armature.monitor.app import create_app
from armature.monitor.gateway import CommandResult, JointView, Recording, ServoInterfaceState, Snapshot
from armature.monitor.http.server import MonitorServer
from armature.monitor.hub import StreamHub

URDF = """<?xml version="1.0"?>
<robot name="two_axis">
  <link name="base_link"><visual><geometry><cylinder radius="0.05" length="0.08"/></geometry></visual></link>
  <link name="upper">
    <visual><origin xyz="0 0 0.1"/><geometry><box size="0.04 0.04 0.2"/></geometry></visual></link>
  <link name="fore">
    <visual><origin xyz="0 0 0.08"/><geometry><box size="0.03 0.03 0.16"/></geometry></visual></link>
  <link name="finger"><visual><geometry><box size="0.01 0.01 0.04"/></geometry></visual></link>
  <joint name="shoulder" type="revolute"><parent link="base_link"/><child link="upper"/><origin xyz="0 0 0.04"/>
    <axis xyz="0 1 0"/><limit lower="-1.5" upper="1.5" velocity="2" effort="4"/></joint>
  <joint name="elbow" type="revolute"><parent link="upper"/><child link="fore"/><origin xyz="0 0 0.2"/>
    <axis xyz="0 1 0"/><limit lower="-2" upper="2" velocity="3" effort="4"/></joint>
  <joint name="gripper" type="prismatic"><parent link="fore"/><child link="finger"/><origin xyz="0 0 0.18"/>
    <axis xyz="1 0 0"/><limit lower="0" upper="0.03" velocity="0.1" effort="10"/></joint>
</robot>"""
POSES = {"home": {"shoulder": 0.0, "elbow": 0.0}, "park": {"shoulder": -1.4, "elbow": 1.9}}


def _reading(name: str, position: float, velocity: float, effort: float, temperature: float) -> JointView:
    return JointView(
        name,
        age=0.01,
        position=position,
        velocity=velocity,
        effort=effort,
        commanded=position,
        current=0.31,
        temperature=temperature,
        voltage=12.1,
        torque_enabled=True,
        hardware_error=0,
    )


def enabled() -> Snapshot:
    return Snapshot(
        ServoInterfaceState("ENABLED", age=0.01, values={"torque": "on"}),
        joints=(
            _reading("shoulder", 0.5236, 0.0, 1.25, 36.0),
            _reading("elbow", -0.7854, 0.1, 0.4, 34.0),
            _reading("gripper", 0.0125, 0.0, 0.1, 30.0),
        ),
        protective_stop=False,
        recording=Recording(active=False),
    )


@dataclass
class RecordingGateway:
    """The other side of the Gateway contract: shows a given snapshot and notes every command."""

    newest: Snapshot = field(default_factory=enabled)
    calls: list[tuple[object, ...]] = field(default_factory=list)
    answer: CommandResult = field(default_factory=lambda: CommandResult(True, "done"))
    silent: bool = False
    may_answer: threading.Event = field(default_factory=threading.Event)
    asked: threading.Condition = field(default_factory=threading.Condition)

    def __post_init__(self) -> None:
        self.may_answer.set()

    def snapshot(self) -> Snapshot:
        return self.newest

    def protective_stop(self, engage: bool) -> CommandResult:
        return self._note("protective_stop", engage)

    def enable(self, on: bool) -> CommandResult:
        return self._note("enable", on)

    def stop_motion(self) -> CommandResult:
        return self._note("stop_motion")

    def jog(self, velocities: Mapping[str, float]) -> CommandResult:
        return self._note("jog", dict(velocities))

    def move_to_pose(self, name: str) -> CommandResult:
        return self._note("move_to_pose", name)

    def move_gripper(self, position: float) -> CommandResult:
        return self._note("move_gripper", position)

    def record(self, on: bool) -> CommandResult:
        return self._note("record", on)

    def clear_faults(self) -> CommandResult:
        return self._note("clear_faults")

    def torque_off(self) -> CommandResult:
        return self._note("torque_off")

    def wait_for(self, condition: Callable[[list[tuple[object, ...]]], bool], timeout: float = 10.0) -> bool:
        with self.asked:
            return self.asked.wait_for(lambda: condition(self.calls), timeout)

    def _note(self, *call: object) -> CommandResult:
        with self.asked:
            self.calls.append(call)
            self.asked.notify_all()
        assert self.may_answer.wait(20)
        if self.silent:
            raise ProcessError("servo_interface", "no answer", "start it again")
        return self.answer


@pytest.fixture
def gateway() -> RecordingGateway:
    return RecordingGateway()


@pytest.fixture
def hub() -> StreamHub:
    return StreamHub(capacity=3, heartbeat=0.2)


@pytest.fixture
def arm() -> ArmModel:
    return read_urdf(URDF, "two_axis.urdf")


@pytest.fixture
def config(arm: ArmModel) -> MonitorConfig:
    return MonitorConfig(arm=arm, poses=POSES)


@pytest.fixture
def page_root(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_text("<!doctype html><title>page</title>")
    return tmp_path


@pytest.fixture
def control(gateway: RecordingGateway) -> Control:
    return Control(gateway)


@pytest.fixture
def app(
    gateway: RecordingGateway, hub: StreamHub, page_root: Path, config: MonitorConfig, control: Control
) -> Flask:
    return create_app(gateway, hub, page_root, config, control)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def server(app: Flask, hub: StreamHub) -> Iterator[MonitorServer]:
    serving = MonitorServer(app, hub, "127.0.0.1", 0)
    yield serving
    serving.stop()


class Clock:
    """Time that a test passes [s]."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()
