"""Routes that command the robot; each returns the robot's own answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Blueprint, Response, request

from armature.core.jog_limits import SPEEDS
from armature.core.model.arm import ArmModel
from armature.core.model.gripper import moves_as_one
from armature.errors import CommandRefused, GoalRefused, named
from armature.monitor.api import body
from armature.monitor.api.failures import answer
from armature.monitor.api.identity import page_of
from armature.monitor.api.jog_order import JogVerdict
from armature.monitor.api.services import Services
from armature.monitor.gateway import CommandResult


def blueprint(services: Services) -> Blueprint:
    """POST /api/protective_stop, /api/release, /api/enable, … and /api/login."""
    routes = Blueprint("commands", __name__, url_prefix="/api")
    gateway = services.gateway
    commands: dict[str, Callable[[], CommandResult]] = {
        "enable": _without_fields(lambda: gateway.enable(True)),
        "disable": _without_fields(lambda: gateway.enable(False)),
        "stop_motion": _without_fields(gateway.stop_motion),
        "clear_faults": _without_fields(gateway.clear_faults),
        "torque_off": _without_fields(gateway.torque_off),
        "pose": lambda: _pose(services),
        "gripper": lambda: _gripper(services),
    }
    for name, command in commands.items():
        routes.add_url_rule(
            f"/{name}", name, _one_at_a_time(name, _as_driver(services, name, command)), methods=["POST"]
        )
    record = _as_driver(services, "record", lambda: gateway.record(body.flag(_fields("on"), "on")), takes=False)
    routes.add_url_rule("/record", "record", _one_at_a_time("record", record), methods=["POST"])
    release = _without_fields(lambda: gateway.protective_stop(False))
    routes.add_url_rule("/release", "release", _one_at_a_time("release", release), methods=["POST"])

    # STOP waits for no other request and reads no body, and anyone may send it: nothing may delay it.
    @routes.post("/protective_stop")
    def protective_stop() -> Response:
        return _respond(gateway.protective_stop(True))

    @routes.post("/jog")
    def jog() -> Response:
        return _respond(_as_driver(services, "jog", lambda: _jog(services))())

    @routes.post("/take_over")
    def take_over() -> Response:
        _fields()
        services.control.take_over(page_of(request))
        return answer(True, "you drive")

    @routes.post("/login")
    def login() -> Response:
        key = body.text(_fields("key"), "key", 200)
        return services.access.login(key, answer(True, "logged in"))

    return routes


def _respond(outcome: CommandResult) -> Response:
    return answer(outcome.accepted, outcome.message, 200 if outcome.accepted else 409)


def _fields(*names: str) -> dict[str, Any]:
    return body.parse(request.get_data(), names)


def _as_driver(
    services: Services, name: str, command: Callable[[], CommandResult], *, takes: bool = True
) -> Callable[[], CommandResult]:
    """Accept a command from the page that drives only."""

    def run() -> CommandResult:
        with services.control.driving(page_of(request), name, takes=takes):
            return command()

    return run


def _without_fields(command: Callable[[], CommandResult]) -> Callable[[], CommandResult]:
    def run() -> CommandResult:
        _fields()
        return command()

    return run


def _one_at_a_time(name: str, command: Callable[[], CommandResult]) -> Callable[[], Response]:
    """Carry out one request of a kind at a time, so that waiting requests cannot take all threads."""
    lock = threading.Lock()

    @contextmanager
    def exclusive() -> Iterator[None]:
        if not lock.acquire(blocking=False):
            raise CommandRefused(name, "the same command is being carried out", "wait for its answer")
        try:
            yield
        finally:
            lock.release()

    def run() -> Response:
        with exclusive():
            return _respond(command())

    return run


def _pose(services: Services) -> CommandResult:
    return services.gateway.move_to_pose(body.choice(_fields("pose"), "pose", services.config.poses))


def _gripper(services: Services) -> CommandResult:
    fields, arm = _fields("position"), services.config.arm
    asked, joints = fields["position"], arm.gripper_joints
    if not joints:
        raise CommandRefused("gripper", f"{named(arm.name)} has no gripper", "jog its joints instead")
    names = [joint.name for joint in joints]
    if isinstance(asked, dict):
        body.require_fields(asked, names)
        return services.gateway.move_gripper({name: _place(asked, name, arm, name) for name in names})
    if not moves_as_one(joints):
        allowed = f"its joints move differently: give an object with each of {named(*names)}"
        raise GoalRefused("position", asked, allowed)
    return services.gateway.move_gripper(_place(fields, "position", arm, names[0]))


def _place(fields: dict[str, Any], field: str, arm: ArmModel, joint: str) -> float:
    limit = arm.limit(joint)
    return body.number(fields, field, limit.lower, limit.upper, arm.joint(joint).unit)


def _jog(services: Services) -> CommandResult:
    fields = _fields("velocities", "press", "sequence")
    velocities = _velocities(services, fields["velocities"])
    press, sequence = body.whole_number(fields, "press"), body.whole_number(fields, "sequence")
    verdict = services.jog_order.classify(page_of(request), press, sequence)
    if verdict is JogVerdict.OVERTAKEN:  # nothing is wrong, and the press goes on
        return CommandResult(True, verdict.value)
    if verdict is JogVerdict.TOO_LATE and any(velocities.values()):
        raise CommandRefused("jog", verdict.value, "let go, then press again")
    return services.gateway.jog(velocities)


def _velocities(services: Services, given: object) -> dict[str, float]:
    """The velocities of all joints that are being jogged; those that are not named stop."""
    arm, fraction = services.config.arm, max(SPEEDS)
    joints = [joint.name for joint in arm.arm_joints]
    if not isinstance(given, dict) or not given:
        raise GoalRefused(
            "velocities", type(given).__name__, "it must be an object of at least one velocity by joint"
        )
    for joint in given:
        body.choice({"joint": joint}, "joint", joints)
    bounds = {joint: fraction * arm.limit(joint).velocity for joint in given}
    return {
        joint: body.number(given, joint, -bound, bound, f"{arm.joint(joint).unit}/s")
        for joint, bound in bounds.items()
    }
