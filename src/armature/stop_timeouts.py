"""How long the end of a graph may take before launch or the runner kills the rest."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

from armature.core.model.parameter_file import read_parameters
from armature.errors import ConfigError

# How long launch and the supervisor wait after SIGINT at least: the servo interface may be parking.
STOP_TIMEOUT = 30.0  # [s]
# What its end takes beside the way to park: coming to rest, planning that way, arriving.
_ENDING = 10.0  # [s]
# How much longer they wait for what has to outlast it (nodes/common/keep_alive.py).
_LAST = 15.0  # [s]
_PARK_TIME = "faults.park_time"


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
    """Values of faults.park_time for the servo interface in a parameter file; others report its errors."""
    try:
        given = read_parameters(file.read_text("utf-8"), file.name)
    except (OSError, UnicodeDecodeError, ConfigError):
        return []
    values = (each.value for each in given if each.name == _PARK_TIME and _is_for_servos(each.nodes))
    times = (float(value) for value in values if isinstance(value, (int, float)))
    return [time for time in times if math.isfinite(time)]


def _is_for_servos(nodes: str) -> bool:
    return nodes.rpartition("/")[2] in ("servo_interface", "*", "**")
