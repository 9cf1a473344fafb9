"""The command that measures this machine."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
from collections.abc import Iterable

from armature.bench import bus, faults, graph
from armature.bench.faults import Row
from armature.bench.figure import Figure
from armature.errors import ConfigError
from armature.graph import DEFAULT_ROBOT, find_robot

_SUBJECTS = ("bus", "graph", "faults")
_DOMAIN = 97


def bench(options: argparse.Namespace) -> int:
    """Measure the subjects, and print one line a figure; 1 where a figure is beyond its bound."""
    subjects = options.subject or _SUBJECTS
    for subject in subjects:
        if subject not in _SUBJECTS:
            raise ConfigError("bench", subject, f"subjects are {', '.join(_SUBJECTS)}")
    if not options.json:
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    results: list[Figure | Row] = []
    for subject in subjects:
        print(f"measuring: {subject} …", file=sys.stderr, flush=True)
        for result in _measure(subject):
            results.append(result)
            if not options.json:
                print(result, flush=True)
    if options.json:
        print(json.dumps([dataclasses.asdict(result) for result in results]))
    return int(any(isinstance(result, Row) and result.failures for result in results))


def _measure(subject: str) -> Iterable[Figure | Row]:
    if subject == "faults":
        return faults.measure()
    robot = find_robot(DEFAULT_ROBOT)
    return bus.measure(robot) if subject == "bus" else graph.measure(robot, _DOMAIN)
