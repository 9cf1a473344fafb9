"""The running processes of a graph on this machine, whoever started them, by Linux (proc(5))."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from armature.signals import RUNNER_VARIABLE

BUS = "bus_process"  # the servo interface's child, which outlives it
_PROC = Path("/proc")
_MODULES = "armature.nodes."
_NAMESPACE = "__ns:="
_DOMAIN = "ROS_DOMAIN_ID"
_PARENT = 1  # field of /proc/PID/stat behind the name


@dataclass(frozen=True)
class Running:
    """One process."""

    name: str  # of the executable
    pid: int
    parent: int
    has_runner: bool  # whether the stand-alone runner started it


class GraphProcesses:
    """Which processes belong to a graph: those of its runner, and those of its name in its ROS domain."""

    def __init__(
        self, runtime: Path, namespace: str, names: Iterable[str], environment: Mapping[str, str]
    ) -> None:
        """Args: folder and namespace of the graph, its executables in the order of their start, environment."""
        self._runtime = runtime
        self._namespace = namespace.strip("/")
        self._names = (*names, BUS)
        self._domain = environment.get(_DOMAIN) or "0"

    def find(self) -> list[Running]:
        """Those that run, in the order in which they are started; the bus process comes last."""
        pids = [int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit()]
        found = [running for pid in pids if (running := self._inspect(pid)) is not None]
        return sorted(found, key=lambda running: self._names.index(running.name))

    def _inspect(self, pid: int) -> Running | None:
        folder = _PROC / str(pid)
        try:
            words = _texts(folder / "cmdline")
            name = _executable(words)
            if name not in self._names or folder.stat().st_uid != os.getuid():
                return None
            variables = dict(text.partition("=")[::2] for text in _texts(folder / "environ"))
            fields = (folder / "stat").read_text("utf-8", "replace").rpartition(") ")[2].split()
        except OSError:  # it has gone, or is somebody else's
            return None
        has_runner = variables.get(RUNNER_VARIABLE) == str(self._runtime)
        if not (has_runner or self._is_ours(name, words, variables)):
            return None
        return Running(name, pid, int(fields[_PARENT]), has_runner)

    def _is_ours(self, name: str, words: list[str], variables: Mapping[str, str]) -> bool:
        if RUNNER_VARIABLE in variables:
            return False
        if name == BUS:  # its configuration names the file of its exit message
            return f'"{self._runtime}/' in words[-2 if words[-1] == "" else -1]
        if "--link" in words[:-1]:  # the emulator is no node, unless its arm is in Gazebo
            return Path(words[words.index("--link") + 1]).parent == self._runtime
        spaces = [word.removeprefix(_NAMESPACE).strip("/") for word in words if word.startswith(_NAMESPACE)]
        is_named = (spaces[-1] if spaces else "") == self._namespace
        return is_named and (variables.get(_DOMAIN) or "0") == self._domain


def _texts(file: Path) -> list[str]:
    return file.read_bytes().decode("utf-8", "replace").split("\0")


def _executable(words: list[str]) -> str:
    """The executable of this package that a command line runs, as a module or as a script; empty for none."""
    for word in words[:3]:
        path = Path(word)
        if word.startswith(_MODULES):
            return word.removeprefix(_MODULES)
        if path.parent.name == "armature" and path.parent.parent.name == "lib":
            return path.name
    return ""
