"""How long the end of a graph may take before launch or the runner kills the rest."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

import yaml

# How long launch and the supervisor wait after SIGINT at least: the servo interface may be parking.
STOP_TIMEOUT = 30.0  # [s]
# What its end takes beside the way to park: coming to rest, planning that way, arriving.
_ENDING = 10.0  # [s]
# How much longer they wait for what has to outlast it (nodes/common/keep_alive.py).
_LAST = 15.0  # [s]


def stop_timeout(parameter_files: Iterable[Path]) -> float:
    """How long the end of the graph may take [s]: as long as parking may, and what belongs to it.

    Args:
        parameter_files: of the robot; of several values of faults.park_time the last one counts.
    """
    times = [time for file in parameter_files for time in _park_times(file)]
    return max(STOP_TIMEOUT, _ENDING + times[-1]) if times else STOP_TIMEOUT


def last_timeout(parameter_files: Iterable[Path]) -> float:
    """The same for what has to outlast the graph [s]."""
    return stop_timeout(parameter_files) + _LAST


def _park_times(file: Path) -> list[float]:
    """Values of faults.park_time for the servo interface in a parameter file; ROS reports its errors."""
    try:
        content = yaml.safe_load(file.read_text("utf-8")) or {}
        nodes = [entry["ros__parameters"] for name, entry in content.items() if _is_for_servos(name)]
        nested = [(node.get("faults") or {}).get("park_time") for node in nodes]
        dotted = [node.get("faults.park_time") for node in nodes]
        given = (float(value) for value in (*nested, *dotted) if isinstance(value, (int, float)))
        return [time for time in given if math.isfinite(time)]
    except (
        OSError,
        yaml.YAMLError,
        RecursionError,
        AttributeError,
        KeyError,
        TypeError,
        ValueError,
        OverflowError,
    ):
        return []


def _is_for_servos(name: str) -> bool:
    return name.rsplit("/", 1)[-1] in ("servo_interface", "*", "**")
