"""The command that measures this machine."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from armature.cli.arguments import add_json
from armature.cli.loading import uninterrupted
from armature.errors import ConfigError, listed
from armature.robots import DEFAULT_ROBOT, find_robot

if TYPE_CHECKING:
    from armature.bench.table import Measure, Result, Settings

_DOMAIN = 97


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to measure, and what to draw."""
    subject_help = "default: all; a wrong one lists them, docs/measured.md has their figures"
    parser.add_argument("subject", nargs="*", help=subject_help)
    plot_help = "draw the bus cycle by the number of servos, or the following errors"
    parser.add_argument("--plot", metavar="FILE", type=Path, help=plot_help)
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Measure the subjects, and print one line per figure; 1 if a figure is beyond its bound."""
    with uninterrupted():
        from armature.bench.table import MEASURES, Settings

    for subject in options.subject:
        if subject not in MEASURES:
            raise ConfigError("bench", subject, listed("subjects", MEASURES))
    settings = Settings(find_robot(DEFAULT_ROBOT), _DOMAIN, options.plot)
    results = _measure({name: MEASURES[name] for name in options.subject or MEASURES}, settings)
    measured = list(results if options.json else _print(results))
    if options.json:
        print(json.dumps([dataclasses.asdict(result) for result in measured]))
    return int(any(result.failures for result in measured))


def _measure(measures: Mapping[str, Measure], settings: Settings) -> Iterator[Result]:
    for name, measure in measures.items():
        print(f"measuring: {name} …", file=sys.stderr, flush=True)
        yield from measure(settings)


def _print(results: Iterable[Result]) -> Iterator[Result]:
    """Print the results as they come, under the header of their kind."""
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    headers = {""}
    for result in results:
        if result.HEADER not in headers:
            headers.add(result.HEADER)
            print(result.HEADER)
        print(result, flush=True)
        yield result
