"""The figures of this machine by the name that `armature bench` has for them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from armature.bench.bus import cycle, punctuality, servo_count
from armature.bench.faults import contacts, matrix, pairs
from armature.bench.faults.contacts import Contact
from armature.bench.faults.matrix import Row
from armature.bench.faults.pairs import Matrix
from armature.bench.figure import Figure
from armature.bench.graph import control, stop_latency, tracking, usage
from armature.nodes.common.priority import prefer_real_time
from armature.robots import Robot


@dataclass(frozen=True)
class Settings:
    """Options of a measurement."""

    robot: Robot
    domain: int  # ROS domain in which nothing else runs
    plot: Path | None  # image to draw, where there is one


Result = Figure | Row | Contact | Matrix
Measure = Callable[[Settings], Iterable[Result]]


def _measure_bus(settings: Settings) -> Iterator[Result]:
    prefer_real_time()  # else what else runs on this machine is measured too
    yield from cycle.measure()
    yield from servo_count.measure(settings.plot)


MEASURES: Mapping[str, Measure] = {
    "bus": _measure_bus,
    "graph": lambda settings: usage.measure(settings.robot, settings.domain),
    "control": lambda settings: control.measure(settings.robot, settings.domain),
    "tracking": lambda settings: tracking.measure(settings.plot),
    "faults": lambda _: chain(matrix.measure(), contacts.measure(), pairs.measure_all(sys.stderr)),
    "loop": lambda settings: punctuality.measure(settings.robot, settings.domain),
    "web": lambda settings: stop_latency.measure(settings.robot, settings.domain),
}
