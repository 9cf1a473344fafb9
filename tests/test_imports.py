"""Who may import what: the table of ARCHITECTURE.md as data, checked over the syntax trees."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "src"


@dataclass(frozen=True)
class Room:
    """What the files of one room may import, beside the standard library and their own room."""

    armature: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()


ANY = ("*",)
MODULES_AT_MOST = 12
PURE = (
    *("asyncio", "datetime", "fcntl", "io", "multiprocessing", "os", "pathlib", "select", "shutil", "signal"),
    *("socket", "subprocess", "tempfile", "threading", "time"),
)
"""The standard library's clocks, threads, ports and files."""

ROOMS = {
    "errors": Room(forbidden=PURE),
    "core": Room(("errors",), ("numpy",), forbidden=PURE),
    "core.model": Room(("core.refusals", "errors"), ("numpy", "yaml"), forbidden=PURE),
    "core.trajectory": Room(("core.arrays", "core.model", "errors"), ("numpy", "ruckig"), forbidden=PURE),
    "core.control": Room(
        ("core.arrays", "core.jog_limits", "core.recovery_commands", "core.trajectory", "errors"),
        ("numpy", "ruckig"),
        forbidden=PURE,
    ),
    "core.kinematics": Room(
        ("core.arrays", "core.model", "core.steps", "core.trajectory", "errors"),
        ("mujoco", "numpy", "ruckig"),
        forbidden=PURE,
    ),
    "core.planning": Room(
        (
            "core.arrays",
            "core.kinematics",
            "core.model",
            "core.payload",
            "core.steps",
            "core.trajectory",
            "errors",
        ),
        ("numpy", "ruckig"),
        forbidden=PURE,
    ),
    "dynamixel": Room(),
    "dynamixel.tables": Room(("errors",)),
    "dynamixel.wiring": Room(
        ("core.model", "core.refusals", "dynamixel.tables", "errors"), ("yaml",), forbidden=PURE
    ),
    "dynamixel.protocol": Room(("dynamixel.tables", "dynamixel.wiring", "errors"), ("numpy",)),
    "dynamixel.status": Room(("core.recovery_commands", "dynamixel.tables.roles"), forbidden=PURE),
    "dynamixel.servo": Room(
        (
            *("core.model", "core.recovery_commands", "dynamixel.protocol", "dynamixel.status"),
            *("dynamixel.tables", "dynamixel.wiring", "errors"),
        ),
        forbidden=PURE,
    ),
    "dynamixel.motion": Room(
        (
            *("core.arrays", "core.jog_limits", "core.recovery_commands"),
            *("core.control.readiness", "core.model", "core.trajectory", "dynamixel.servo", "dynamixel.status"),
            *("dynamixel.tables", "dynamixel.wiring", "errors"),
        ),
        ("numpy",),
        forbidden=PURE,
    ),
    "dynamixel.faults": Room(
        (
            *("core.control.blocked", "core.health", "core.model", "core.recovery_commands", "core.trajectory"),
            *("dynamixel.motion", "dynamixel.servo", "dynamixel.status", "dynamixel.tables", "dynamixel.wiring"),
            "errors",
        ),
        forbidden=PURE,
    ),
    "dynamixel.free_drive": Room(
        (
            *("core.model", "dynamixel.faults", "dynamixel.motion", "dynamixel.servo", "dynamixel.status"),
            *("dynamixel.tables", "dynamixel.wiring", "errors"),
        ),
        forbidden=PURE,
    ),
    "dynamixel.loop": Room(
        (
            *("core.control", "core.model", "core.trajectory", "dynamixel.faults", "dynamixel.free_drive"),
            *("dynamixel.motion", "dynamixel.protocol.base", "dynamixel.servo", "dynamixel.status"),
            *("dynamixel.tables", "dynamixel.wiring", "errors"),
        ),
        ("numpy",),
        forbidden=PURE,
    ),
    "dynamixel.commissioning": Room(
        (
            *("core.health", "core.model", "dynamixel.faults", "dynamixel.protocol", "dynamixel.servo"),
            *("dynamixel.status", "dynamixel.tables", "dynamixel.wiring", "errors"),
        ),
        forbidden=PURE,
    ),
    "emulator": Room(),
    "emulator.servo": Room(
        (
            "core.kinematics.drive_ratings",
            "core.model",
            "dynamixel.protocol.packet",
            "dynamixel.tables",
            "dynamixel.wiring",
        ),
        forbidden=PURE,
    ),
    "emulator.physics": Room(
        (
            *("core.arrays", "core.kinematics", "core.model", "dynamixel.tables", "dynamixel.wiring"),
            *("emulator.servo", "errors"),
        ),
        ("mujoco", "numpy"),
        forbidden=PURE,
    ),
    "emulator.bus": Room(
        (
            *("core.model", "dynamixel.protocol.packet", "dynamixel.tables", "dynamixel.wiring"),
            *("emulator.physics", "emulator.servo", "errors"),
        ),
    ),
    "emulator.faults": Room(("dynamixel.protocol.packet", "dynamixel.tables", "emulator", "errors"), ("numpy",)),
    "recording": Room(),
    "recording.bag": Room(("errors",), ("mcap", "mcap_ros2", "numpy", "yaml", "zstandard")),
    "recording.recorder": Room(("errors", "recording.bag"), ("mcap", "yaml")),
    "recording.report": Room(
        ("core.model", "errors", "recording.bag"), ("matplotlib", "mcap", "mcap_ros2", "numpy")
    ),
    "monitor": Room(("core", "errors"), ("flask", "numpy", "werkzeug")),
    "monitor.api": Room(("core.jog_limits", "core.model", "errors", "monitor"), ("flask", "werkzeug", "numpy")),
    "monitor.http": Room(("errors", "monitor"), ("cheroot", "flask", "werkzeug")),
    "nodes": Room(),
    "nodes.common": Room(
        ("core", "description", "dynamixel", "environment", "stop_timeouts", "errors", "share", "signals"), ANY
    ),
    "nodes.servo_interface": Room(
        ("core", "dynamixel", "environment", "errors", "nodes.common", "private_folder", "signals"), ANY
    ),
    "nodes.bus_process": Room(("core", "dynamixel", "errors", "nodes.common")),
    "nodes.arm_controller": Room(("core", "dynamixel.motion", "dynamixel.wiring", "errors", "nodes.common"), ANY),
    "nodes.monitor": Room(
        (
            *("core", "description", "environment", "errors", "monitor", "nodes.common", "private_folder"),
            *("signals", "web_address"),
        ),
        ANY,
    ),
    "nodes.emulator": Room(
        ("core.model", "dynamixel.wiring", "emulator", "errors", "nodes.common", "signals"), ANY
    ),
    "nodes.recorder": Room(("environment", "errors", "nodes.common", "recording"), ANY),
    "nodes.state_publisher": Room(
        ("core.kinematics", "core.model", "core.rate_limit", "errors", "nodes.common"), ANY
    ),
    "client": Room(
        (
            *("core", "description.files", "dynamixel.status", "environment", "errors", "graph", "nodes.common"),
            *("running_processes", "share"),
        ),
        ANY,
    ),
    "provision": Room(("errors",)),
    "description": Room(
        ("core.arrays", "core.kinematics", "core.model", "environment", "errors", "private_folder"),
        ("collada", "mujoco", "numpy", "trimesh"),
    ),
    "graph": Room(("core.model", "environment", "private_folder", "robots", "share", "stop_timeouts")),
    "robots": Room(("core.model", "core.refusals", "description", "errors", "share")),
    "share": Room(("errors",)),
    "web_address": Room(("errors",)),
    "stop_timeouts": Room(("core.model", "errors")),
    "running_processes": Room(("signals",)),
    "private_folder": Room(("errors",)),
    "environment": Room(("errors",)),
    "signals": Room(),
    "standalone": Room(("environment", "errors", "graph", "signals"), ("supervisor",)),
    "bench": Room(ANY, ANY),
    "cli": Room(ANY, ANY),
    "launch_arguments": Room(("cli.servos.start_check", "errors", "graph", "robots", "share")),
    "launch": Room(
        ("graph", "launch_arguments", "robots", "share", "stop_timeouts", "web_address"),
        ("ament_index_python", "launch", "launch_ros", "lifecycle_msgs"),
    ),
    "": Room(("client.arm",)),
}
"""A file obeys the longest entry that its name begins with; a new room must be entered here."""

SOLE_IMPORTERS = {
    "dynamixel_sdk": ("bench/bus/contenders.py",),
    "fastcrc": ("dynamixel/protocol/packet.py",),
    "serial": ("dynamixel/protocol/serial_port.py",),
    "xacro": ("description/expand_xacro.py",),
}
"""Libraries that have one door: files allowed to open it. The SDK is only measured against."""


def name_of(path: Path) -> str:
    """The dotted name of a file within the project."""
    if path.is_relative_to(ROOT / "launch"):
        return "launch"
    parts = path.relative_to(SOURCES / "armature").with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(path: Path) -> str:
    """The room of a file: the longest entry of the table that its name begins with."""
    name = name_of(path)
    while name not in ROOMS:
        shorter = name.rpartition(".")[0]
        if not shorter:
            raise KeyError(name)
        name = shorter
    return name


@cache
def imports(text: str, path: Path) -> tuple[str, ...]:
    """Full names of all that a file imports, at its top or deep inside."""
    return tuple(_imports(text, path))


def _imports(text: str, path: Path) -> Iterator[str]:
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
    return [name for name in imports(text, path) if not allowed(name, room, path)]


def allowed(name: str, room: str, path: Path) -> bool:
    """Whether one imported name fits the rule of a room."""
    top, _, rest = name.partition(".")
    rule = ROOMS[room]
    if top == "armature":
        targets = (room or "errors", *rule.armature)
        return rest in ("", "__version__") or rule.armature == ANY or any(within(rest, at) for at in targets)
    if top in SOLE_IMPORTERS:
        return path.relative_to(SOURCES / "armature").as_posix() in SOLE_IMPORTERS[top]
    if top in sys.stdlib_module_names:
        return top not in rule.forbidden
    return rule.libraries == ANY or top in rule.libraries


def within(name: str, target: str) -> bool:
    """Whether a dotted name is another, or lies below it."""
    return name == target or name.startswith(f"{target}.")


def circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Circles of modules that import each other, over however many others."""
    sorter = TopologicalSorter(graph)
    try:
        sorter.prepare()
    except CycleError as error:
        return [error.args[1]]
    return []


def module_graph(files: Iterable[Path]) -> dict[str, set[str]]:
    """What each of our modules imports of our own, types and late imports too."""
    names = {f"armature.{name_of(path)}".rstrip("."): path for path in files}
    graph: dict[str, set[str]] = {}
    for module, path in names.items():
        found = imports(path.read_text("utf-8"), path)
        reached = {name if name in names else name.rpartition(".")[0] for name in found}
        graph[module] = {name for name in reached if name in names and name != module}
    return graph


FILES = sorted([*SOURCES.rglob("*.py"), *(ROOT / "launch").rglob("*.py")])


def test_files_import_only_what_their_room_allows() -> None:
    found = {str(path.relative_to(ROOT)): violations(path.read_text("utf-8"), path) for path in FILES}
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("core/model/arm.py", "import rclpy"),
        ("core/model/arm.py", "import time"),
        ("core/model/arm.py", "from pathlib import Path"),
        ("core/model/arm.py", "from armature.dynamixel.wiring.arm import Wiring"),
        ("core/model/arm.py", "def late():\n    import threading"),
        ("core/model/arm.py", "from ...dynamixel import wiring"),
        ("core/model/arm.py", "from armature import monitor"),
        ("core/trajectory/spline.py", "from armature.core.control.group import GroupControl"),
        ("core/control/group.py", "from armature.core.kinematics.mechanics import Mechanics"),
        ("dynamixel/wiring/arm.py", "from armature.dynamixel.protocol.bus import ServoBus"),
        ("dynamixel/status/cause.py", "from armature.dynamixel.wiring.arm import Wiring"),
        ("dynamixel/servo/pair.py", "from armature.dynamixel.faults.policy import FaultPolicy"),
        ("dynamixel/motion/grip.py", "from armature.dynamixel.faults.faults import Faults"),
        ("dynamixel/free_drive/free_drive.py", "from armature.dynamixel.loop.settings import LoopSettings"),
        ("dynamixel/loop/loop.py", "import dynamixel_sdk"),
        ("dynamixel/loop/loop.py", "from armature.emulator.bus.bus import EmulatedBus"),
        ("emulator/servo/servo.py", "from armature.dynamixel.protocol import bus"),
        ("emulator/servo/servo.py", "from rclpy.node import Node"),
        ("recording/bag/bag.py", "from armature.monitor.app import create_app"),
        ("monitor/app.py", "import rclpy"),
        ("monitor/app.py", "from armature.nodes.common import topics"),
        ("nodes/recorder/node.py", "from armature.nodes.monitor.node import MonitorNode"),
        ("nodes/recorder/node.py", "from armature.nodes import servo_interface"),
        ("nodes/recorder/node.py", "from armature.cli.main import main"),
        ("nodes/recorder/node.py", "import serial"),
        ("provision/plan.py", "import yaml"),
        ("client/arm.py", "from armature.nodes.monitor.node import MonitorNode"),
        ("client/arm.py", "from armature.cli.main import main"),
        ("graph.py", "import rclpy"),
        ("__init__.py", "import armature.core"),
    ],
)
def test_forbidden_import_is_found(place: str, text: str) -> None:
    assert violations(text, SOURCES / "armature" / place)


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("core/model/arm.py", "import math, numpy as np\nfrom armature.errors import ConfigError"),
        ("core/model/arm.py", "from . import units"),
        ("dynamixel/protocol/serial_port.py", "import serial"),
        ("emulator/servo/servo.py", "from armature.dynamixel.tables.registry import servo_model"),
        (
            "nodes/recorder/node.py",
            "import rclpy\nfrom armature.nodes.common import topics\nfrom armature.recording.bag.bag import B",
        ),
        ("cli/arm/record.py", "from armature.recording.report.report import report"),
    ],
)
def test_allowed_import_passes(place: str, text: str) -> None:
    assert violations(text, SOURCES / "armature" / place) == []


def test_launch_file_may_read_only_the_graph() -> None:
    launch = ROOT / "launch" / "arm.launch.py"
    assert violations("from armature.graph import processes\nfrom launch import LaunchDescription", launch) == []
    assert violations("from armature.nodes import topics", launch)


def test_modules_do_not_import_each_other_in_a_circle() -> None:
    assert circles(module_graph(FILES)) == []


def packages_of(graph: Mapping[str, set[str]], house: str) -> dict[str, set[str]]:
    """What the sub-packages of a package import of each other."""
    found: dict[str, set[str]] = {}
    for module, imported in graph.items():
        found.setdefault(package_of(module, house), set()).update(package_of(name, house) for name in imported)
    return {package: reached - {"", package} for package, reached in found.items() if package}


def package_of(module: str, house: str) -> str:
    """The sub-package that a module lies in; empty where it lies in none of that package."""
    return module.removeprefix(f"{house}.").partition(".")[0] if within(module, house) else ""


@pytest.mark.parametrize("house", ["armature.core", "armature.dynamixel", "armature.emulator"])
def test_sub_packages_do_not_import_each_other_in_a_circle(house: str) -> None:
    assert circles(packages_of(module_graph(FILES), house)) == []


def test_a_circle_of_sub_packages_is_found_where_their_modules_have_none() -> None:
    graph = {"armature.h.a.one": {"armature.h.b.two"}, "armature.h.b.three": {"armature.h.a.four"}}
    assert circles(graph) == []
    (found,) = circles(packages_of(graph, "armature.h"))
    assert set(found) == {"a", "b"}


def test_a_circle_is_found_over_other_modules_and_late_imports(tmp_path: Path, monkeypatch) -> None:
    package = tmp_path / "armature" / "core"
    package.mkdir(parents=True)
    texts = {
        "a": "from armature.core.b import B",
        "b": "def late():\n    from . import c",
        "c": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import armature.core.a",
        "d": "from armature.core import a",
    }
    for name, text in texts.items():
        (package / f"{name}.py").write_text(text)
    monkeypatch.setattr(sys.modules[__name__], "SOURCES", tmp_path)
    (found,) = circles(module_graph(sorted(package.glob("*.py"))))
    assert set(found) == {f"armature.core.{name}" for name in "abc"}


FOLDERS = sorted({path.parent for path in FILES if path.is_relative_to(SOURCES)})


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(SOURCES)))
def test_a_folder_is_small_and_says_what_it_holds(folder: Path) -> None:
    modules = [path.name for path in folder.glob("*.py") if not path.name.startswith("__")]
    assert len(modules) <= MODULES_AT_MOST, modules
    text = ast.get_docstring(ast.parse((folder / "__init__.py").read_text("utf-8"))) or ""
    assert folder.name == "armature" or len(text.splitlines()) == 4, (
        "what lives here, what may not, where to begin"
    )


def test_room_outside_the_table_is_refused() -> None:
    with pytest.raises(KeyError, match="cellar"):
        violations("", SOURCES / "armature" / "cellar" / "barrel.py")
