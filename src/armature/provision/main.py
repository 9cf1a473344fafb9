"""The command: performs the steps that are out of date."""

from __future__ import annotations

import argparse
import fcntl
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from types import FrameType

from armature.errors import SetupError
from armature.provision import preflight
from armature.provision.command import Runner
from armature.provision.plan import BOOKKEEPING, Plan
from armature.provision.progress import Progress
from armature.provision.steps import SetupStep, find_outdated, perform_all

INTERRUPTED = 130
"""Exit code of a program ended by SIGINT, as shells count: 128 + 2."""


def main(arguments: Sequence[str]) -> int:
    """Prepare the project's folder for a target.

    Returns:
        0 done, 1 failed with one line that says why and what to do, 130 interrupted.
    """
    parser = argparse.ArgumentParser("python3 -m armature.provision", description="Prepare this folder.")
    parser.add_argument("target", choices=["setup", "test", "web", "docs"])
    target = parser.parse_args(arguments).target
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        prepare(Path(__file__).resolve().parents[3], os.environ.get("ROS_DISTRO") or "jazzy", target)
    except SetupError as error:
        print(f"armature: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("armature: interrupted; run it again to continue", file=sys.stderr)
        return INTERRUPTED
    return 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise KeyboardInterrupt


def prepare(root: Path, distro: str, target: str) -> None:
    """Perform the steps of a target that are out of date.

    Args:
        root: The project's folder.
        distro: Name of the ROS 2 distribution.
        target: Name of a list of steps in `Plan`.

    Raises:
        SetupError: The machine lacks something, or a step failed.
    """
    start = monotonic()
    prefix = root / preflight.environment_folder(distro)
    runner = Runner(prefix / BOOKKEEPING / "logs")
    plan = Plan(root, distro, prefix, runner)
    runner.logs.mkdir(parents=True, exist_ok=True)
    with _locked(prefix / BOOKKEEPING / "lock"):
        steps = find_outdated(getattr(plan, target)())
        if any(
            step.name != "web" for step in steps
        ):  # the page alone can be built anywhere, for a ROS 2 installation
            preflight.check_platform()
            preflight.check_tools()
        if steps:
            _perform(steps, runner)
            print(f"{target} is done ({monotonic() - start:.0f} s)", flush=True)


def _perform(steps: Sequence[SetupStep], runner: Runner) -> None:
    for step in steps:
        runner.remove_log(step.name)
    progress = Progress(len(steps))
    try:
        perform_all(steps, progress.note_started, progress.print_done, runner.stop)
    finally:
        progress.close()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Wait until no other setup works on the same environment."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("another setup is running in this folder; waiting for it", flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
