"""The command that plots a recording."""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path

from armature.cli.arguments import add_json
from armature.cli.loading import uninterrupted
from armature.errors import RecordingError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which recording, and the output file."""
    parser.add_argument("bag", metavar="BAG", help="folder of a recording")
    parser.add_argument("--out", metavar="FILE", default="", help="default BAG/report.html")
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Write the report of a bag, and print its figures."""
    with uninterrupted():
        from armature.recording.report.report import write_report

    bag = Path(options.bag)
    out = Path(options.out) if options.out else None
    summary = write_report(bag, out)
    if options.json:
        print(json.dumps({**dataclasses.asdict(summary), "bag": str(bag), "out": str(summary.out)}))
    else:
        print("\n".join(summary.lines()))
    if summary.lost:
        raise RecordingError(str(bag), f"{summary.lost}; the report covers the rest")
    return 0
