"""What the arm is doing when a fault strikes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

import numpy as np

from armature.bench.faults.cases import Case
from armature.bench.simulation.controlled import ControlledArm
from armature.core.model.document import read_document
from armature.core.trajectory.segments import LoopTime, Segment
from armature.core.trajectory.trajectory import Trajectory
from armature.dynamixel.tables.roles import Role
from armature.graph import DEFAULT_ROBOT, find_robot

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


class FaultBench(ControlledArm):
    """A bench that looks at every cycle, and may have a jog button held down."""

    def __init__(self, case: Case, *, resumes: bool = False) -> None:
        """Args: what is going to strike, and whether a loop before this one has served the arm."""
        settings = {"registers": delivered_gains(), "resumes": resumes, **case.settings}
        super().__init__("home", limits=case.limits, **settings)

    @property
    def cycle_at(self) -> float:
        """Time of the last cycle [s]."""
        return self._next


B = TypeVar("B", bound=FaultBench)


def idle(case: Case, kind: type[B]) -> B:
    """Enabled and at rest."""
    bench = kind(case)
    bench.enabled().run(0.2)
    return bench


def moving(case: Case, kind: type[B]) -> B:
    """In the middle of a trajectory of several joints."""
    bench = idle(case, kind)
    begin = bench.loop.state.setpoints(bench.now)
    joints = tuple(_WAY)
    ends = [[begin[j].position for j in joints], [begin[j].position + _WAY[j] for j in joints]]
    rest = np.zeros((2, len(joints)))
    way = Trajectory(joints, np.array([0.0, _MOVE_TIME]), np.array(ends), rest, rest)
    bench.loop.follow(Segment(1, "s1", LoopTime(bench.now), way), bench.now)
    bench.run(0.4 * _MOVE_TIME)
    return bench


def jogging(case: Case, kind: type[B]) -> B:
    """With a jog button held down."""
    bench = idle(case, kind)
    bench.hold(lambda now: bench.arm.control.jog({"waist": _JOG_SPEED, "elbow": -_JOG_SPEED}, 0.0, now))
    bench.run(0.4)
    return bench


def starting(case: Case, kind: type[B]) -> B:
    """Held by the servos, as a loop has left them, and about to be taken over by the next loop."""
    before = idle(case, kind)
    if case.stops:
        before.bus.close()  # as a process that was killed
    else:
        before.loop.leave()
    bench = kind(case, resumes=True)
    bench.take_over(before)
    bench.port.time = before.port.time
    return bench


def parking(case: Case, kind: type[B]) -> B:
    """On the way to where torque may be turned off."""
    bench = idle(case, kind)
    bench.park()
    bench.run(_PARTWAY)
    return bench


class Situation(Protocol):
    """Brings a bench of some kind to where a fault is to strike it."""

    def __call__(self, case: Case, kind: type[B]) -> B:
        """A bench of this kind, in which this case is going to strike."""


SITUATIONS: Mapping[str, Situation] = {
    "idle": idle,
    "moving": moving,
    "jogging": jogging,
    "starting": starting,
    "parking": parking,
}
