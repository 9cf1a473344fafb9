"""The matrix of contacts: what is in the way, what the arm is doing, and what finds it first, on virtual time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from armature.bench.faults.situations import Stage, delivered_gains
from armature.bench.simulation.controllers import ARM_JOINTS, FINGER, Controllers
from armature.bench.simulation.virtual import ARM, JOINTS, Bench
from armature.core.health import Thresholds
from armature.dynamixel.faults.policy import FaultPolicy
from armature.dynamixel.tables.roles import Role
from armature.emulator.faults import catalogue
from armature.errors import GoalRefused

BACKS_OFF_WITHIN = 0.3  # [s]
CREEP_ALLOWED = 0.5  # [deg] in two seconds
CONTINUOUS = 0.35  # of the stall torque: what is left to give once the arm has backed off
OVERLOAD_ALLOWED = 1.0  # [s] of more load than a servo stands for 1.5 s
_NEAR = 0.02  # of the joint, its set-point has come back to it [rad]
_PATIENCE = 2.5  # [s]
_WATCHED = 2.0  # [s]
_BACK = 0.15  # of a goal that leads away [rad]
_TABLE = math.radians(-90.0)


@dataclass(frozen=True)
class Obstacle:
    """Something in the arm's way."""

    name: str
    fault: Callable[[str], catalogue.Fault]  # by what the arm is doing
    pose: str  # where the arm is
    way: Mapping[str, float]  # of the joints, into it [rad]
    tool: tuple[float, float, float]  # velocity of the tool into it [m/s]
    is_weight: bool = False  # whether the servos give all that they have only to hold it


def _stuck(motion: str) -> catalogue.Fault:
    return catalogue.StuckJoint(FINGER if motion == "gripper" else "elbow")


OBSTACLES = (
    Obstacle("stuck joint", _stuck, "home", {"elbow": -0.4}, (0.05, 0.0, 0.05)),
    Obstacle(
        "wall", lambda _: catalogue.Wall(distance=0.26), "home", {"shoulder": 0.4, "elbow": -0.3}, (0.08, 0.0, 0.0)
    ),
    Obstacle(
        "payload",
        lambda _: catalogue.Payload(mass=3.5),
        "home",
        {"shoulder": -0.4, "elbow": -0.2},
        (0.0, 0.0, 0.08),
        is_weight=True,
    ),
    Obstacle(
        "table",
        lambda _: catalogue.Wall(distance=-0.045, elevation=_TABLE),
        "above_pick",
        {"shoulder": 0.4, "elbow": -0.2},
        (0.0, 0.0, -0.08),
    ),
)


def _free(stage: Stage, _obstacle: Obstacle) -> None:
    stage.bench.loop.guide("waist", stage.bench.now, begin=True)
    stage.bench.faults.inject(catalogue.Push("waist", torque=1.0))


def _jog(stage: Stage, obstacle: Obstacle) -> None:
    stage.controllers.jog({joint: math.copysign(0.3, way) for joint, way in obstacle.way.items()})


MOTIONS: Mapping[str, Callable[[Stage, Obstacle], object]] = {
    "trajectory": lambda stage, obstacle: stage.controllers.follow(obstacle.way, 2.0),
    "move": lambda stage, obstacle: stage.controllers.move(obstacle.way),
    "jog": _jog,
    "twist": lambda stage, obstacle: stage.controllers.twist(obstacle.tool),
    "gripper": lambda stage, _: stage.controllers.grip(0.0),
    "parking": lambda stage, _: stage.bench.park(),
    "free-drive": _free,
}


@dataclass(frozen=True)
class Check:
    """What finds first that the arm does not follow."""

    name: str
    path: float = 0.0  # path tolerance of goals [rad], 0 for none
    settings: Mapping[str, Any] = field(default_factory=dict)  # of the loop


_NO_BOUNDS = dict.fromkeys(JOINTS, 0.0)
_NO_LOAD = Thresholds(warn=5.0, slow=6.0, stop=7.0, hysteresis=0.05)
_LIGHT_LOAD = Thresholds(warn=0.2, slow=0.25, stop=0.3, hysteresis=0.05)
CHECKS = (
    Check("path tolerance", 0.05, {"following_error": _NO_BOUNDS, "policy": FaultPolicy(load=_NO_LOAD)}),
    Check("load", 0.0, {"following_error": _NO_BOUNDS, "policy": FaultPolicy(load=_LIGHT_LOAD, load_time=0.1)}),
    Check(
        "following error",
        0.0,
        {
            "following_error": dict.fromkeys(ARM_JOINTS, 0.03),
            "policy": FaultPolicy(load=_NO_LOAD, following_time=0.05),
        },
    ),
    Check("none", 0.0, {"following_error": _NO_BOUNDS, "policy": FaultPolicy(load=_NO_LOAD)}),
    Check("as delivered", 0.2),
)


@dataclass(frozen=True)
class Contact:
    """What one contact came to."""

    HEADER: ClassVar[str] = (
        f"{'in the way':<12}{'while':<11}{'found first by':<16}{'back ms':>9}{'over s':>9}{'load':>8}"
        f"{'creep °':>8}  state    reported\n"
        "over: the longest that a servo gave more than its protection stands for 1.5 s"
    )

    obstacle: str
    motion: str
    check: str
    backed_off: float  # from its finding until set-points were back at their joints [s]; 0: nothing was found
    overloaded: float  # the longest that a servo gave more than its protection stands [s]
    load: float  # the most that a servo gives in the end, as a share of its stall torque
    creep: float  # of a joint in the seconds after it [deg]
    ended: str  # the state
    lost: tuple[str, ...]  # servos that ended it by their own protection
    told: str
    away: str  # why a goal that leads away was refused
    on: str  # why one that presses on was refused
    is_weight: bool

    @property
    def failures(self) -> list[str]:
        """What is beyond its bound, in words."""
        bounds = [
            ("overloaded [s]", self.overloaded, OVERLOAD_ALLOWED),
            ("creep [deg]", self.creep, CREEP_ALLOWED),
        ]
        if not self.is_weight:
            bounds += [("backed off [s]", self.backed_off, BACKS_OFF_WITHIN), ("load", self.load, CONTINUOUS)]
        found = [f"{name} {value:.2f} > {bound:g}" for name, value, bound in bounds if not value <= bound]
        found += [f"{joint} lost its torque" for joint in self.lost]
        if self.away:
            found.append(f"a goal that leads away was refused: {self.away}")
        if self.is_blocked and not self.is_weight and not self.on:
            found.append("a goal that presses on was taken")
        return found

    @property
    def is_blocked(self) -> bool:
        """Whether the arm says that it is blocked, and takes commands."""
        return self.told.startswith("blocked at") and self.ended == "ENABLED"

    def __str__(self) -> str:
        figures = f"{1000 * self.backed_off:>9.0f}{self.overloaded:>9.2f}{self.load:>8.0%}{self.creep:>8.2f}"
        verdict = "; ".join(self.failures) or "ok"
        where = f"{self.obstacle:<12}{self.motion:<11}{self.check:<16}"
        return f"{where}{figures}  {self.ended:<9}{verdict:<4} {self.told.split(';')[0]}"


def measure(
    obstacles: Iterable[Obstacle] = OBSTACLES,
    motions: Iterable[str] = tuple(MOTIONS),
    checks: Iterable[Check] = CHECKS,
) -> Iterator[Contact]:
    """Each obstacle in each motion, found by each check."""
    for obstacle in obstacles:
        for motion in motions:
            for check in checks:
                yield _Trial(obstacle, motion, check).run()


class _Trial:
    """One contact."""

    def __init__(self, obstacle: Obstacle, motion: str, check: Check) -> None:
        self._obstacle, self._motion, self._check = obstacle, motion, check
        self._bench = Bench(obstacle.pose, registers=delivered_gains(), **check.settings)
        self._controllers = Controllers(self._bench, check.path)
        self._found = self._back = math.nan  # when it was found, and when set-points were back [s]
        self._overloaded = 0.0

    def run(self) -> Contact:
        """Let the arm come against it, and see."""
        bench = self._bench
        bench.enabled().run(0.6)
        bench.faults.inject(self._obstacle.fault(self._motion))
        bench.on_cycle = self._update
        MOTIONS[self._motion](Stage(bench, self._controllers), self._obstacle)
        bench.run(_PATIENCE)
        self._controllers.release()
        bench.run(1.0)
        before = bench.positions()
        bench.run(_WATCHED)
        has_torque = bench.mode().name != "DISABLED"
        creep = max(abs(bench.positions()[joint] - before[joint]) for joint in ARM_JOINTS) if has_torque else 0.0
        load = max(abs(bench.servo(joint).drive.load) for joint in JOINTS)
        reported, ended = bench.loop.state.why, bench.mode().name
        on = self._send(1.0)
        return Contact(
            obstacle=self._obstacle.name,
            motion=self._motion,
            check=self._check.name,
            backed_off=0.0 if math.isnan(self._found) else self._back - self._found,
            overloaded=self._overloaded,
            load=load,
            creep=math.degrees(creep),
            ended=ended,
            lost=tuple(joint for joint in JOINTS if bench.servo(joint).registers[Role.HARDWARE_ERROR]),
            told=reported,
            away=self._send(-1.0) if on else "",
            on=on,
            is_weight=self._obstacle.is_weight,
        )

    def _update(self) -> None:
        bench = self._bench
        self._overloaded = max(self._overloaded, *(bench.servo(j).protection.overloaded for j in JOINTS))
        if bench.loop.state.cause is not None and math.isnan(self._found):
            self._found = bench.now
        if math.isnan(self._back) and not math.isnan(self._found) and self._is_back():
            self._back = bench.now

    def _is_back(self) -> bool:
        setpoints, places = self._bench.loop.state.setpoints(self._bench.now), self._bench.positions()
        return all(abs(setpoints[joint].position - places[joint]) < _NEAR for joint in ARM_JOINTS)

    def _send(self, sign: float) -> str:
        """Send a goal into what is in the way or away from it, where joints are blocked; returns the refusal."""
        bench = self._bench
        way = {}
        for joint, block in bench.loop.state.blocks.items():
            limit, place = ARM.limit(joint), bench.loop.state.setpoints(bench.now)[joint].position
            way[joint] = min(max(place + sign * block.direction * _BACK, limit.lower), limit.upper) - place
        if not way or bench.mode().name != "ENABLED":
            return ""
        try:
            self._controllers.follow(way, 1.0)
        except GoalRefused as error:
            return str(error)
        return ""
