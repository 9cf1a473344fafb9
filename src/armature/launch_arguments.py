"""What both launch files do with their arguments; launch itself ignores those that it does not know."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from armature.cli.servos.start_check import check_start
from armature.errors import ConfigError, listed
from armature.graph import NAMESPACES, is_namespace
from armature.robots import DEFAULT_ROBOT, Robot
from armature.share import share_folder

# Of both files: name, default, meaning.
SHARED = (
    ("robot", "", f"name of the arm, or path of a folder, URDF or xacro file; default {DEFAULT_ROBOT}"),
    ("urdf", "", "URDF or xacro file in place of the arm's own"),
    ("wiring", "", "wiring file in place of the arm's own"),
    ("poses", "", "file of poses in place of the arm's own"),
    ("xacro_args", "", "arguments of a xacro file: 'NAME:=VALUE …'"),
    ("params_file", "", "ROS parameters over the arm's own"),
    ("namespace", "", "of the arm, where there are several"),
    ("http_host", "127.0.0.1", "address of the page"),
    ("http_port", "8080", "port of the page"),
    ("log_level", "", "of the nodes: debug, info, warn, error or fatal"),
)
_LEVELS = ("debug", "info", "warn", "error", "fatal")
_REMEDIES = {"use_sim_time": "time is simulated with port:=gazebo alone"}


def refuse_unknown(file: str, command: Sequence[str], known: Collection[str]) -> None:
    """Refuse arguments that `ros2 launch` was given for one of our files and that it does not have.

    Args:
        file: name of the launch file.
        command: words of the command. Where it names a file that includes ours, its arguments are not ours.
        known: names of the file's arguments.

    Raises:
        ConfigError: the first of them, with those known.
    """
    place = next((index for index, word in enumerate(command) if _is_ours(file, command[:index], word)), None)
    for word in command[place + 1 :] if place is not None else ():
        name, mark, value = word.partition(":=")
        if mark and name not in known:
            remedy = _REMEDIES.get(name, listed("arguments", sorted(known)))
            raise ConfigError(f"launch argument {name}", value, remedy)


def _is_ours(file: str, before: Sequence[str], word: str) -> bool:
    if word == file:
        return "armature" in before[-1:]
    return Path(word).name == file and Path(word).resolve() == (share_folder() / "launch" / file).resolve()


def robot_arguments(given: Callable[[str], str]) -> dict[str, Any]:
    """Arguments of `find_robot`.

    Args:
        given: the value of an argument of the launch file.
    """
    named = {name: given(name) for name in ("wiring", "urdf", "poses")}
    shared = {"name": given("robot"), "parameters": given("params_file"), "keeps_refused": True}
    return {**named, **shared, "xacro_arguments": _words("xacro_args", given("xacro_args"))}


def _words(name: str, text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:  # a quotation that does not end
        raise ConfigError(name, text, f"close what you have opened ({error}), or write \\ before it") from error


def require_usable(robot: Robot, namespace: str = "") -> None:
    """Read the files of an arm as its nodes do: what is wrong is said before anything starts, and once.

    Args:
        robot: its files.
        namespace: of the nodes.

    Raises:
        ConfigError: a file that cannot be used.
    """
    notes, refusals, _ = check_start(robot, namespace)
    for note in notes:
        sys.stderr.write(f"note: {note}\n")
    refusals.raise_all()


def log_arguments(level: str) -> list[str]:
    """Arguments of a node for its log level, "" for that of ROS.

    Raises:
        ConfigError: there is no such level.
    """
    if level and level not in _LEVELS:
        raise ConfigError("log_level", level, listed("levels", _LEVELS))
    return ["--log-level", level] if level else []


def named_processes(only: str, names: Sequence[str]) -> Sequence[str]:
    """The processes to start: those named, separated by commas, or all of them.

    Raises:
        ConfigError: there is no such process.
    """
    words = [word.strip() for word in only.split(",") if word.strip()]
    for word in words:
        if word not in names:
            raise ConfigError("only", word, listed("processes", names))
    return words or names


def is_true(name: str, text: str) -> bool:
    """Whether an argument says yes.

    Raises:
        ConfigError: it says neither.
    """
    if text.lower() not in ("true", "false"):
        raise ConfigError(name, text, "write true or false")
    return text.lower() == "true"


def whole_namespace(configurations: Mapping[str, str], namespace: str) -> str:
    """The namespace that the nodes will have, with what a PushROSNamespace around the launch file has pushed.

    Args:
        configurations: of launch.
        namespace: the file's own argument.

    Raises:
        ConfigError: ROS takes no such namespace.
    """
    if not is_namespace(namespace):
        raise ConfigError("namespace", namespace, NAMESPACES)
    pushed = "" if namespace.startswith("/") else configurations.get("ros_namespace", "")
    return "/".join(part.strip("/") for part in (pushed, namespace) if part.strip("/"))
