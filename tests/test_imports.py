"""Who may import what: the table of ARCHITECTURE.md as data, checked over the syntax trees."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "src"
NODES = ("servo_interface", "arm_controller", "state_publisher", "recorder", "monitor", "emulator")


@dataclass(frozen=True)
class Room:
    """What the files of one room may import, beside the standard library and their own room."""

    armature: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()


ANY = ("*",)
PURE = (
    *("asyncio", "datetime", "fcntl", "io", "multiprocessing", "os", "pathlib", "select", "shutil", "signal"),
    *("socket", "subprocess", "tempfile", "threading", "time"),
)
"""The standard library's clocks, threads, ports and files."""

ROOMS = {
    "errors": Room(forbidden=PURE),
    "core": Room(("errors",), ("mujoco", "numpy", "ruckig", "yaml"), forbidden=PURE),
    "dynamixel": Room(("core", "errors"), ("numpy", "yaml")),
    "emulator": Room(
        ("core", "errors", "dynamixel.control_table", "dynamixel.packet", "dynamixel.wiring"),
        ("mujoco", "numpy", "yaml"),
    ),
    "recording": Room(("core", "errors"), ("matplotlib", "mcap", "mcap_ros2", "numpy", "yaml", "zstandard")),
    "monitor": Room(("core", "errors"), ("cheroot", "flask", "numpy", "werkzeug", "yaml")),
    "nodes": Room(
        (
            "core",
            "dynamixel",
            "emulator",
            "end_times",
            "environment",
            "errors",
            "graph",
            "monitor",
            "private",
            "recording",
            "signals",
        ),
        ANY,
    ),
    "provision": Room(("errors",)),
    "graph": Room(("end_times", "errors", "private"), ("ament_index_python",)),
    "end_times": Room((), ("yaml",)),
    "running_processes": Room(("signals",)),
    "private": Room(("errors",)),
    "environment": Room(("errors",)),
    "signals": Room(),
    "standalone": Room(("environment", "errors", "graph", "signals"), ("supervisor",)),
    "bench": Room(ANY, ANY),
    "cli": Room(ANY, ANY),
    "launch": Room(("end_times", "graph"), ("ament_index_python", "launch", "launch_ros", "lifecycle_msgs")),
    "armature": Room(),
}
"""A new room must be entered here; files `cli_*.py` belong to `cli`."""

SOLE_IMPORTERS = {
    "dynamixel_sdk": ("bench/bus_peers.py",),
    "fastcrc": ("dynamixel/packet.py",),
    "serial": ("dynamixel/port.py",),
}
"""Libraries that have one door: files allowed to open it. The SDK is only measured against."""


def room_of(path: Path) -> str:
    """The room of a file, by its place in the tree."""
    if path.is_relative_to(ROOT / "launch"):
        return "launch"
    parts = path.relative_to(SOURCES / "armature").parts
    name = parts[0].removesuffix(".py")
    if name == "__init__":
        return "armature"
    return "cli" if name.startswith("cli_") else name


def imports(text: str, path: Path) -> Iterator[str]:
    """Full names of all that a file imports, at its top or deep inside."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level:
                package = path.relative_to(SOURCES).with_suffix("").parts[: -node.level]
                module = ".".join((*package, *filter(None, [module])))
            yield from (f"{module}.{alias.name}" for alias in node.names)


def violations(text: str, path: Path) -> list[str]:
    """What a file imports against the table."""
    room = room_of(path)
    rule = ROOMS[room]
    return [name for name in imports(text, path) if not allowed(name, room, rule, path)]


def allowed(name: str, room: str, rule: Room, path: Path) -> bool:
    """Whether one imported name fits the rule of a room."""
    top, _, rest = name.partition(".")
    if top == "armature":
        return in_house(rest, room, rule, path)
    if top in SOLE_IMPORTERS:
        return path.relative_to(SOURCES / "armature").as_posix() in SOLE_IMPORTERS[top]
    if top in sys.stdlib_module_names:
        return top not in rule.forbidden
    return rule.libraries == ANY or top in rule.libraries


def in_house(name: str, room: str, rule: Room, path: Path) -> bool:
    """Whether a name of our own may be imported; no node imports another node."""
    if room == "nodes" and any(within(name, f"nodes.{node}") for node in NODES if node != path.stem):
        return False
    if within(name, room) or name in ("", "__version__"):
        return True
    return rule.armature == ANY or any(within(name, target) for target in rule.armature)


def within(name: str, target: str) -> bool:
    """Whether a dotted name is another, or lies below it."""
    return name == target or name.startswith(f"{target}.")


FILES = sorted([*SOURCES.rglob("*.py"), *(ROOT / "launch").rglob("*.py")])


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_file_imports_only_what_its_room_allows(path: Path) -> None:
    assert violations(path.read_text(encoding="utf-8"), path) == []


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("core/model.py", "import rclpy"),
        ("core/model.py", "import time"),
        ("core/model.py", "from pathlib import Path"),
        ("core/model.py", "from armature.dynamixel.wiring import Wiring"),
        ("core/model.py", "def late():\n    import threading"),
        ("core/model.py", "from ..dynamixel import wiring"),
        ("core/model.py", "from armature import monitor"),
        ("dynamixel/loop.py", "import dynamixel_sdk"),
        ("dynamixel/loop.py", "from armature.emulator.bus import EmulatedBus"),
        ("emulator/servo.py", "from armature.dynamixel import bus"),
        ("emulator/servo.py", "from rclpy.node import Node"),
        ("recording/bag.py", "from armature.monitor.app import create_app"),
        ("monitor/app.py", "import rclpy"),
        ("monitor/app.py", "from armature.nodes import topics"),
        ("nodes/recorder.py", "from armature.nodes.monitor import main"),
        ("nodes/recorder.py", "from armature.nodes import servo_interface"),
        ("nodes/recorder.py", "from armature.cli import main"),
        ("nodes/recorder.py", "import serial"),
        ("provision/plan.py", "import yaml"),
        ("graph.py", "import rclpy"),
        ("__init__.py", "import armature.core"),
    ],
)
def test_forbidden_import_is_found(place: str, text: str) -> None:
    assert violations(text, SOURCES / "armature" / place)


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("core/model.py", "import math, numpy as np\nfrom armature.errors import ConfigError"),
        ("core/model.py", "from . import limits"),
        ("dynamixel/port.py", "import serial"),
        ("emulator/servo.py", "from armature.dynamixel.control_table import servo_model"),
        (
            "nodes/recorder.py",
            "import rclpy\nfrom armature.nodes import topics\nfrom armature.recording.bag import B",
        ),
        ("cli_up.py", "from armature.recording.report import report"),
    ],
)
def test_allowed_import_passes(place: str, text: str) -> None:
    assert violations(text, SOURCES / "armature" / place) == []


def test_launch_file_may_read_only_the_graph() -> None:
    launch = ROOT / "launch" / "arm.launch.py"
    assert violations("from armature.graph import processes\nfrom launch import LaunchDescription", launch) == []
    assert violations("from armature.nodes import topics", launch)


def test_room_outside_the_table_is_refused() -> None:
    with pytest.raises(KeyError, match="cellar"):
        violations("", SOURCES / "armature" / "cellar" / "barrel.py")
