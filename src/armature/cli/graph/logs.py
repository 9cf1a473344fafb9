"""The command that shows logs."""

from __future__ import annotations

import argparse
import sys

from armature.cli.arguments import add_namespace
from armature.cli.graph.running import Graph, without_runner
from armature.errors import ProcessError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Whose logs, and how many lines."""
    parser.add_argument("process", metavar="PROCESS", nargs="?", default="")
    parser.add_argument(
        "-n", type=int, default=20, metavar="LINES", help="last lines of each; default %(default)d"
    )
    add_namespace(parser)


def run(options: argparse.Namespace) -> int:
    """Show the last lines of the logs."""
    graph = Graph.of(options.namespace)
    folder = graph.supervisor.runtime / "log"
    files = sorted(folder.glob(f"{options.process or '*'}.log"))
    if not files:
        names = ", ".join(sorted(file.stem for file in folder.glob("*.log")))
        remedy = f"logs are {names}" if names else _without_logs(graph)
        raise ProcessError(options.process or "graph", "there is no log", remedy)
    if not graph.supervisor.is_running():
        print(f"these logs have ended: {without_runner(graph.processes.find())}", file=sys.stderr)
    for file in files:
        print(f"== {file.stem}")
        print("\n".join(file.read_text("utf-8", "replace").splitlines()[-options.n :]))
    return 0


def _without_logs(graph: Graph) -> str:
    """What to do where the runner has written none: another launcher prints what its processes say."""
    found = graph.processes.find()
    return f"see what its launcher prints; {without_runner(found)}" if found else "start it with: armature up"
