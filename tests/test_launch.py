"""The launch file against the list of processes, by the real launch where it is installed."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from armature import graph

FILE = Path(__file__).resolve().parents[1] / "launch" / "arm.launch.py"


def described(**given):
    """The actions that the launch file would start."""
    pytest.importorskip("launch_ros", reason="ros2 launch is not on PyPI")
    launch = pytest.importorskip("launch")
    description = launch.LaunchContext()
    description.launch_configurations.update(
        {"robot": "armature6", "port": "emulated", "namespace": "", "http_host": "127.0.0.1"}
        | {"http_port": "8080", "only": ""}
        | given
    )
    namespace = {"__name__": "launch_file"}
    exec(compile(FILE.read_text("utf-8"), str(FILE), "exec"), namespace)
    return namespace["start"](description)


def test_it_starts_every_process_of_the_graph():
    assert len(described()) == len(graph.processes(graph.find_robot("armature6"), "emulated", Path("/run")))


def test_one_process_can_be_started_alone():
    assert len(described(only="monitor")) == 1


def test_it_reads_the_graph_and_lists_no_process_itself():
    text = FILE.read_text("utf-8")
    names = {process.name for process in graph.processes(graph.find_robot("armature6"), "emulated", Path("/run"))}
    words = {node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)}
    assert not names & words


def test_its_defaults_are_those_of_the_command_line():
    tree = ast.parse(FILE.read_text("utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert {"DEFAULT_ROBOT", "EMULATED", "STOP_TIMEOUT", "processes", "find_robot"} <= imported
