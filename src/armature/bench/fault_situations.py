"""What the arm is doing when a fault strikes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

import numpy as np

from armature.bench.fault_cases import Case, send_to_park
from armature.bench.virtual import ARM, JOINTS, Bench
from armature.core.document import read_document
from armature.core.group import GroupControl, GroupSettings
from armature.core.limits import GroupLimits
from armature.core.trajectory import Trajectory
from armature.dynamixel.setpoints import Piece
from armature.graph import DEFAULT_ROBOT, find_robot

_WAY = {"waist": 0.5, "shoulder": -0.2, "elbow": 0.3}  # [rad]
_MOVE_TIME = 1.5  # [s]
_JOG_SPEED = 0.3  # [rad/s]
_RENEW_EVERY = 0.02  # [s]
_PARTWAY = 0.5  # [s]


def _gains() -> dict[str, dict[str, int]]:
    """The gains that the arm is delivered with, by joint."""
    file = find_robot(DEFAULT_ROBOT).parameters[-1]
    content: Any = read_document(file.read_text("utf-8"), file.name)
    joints = content["/**/servo_interface"]["ros__parameters"]
    return {joint: {"Position P Gain": values["position_p_gain"]} for joint, values in joints.items()}


class Jogger:
    """The arm's controller as a node runs it, with a jog button held down."""

    def __init__(self, bench: Bench) -> None:
        """Args: an armed bench."""
        self._bench = bench
        self._serial = 100
        self._due = 0.0
        bounds = {joint: (bench.dynamics[joint].acceleration, bench.dynamics[joint].jerk) for joint in JOINTS}
        limits = GroupLimits.of(
            ARM,
            JOINTS,
            {joint: a for joint, (a, _) in bounds.items()},
            {joint: j for joint, (_, j) in bounds.items()},
        )
        tolerance = np.full(len(JOINTS), 0.1)
        self._control = GroupControl(limits, GroupSettings(start_tolerance=tolerance, margin=0.0 * tolerance))

    def step(self) -> None:
        """One cycle's time of the controller."""
        bench, control = self._bench, self._control
        now, axes = bench.now, bench.loop.axes
        control.note_state(bench.mode().name, bench.loop.session)
        setpoints = bench.loop.setpoints(now)
        control.note_commanded(now, {j: s.position for j, s in setpoints.items()}, bench.loop.session, now)
        read = {joint: axis for joint, axis in axes.items() if axis.ticks is not None}
        positions = {joint: axis.position for joint, axis in read.items()}
        control.note_reading(now, positions, {joint: axis.velocity for joint, axis in read.items()}, now)
        if bench.mode().takes_commands and now >= self._due:
            self._due = now + _RENEW_EVERY
            self._press(now)

    def _press(self, now: float) -> None:
        self._control.jog({"waist": _JOG_SPEED, "elbow": -_JOG_SPEED}, 0.0, now)
        piece = self._control.piece(now)
        if piece is not None:
            self._serial += 1
            self._bench.loop.follow(
                Piece(self._serial, self._bench.loop.session, piece.start, piece.trajectory), now
            )


class FaultBench(Bench):
    """A bench that looks at every cycle, and may have a jog button held down."""

    def __init__(self, case: Case, *, resumes: bool = False) -> None:
        """Args: what is going to strike, and whether a loop before this one has served the arm."""
        settings = {"registers": _gains(), "resumes": resumes, **case.settings}
        super().__init__("home", limits=case.limits, **settings)
        self.jogger: Jogger | None = None
        self.look: Callable[[], None] = lambda: None

    @property
    def cycle_at(self) -> float:
        """Time of the last cycle [s]."""
        return self._next

    def cycle(self) -> None:
        """One cycle, seen."""
        super().cycle()
        if self.jogger is not None:
            self.jogger.step()
        self.look()


B = TypeVar("B", bound=FaultBench)


def idle(case: Case, kind: type[B]) -> B:
    """Armed and at rest."""
    bench = kind(case)
    bench.armed().run(0.2)
    return bench


def moving(case: Case, kind: type[B]) -> B:
    """In the middle of a trajectory of several joints."""
    bench = idle(case, kind)
    begin = bench.loop.setpoints(bench.now)
    joints = tuple(_WAY)
    ends = [[begin[j].position for j in joints], [begin[j].position + _WAY[j] for j in joints]]
    rest = np.zeros((2, len(joints)))
    way = Trajectory(joints, np.array([0.0, _MOVE_TIME]), np.array(ends), rest, rest)
    bench.loop.follow(Piece(1, "s1", bench.now, way), bench.now)
    bench.run(0.4 * _MOVE_TIME)
    return bench


def jogging(case: Case, kind: type[B]) -> B:
    """With a jog button held down."""
    bench = idle(case, kind)
    bench.jogger = Jogger(bench)
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
    bench.far = bench.port.far = before.far
    bench.port.time = before.port.time
    return bench


def parking(case: Case, kind: type[B]) -> B:
    """On the way to where torque may be turned off."""
    bench = idle(case, kind)
    send_to_park(bench)
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
