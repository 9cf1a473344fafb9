"""Routes that command: each answers with what the robot itself answered."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Blueprint, Response, request

from armature.errors import CommandRefused
from armature.monitor import body
from armature.monitor.failures import answer
from armature.monitor.gateway import Outcome
from armature.monitor.services import Services


def blueprint(services: Services) -> Blueprint:
    """POST /api/stop, /api/release, /api/arm, … and /api/login."""
    routes = Blueprint("commands", __name__, url_prefix="/api")
    gateway = services.gateway
    plain: dict[str, Callable[[], Outcome]] = {
        "release": lambda: gateway.protective_stop(False),
        "arm": lambda: gateway.arm(True),
        "disarm": lambda: gateway.arm(False),
        "halt": gateway.stop_motion,
        "clear_faults": gateway.clear_faults,
    }
    for name, command in plain.items():
        routes.add_url_rule(f"/{name}", name, _alone(name, _without_fields(command)), methods=["POST"])
    with_fields: dict[str, Callable[[], Outcome]] = {
        "pose": lambda: _pose(services),
        "gripper": lambda: _gripper(services),
        "record": lambda: gateway.record(body.flag(_fields("on"), "on")),
    }
    for name, command in with_fields.items():
        routes.add_url_rule(f"/{name}", name, _alone(name, command), methods=["POST"])

    # STOP takes no turn and reads no body: nothing may stand in its way.
    @routes.post("/stop")
    def stop() -> Response:
        return _tell(gateway.protective_stop(True))

    @routes.post("/jog")
    def jog() -> Response:
        return _tell(_jog(services))

    @routes.post("/login")
    def login() -> Response:
        key = body.text(_fields("key"), "key", 200)
        return services.access.login(key, answer(True, "logged in"))

    return routes


def _tell(outcome: Outcome) -> Response:
    return answer(outcome.accepted, outcome.message, 200 if outcome.accepted else 409)


def _fields(*names: str) -> dict[str, Any]:
    return body.parse(request.get_data(), names)


def _without_fields(command: Callable[[], Outcome]) -> Callable[[], Outcome]:
    def run() -> Outcome:
        _fields()
        return command()

    return run


def _alone(name: str, command: Callable[[], Outcome]) -> Callable[[], Response]:
    """Let one request of a kind run at a time, so that waiting requests cannot take all threads."""
    lock = threading.Lock()

    @contextmanager
    def turn() -> Iterator[None]:
        if not lock.acquire(blocking=False):
            raise CommandRefused(name, "the same command is being carried out", "wait for its answer")
        try:
            yield
        finally:
            lock.release()

    def run() -> Response:
        with turn():
            return _tell(command())

    return run


def _pose(services: Services) -> Outcome:
    return services.gateway.move_to_pose(body.choice(_fields("pose"), "pose", services.config.poses))


def _gripper(services: Services) -> Outcome:
    fields = _fields("position")
    grippers = [joint for joint in services.config.arm.driven if joint.kind == "prismatic"]
    if not grippers or (limit := grippers[0].limit) is None:
        raise CommandRefused("gripper", f"{services.config.arm.name} has no gripper", "jog its joints instead")
    return services.gateway.move_gripper(body.number(fields, "position", limit.lower, limit.upper, "m"))


def _jog(services: Services) -> Outcome:
    fields = _fields("joint", "velocity", "press", "sequence")
    arm, fraction = services.config.arm, services.config.jog_speed
    joints = {joint.name: joint for joint in arm.driven if joint.kind != "prismatic"}
    joint = body.choice(fields, "joint", joints)
    fastest = fraction * arm.limit(joint).velocity
    velocity = body.number(fields, "velocity", -fastest, fastest, "rad/s")
    press, sequence = body.whole_number(fields, "press"), body.whole_number(fields, "sequence")
    if not services.jog_order.accepts(press, sequence):
        return Outcome(False, "a newer request of this press came first")
    return services.gateway.jog({joint: velocity})
