"""The command that measures this machine."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys

from armature.bench import bus, graph
from armature.bench.figure import Figure
from armature.errors import ConfigError
from armature.graph import DEFAULT_ROBOT, find_robot

_SUBJECTS = ("bus", "graph")
_DOMAIN = 97


def bench(options: argparse.Namespace) -> int:
    """Measure the subjects, and print one line a figure."""
    subjects = options.subject or _SUBJECTS
    for subject in subjects:
        if subject not in _SUBJECTS:
            raise ConfigError("bench", subject, f"subjects are {', '.join(_SUBJECTS)}")
    figures: list[Figure] = []
    for subject in subjects:
        print(f"measuring: {subject} …", file=sys.stderr, flush=True)
        figures += _measure(subject)
    if options.json:
        print(json.dumps([dataclasses.asdict(figure) for figure in figures]))
    else:
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
        print("\n".join(str(figure) for figure in figures))
    return 0


def _measure(subject: str) -> list[Figure]:
    robot = find_robot(DEFAULT_ROBOT)
    return bus.measure(robot) if subject == "bus" else graph.measure(robot, _DOMAIN)
