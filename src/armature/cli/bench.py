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

from armature.bench.bus import cycle, loop, scale
from armature.bench.faults import contacts, matrix, pairs
from armature.bench.faults.contacts import Contact
from armature.bench.faults.matrix import Row
from armature.bench.faults.pairs import Matrix
from armature.bench.figure import Figure
from armature.bench.graph import control, graph, tracking, web
from armature.errors import ConfigError
from armature.graph import DEFAULT_ROBOT, find_robot
from armature.nodes.common.priority import prefer_real_time

_SUBJECTS = ("bus", "graph", "control", "tracking", "faults", "loop", "web")
_DOMAIN = 97
Result = Figure | Row | Contact | Matrix
_HEADERS = {Row: matrix.HEADER, Contact: contacts.HEADER}


def bench(options: argparse.Namespace) -> int:
    """Measure the subjects, and print one line a figure; 1 where a figure is beyond its bound."""
    subjects = options.subject or _SUBJECTS
    for subject in subjects:
        if subject not in _SUBJECTS:
            raise ConfigError("bench", subject, f"subjects are {', '.join(_SUBJECTS)}")
    if not options.json:
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    results: list[Result] = []
    for subject in subjects:
        print(f"measuring: {subject} …", file=sys.stderr, flush=True)
        for result in _measure(subject, options.plot):
            if not options.json and type(result) in _HEADERS and type(result) not in map(type, results):
                print(_HEADERS[type(result)])
            results.append(result)
            if not options.json:
                print(result, flush=True)
    if options.json:
        print(json.dumps([dataclasses.asdict(result) for result in results]))
    return int(any(not isinstance(result, Figure) and result.failures for result in results))


def _pairs() -> Iterable[Matrix]:
    yield pairs.matrix(sys.stderr)


def _measure(subject: str, plot: Path | None) -> Iterable[Result]:
    if subject == "faults":
        return chain(matrix.measure(), contacts.measure(), _pairs())
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
    return chain(cycle.measure(), scale.measure(plot))
