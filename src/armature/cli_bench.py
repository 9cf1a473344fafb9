"""The command that measures this machine."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

from armature.bench import bus, bus_scale, control, fault_pairs, faults, graph, loop, tracking, web
from armature.bench.fault_pairs import Matrix
from armature.bench.faults import Row
from armature.bench.figure import Figure
from armature.errors import ConfigError
from armature.graph import DEFAULT_ROBOT, find_robot
from armature.nodes.priority import prefer_real_time

_SUBJECTS = ("bus", "graph", "control", "tracking", "faults", "loop", "web")
_DOMAIN = 97


def bench(options: argparse.Namespace) -> int:
    """Measure the subjects, and print one line a figure; 1 where a figure is beyond its bound."""
    subjects = options.subject or _SUBJECTS
    for subject in subjects:
        if subject not in _SUBJECTS:
            raise ConfigError("bench", subject, f"subjects are {', '.join(_SUBJECTS)}")
    if not options.json:
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    results: list[Figure | Row | Matrix] = []
    for subject in subjects:
        print(f"measuring: {subject} …", file=sys.stderr, flush=True)
        if subject == "faults" and not options.json:
            print(faults.HEADER)
        for result in _measure(subject, options.plot):
            results.append(result)
            if not options.json:
                print(result, flush=True)
    if options.json:
        print(json.dumps([dataclasses.asdict(result) for result in results]))
    return int(any(not isinstance(result, Figure) and result.failures for result in results))


def _pairs() -> Iterable[Matrix]:
    yield fault_pairs.matrix(sys.stderr)


def _measure(subject: str, plot: Path | None) -> Iterable[Figure | Row | Matrix]:
    if subject == "faults":
        return chain(faults.measure(), _pairs())
    if subject == "loop":
        return loop.measure(find_robot(DEFAULT_ROBOT), _DOMAIN)
    if subject == "tracking":
        return tracking.measure(plot)
    if subject == "control":
        return control.measure(find_robot(DEFAULT_ROBOT), _DOMAIN)
    if subject == "graph":
        return graph.measure(find_robot(DEFAULT_ROBOT), _DOMAIN)
    if subject == "web":
        return web.measure(find_robot(DEFAULT_ROBOT), _DOMAIN)
    prefer_real_time()  # else what else runs on this machine is measured too
    return chain(bus.measure(), bus_scale.measure(plot))
