"""The processes of the graph, with their files and parameters: the one list that everything is started from."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from armature.core.model.parameter_file import ROBOT_FILE, value_for
from armature.environment import runtime_base
from armature.private_folder import make_private, require_own
from armature.robots import Robot
from armature.share import page_folder
from armature.stop_timeouts import STOP_TIMEOUT, stop_timeout

EMULATED = "emulated"
GAZEBO = "gazebo"
PROCESS_NAMES = ("emulator", "monitor", "recorder", "state_publisher", "arm_controller", "servo_interface")
"""All executables of the graph, in the order in which they are started."""
NAMESPACES = "write letters, digits and _, not a digit first, as in left"
# Gazebo may be started together with the graph, and takes its time; the servos come after it.
_GAZEBO_TIMEOUT, _CONNECT_TIMEOUT = 30.0, 40.0  # [s]

_ALLOWED_PAIRS = "checks.allowed_pairs"
_PARK_POSE = "park_pose"
Parameters = Mapping[str, str | int | float | bool | list[str]]


@dataclass(frozen=True)
class Process:
    """One process: an executable of this package, and how it is started."""

    name: str  # of the executable, and of the node where it is one
    is_node: bool
    parameters: Parameters = field(default_factory=dict)
    parameter_files: tuple[Path, ...] = ()
    arguments: tuple[str, ...] = ()
    stop_timeout: float = STOP_TIMEOUT  # how long its end may take [s]

    def command_line(self, namespace: str = "") -> list[str]:
        """Arguments behind the executable, with those for ROS."""
        if not self.is_node:
            return list(self.arguments)
        line = [*self.arguments, "--ros-args"]
        if namespace:
            line += ["-r", f"__ns:=/{namespace.strip('/')}"]
        for file in self.parameter_files:
            line += ["--params-file", str(file)]
        for name, value in self.parameters.items():
            line += ["-p", f"{name}:={_text(value)}"]
        return line


def _text(value: str | int | float | bool | list[str]) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    # Quoted, since ROS reads values as YAML and would take a name such as "on" or "1" for something else.
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (str, list)) else str(value)


def runtime_folder(base: Mapping[str, str], namespace: str) -> Path:
    """Where the sockets and logs of a running graph are.

    Args:
        base: the environment; ARMATURE_RUNTIME overrides, XDG_RUNTIME_DIR is used where it is set.
        namespace: of the arm; several arms have several folders.
    """
    return runtime_base(base).joinpath(*_runtime_parts(namespace))


def make_runtime_folder(base: Mapping[str, str], namespace: str) -> Path:
    """The same folder, created so that no other user may write to it.

    Raises:
        ConfigError: it cannot be made, or is not its user's alone.
    """
    return make_private(runtime_base(base), *_runtime_parts(namespace), variable="ARMATURE_RUNTIME")


def existing_runtime_folder(base: Mapping[str, str], namespace: str) -> Path:
    """The same folder, for reading: files that others may have put there are not trusted.

    Raises:
        ConfigError: it is there, and is not its user's alone.
    """
    folder, above = runtime_folder(base, namespace), runtime_base(base)
    for path in (above, folder):
        if os.path.lexists(path):
            require_own(path, "set ARMATURE_RUNTIME to a folder of your own")
    return folder


def _runtime_parts(namespace: str) -> tuple[str, ...]:
    return tuple(namespace.strip("/").split("/")) if namespace.strip("/") else ("default",)


def full_name(namespace: str, node: str) -> str:
    """The name of a node in a namespace."""
    return "/".join(("", *filter(None, (namespace.strip("/"), node))))


def is_namespace(text: str) -> bool:
    """Whether ROS takes a text for a namespace; an empty one is none."""
    name = text.strip("/")
    return not name or all(part.isidentifier() and part.isascii() for part in name.split("/"))


def write_url(runtime: Path, page: str) -> None:
    """Write the page's address for the command line."""
    (runtime / "url").write_text(page, "utf-8")


def processes(
    robot: Robot, port: str, runtime: Path, http: tuple[str, int] = ("127.0.0.1", 8080), namespace: str = ""
) -> tuple[Process, ...]:
    """The graph, in the order in which it is started; it is stopped in the reverse order.

    So the servo interface, which parks the arm, is the first to be stopped, and the monitor with its STOP and the
    emulator outlive it.

    Args:
        robot: the arm.
        port: serial device, "emulated", or "gazebo" for emulated servos whose arm is in Gazebo.
        runtime: folder for what lives as long as the graph.
        http: address and port of the page.
        namespace: of the nodes.
    """
    simulated = port == GAZEBO
    emulated = simulated or port == EMULATED
    device = str(_link(runtime)) if emulated else port
    # One clock for all that give time to a motion or a message.
    clock: Parameters = {"use_sim_time": True} if simulated else {}
    connecting: Parameters = {"connect_timeout": _CONNECT_TIMEOUT} if simulated else {}
    model: Parameters = {"urdf": str(robot.urdf), "wiring": str(robot.wiring)}
    posed: Parameters = {**model, "poses": str(robot.poses)}
    web: Parameters = {"host": http[0], "port": http[1], "page_root": str(page_folder())}

    exit_message: Parameters = {"exit_message_file": str(exit_message_file(runtime))}
    # What may touch on a move may touch on the way to park; and the controller checks the pose in which it ends.
    allowed: Parameters = {_ALLOWED_PAIRS: pairs} if (pairs := allowed_pairs(robot, namespace)) else {}
    park: Parameters = {_PARK_POSE: name} if (name := park_pose(robot, namespace)) else {}
    kept: Parameters = {"payload_file": str(payload_file(runtime))}
    timeout = stop_timeout(robot.parameters)
    own = (ROBOT_FILE, str(robot.own_parameters)) if robot.own_parameters else ()

    def node(name: str, parameters: Parameters) -> Process:
        timed = {**parameters, **clock}
        return Process(name, True, timed, robot.parameters, own, stop_timeout=timeout)

    return (
        *((_emulator(robot, park_pose(robot, namespace), device, timeout, simulated),) if emulated else ()),
        node("monitor", {**posed, **web}),
        node("recorder", {}),
        node("state_publisher", model),
        node("arm_controller", {**posed, **park, **kept}),
        node("servo_interface", {**posed, "port": device, **connecting, **exit_message, **allowed, **kept}),
    )


def park_pose(robot: Robot, namespace: str = "") -> str:
    """The pose in which the servo interface parks by a robot's files; "" where they leave it to the default."""
    given = value_for(robot.given, full_name(namespace, "servo_interface"), _PARK_POSE)
    return given.value if given and isinstance(given.value, str) else ""


def allowed_pairs(robot: Robot, namespace: str = "") -> list[str]:
    """Links that may touch by the arm controller's parameters in a robot's files, as "first second"."""
    given = value_for(robot.given, full_name(namespace, "arm_controller"), _ALLOWED_PAIRS)
    return [str(text) for text in given.value if text] if given and isinstance(given.value, tuple) else []


def exit_message_file(runtime: Path) -> Path:
    """File in which the servo interface writes how it left the arm."""
    return runtime / "exit_message"


def payload_file(runtime: Path) -> Path:
    """File in which the arm controller keeps the payload that was set while it ran."""
    return runtime / "payload"


def forget_payload(runtime: Path, names: Collection[str] = PROCESS_NAMES) -> None:
    """Forget what was set while the last graph ran, where processes are started of which one would take it up."""
    if "arm_controller" in names:
        payload_file(runtime).unlink(missing_ok=True)


def keep_alive_command(runtime: Path, timeout: float = STOP_TIMEOUT) -> list[str]:
    """Command line before that of a process which has to live until the emulator has ended.

    Args:
        runtime: folder of the graph.
        timeout: how long that may take [s].
    """
    line = [sys.executable, "-m", "armature.nodes.common.keep_alive", "--link", str(_link(runtime))]
    return [*line, "--timeout", f"{timeout:g}", "--"]


def _link(runtime: Path) -> Path:
    return runtime / "bus"


def _emulator(robot: Robot, park: str, link: str, timeout: float, simulated: bool) -> Process:
    files = ("--urdf", str(robot.urdf), "--wiring", str(robot.wiring), "--poses", str(robot.poses))
    plant = ("--plant", GAZEBO, "--gazebo-timeout", str(_GAZEBO_TIMEOUT)) if simulated else ()
    # With Gazebo it speaks ROS too.
    # The emulated arm lies where it parks.
    start = ("--park-pose", park) if park else ()
    arguments = (*files, *start, "--link", link, *plant)
    return Process("emulator", is_node=simulated, arguments=arguments, stop_timeout=timeout)
