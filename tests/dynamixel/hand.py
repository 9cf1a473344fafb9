"""Arms on virtual time some of whose joints are compliant, and a hand that guides them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from armature.core.kinematics.drive_ratings import ratings_from_urdf
from armature.core.kinematics.dynamics import Torques
from armature.core.kinematics.mechanics import Mechanics
from armature.dynamixel.tables.roles import OperatingMode
from armature.dynamixel.wiring.arm import Wiring

from .virtual import ARM, JOINTS, PERIOD, WIRING, Bench

LIMIT = 3.0  # current_limit of the joints that are compliant [A]
_TELL_EVERY = 5  # cycles
_STIFFNESS, _DAMPING, _STRENGTH = 40.0, 2.0, 2.0  # of the hand [N·m/rad], [N·m·s/rad], [N·m]


def yielding(*joints: str, wiring: Wiring = WIRING, limit: float = LIMIT) -> Wiring:
    """A wiring in which these joints are in current-based position control."""
    return replace(wiring, servos=tuple(_yielding(s, limit) if s.joint in joints else s for s in wiring.servos))


def _yielding(servo: Any, limit: float) -> Any:
    second = None if servo.second is None else _yielding(servo.second, limit)
    return replace(servo, mode=OperatingMode.CURRENT_BASED_POSITION, current_limit=limit, second=second)


def enabled(joint: str, pose: str | Mapping[str, float] = "home", **settings: Any) -> Bench:
    """An enabled arm at rest, one of whose joints can be compliant."""
    settings.setdefault("wiring", yielding(joint))
    return Bench(pose, **settings).enabled().run(0.5)


def guided(
    bench: Bench,
    joint: str,
    distance: float,
    speed: float = 0.4,
    told: Callable[[Bench], Mapping[str, float]] | None = None,
) -> None:
    """A hand guides a joint over a distance [rad] at a speed [rad/s], and lets go.

    Args:
        bench: with the arm.
        joint: its name.
        distance: from where it is [rad].
        speed: [rad/s].
        told: what the loop is told meanwhile of what the joints carry [N·m].
    """
    plant, target, pushed, last = bench.far.plant, bench.positions()[joint], 0.0, bench.positions()[joint]
    step = math.copysign(speed * PERIOD, distance)
    for number in range(round(abs(distance / step))):
        target += step
        here = bench.positions()[joint]
        force = _STIFFNESS * (target - here) - _DAMPING * (here - last) / PERIOD
        force, last = min(max(force, -_STRENGTH), _STRENGTH), here
        plant.push(joint, force - pushed)
        pushed = force
        bench.cycle()
        if told and number % _TELL_EVERY == 0:
            bench.loop.set_loads(told(bench), bench.now)
    plant.push(joint, -pushed)


@cache
def _torques() -> Torques:
    return Torques(Mechanics(ARM, JOINTS), ratings_from_urdf(ARM))


def loads(bench: Bench) -> dict[str, float]:
    """What the joints carry where they were read, by the arm's model [N·m]."""
    place = np.array([[bench.loop.state.axes[joint].position for joint in JOINTS]])
    return dict(zip(JOINTS, map(float, _torques().loads(place)[0]), strict=True))
