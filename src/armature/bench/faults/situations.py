"""What the arm is doing when a fault strikes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from armature.bench.faults.cases import Case
from armature.bench.simulation.controllers import Controllers
from armature.bench.simulation.virtual import Bench
from armature.core.model.document import read_document
from armature.core.trajectory.segments import LoopTime, Segment
from armature.core.trajectory.trajectory import Trajectory
from armature.dynamixel.tables.roles import Role
from armature.robots import DEFAULT_ROBOT, find_robot

_WAY = {"waist": 0.5, "shoulder": -0.2, "elbow": 0.3}  # [rad]
_MOVE_TIME = 1.5  # [s]
_JOG_SPEED = 0.3  # [rad/s]
_PARTWAY = 0.5  # [s]


def delivered_gains() -> dict[str, dict[str, int]]:
    """The gains that the arm is delivered with, by joint."""
    file = find_robot(DEFAULT_ROBOT).parameters[-1]
    content: Any = read_document(file.read_text("utf-8"), file.name)
    joints = content["/**/servo_interface"]["ros__parameters"]
    return {joint: {Role.POSITION_P_GAIN: values[Role.POSITION_P_GAIN]} for joint, values in joints.items()}


@dataclass(frozen=True)
class Stage:
    """The arm on virtual time that a fault is to strike, and its controllers."""

    bench: Bench
    controllers: Controllers

    @staticmethod
    def of(case: Case, *, resumes: bool = False) -> Stage:
        """Args: what is going to strike, and whether a loop before this one has served the arm."""
        settings = {"registers": delivered_gains(), "resumes": resumes, **case.settings}
        bench = Bench("home", limits=case.limits, **settings)
        return Stage(bench, Controllers(bench))


def idle(case: Case) -> Stage:
    """Enabled and at rest."""
    stage = Stage.of(case)
    stage.bench.enabled().run(0.2)
    return stage


def moving(case: Case) -> Stage:
    """In the middle of a trajectory of several joints."""
    stage = idle(case)
    bench = stage.bench
    begin = bench.loop.state.setpoints(bench.now)
    joints = tuple(_WAY)
    ends = [[begin[j].position for j in joints], [begin[j].position + _WAY[j] for j in joints]]
    rest = np.zeros((2, len(joints)))
    way = Trajectory(joints, np.array([0.0, _MOVE_TIME]), np.array(ends), rest, rest)
    bench.loop.follow(Segment(1, "s1", LoopTime(bench.now), way), bench.now)
    bench.run(0.4 * _MOVE_TIME)
    return stage


def jogging(case: Case) -> Stage:
    """With a jog button held down."""
    stage = idle(case)
    stage.controllers.jog({"waist": _JOG_SPEED, "elbow": -_JOG_SPEED})
    stage.bench.run(0.4)
    return stage


def starting(case: Case) -> Stage:
    """Held by the servos as a loop left them, before the next loop takes over."""
    before = idle(case).bench
    if case.stops:
        before.bus.close()  # as a process that was killed
    else:
        before.loop.release_bus()
    stage = Stage.of(case, resumes=True)
    stage.bench.take_over(before)
    stage.bench.port.time = before.port.time
    return stage


def parking(case: Case) -> Stage:
    """On the way to where torque may be turned off."""
    stage = idle(case)
    stage.bench.park()
    stage.bench.run(_PARTWAY)
    return stage


Situation = Callable[[Case], Stage]
"""Brings an arm to where a fault is to strike it."""

SITUATIONS: Mapping[str, Situation] = {
    "idle": idle,
    "moving": moving,
    "jogging": jogging,
    "starting": starting,
    "parking": parking,
}
