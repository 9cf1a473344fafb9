"""The processes of the graph, with their files and parameters: the one list that everything starts from."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from armature.errors import ConfigError
from armature.private_folder import make_private, require_own
from armature.stop_timeouts import STOP_TIMEOUT, stop_timeout

DEFAULT_ROBOT = "armature6"
EMULATED = "emulated"
GAZEBO = "gazebo"
# Gazebo may be started together with the graph, and takes its time; the servos come after it.
_GAZEBO_TIMEOUT, _CONNECT_TIMEOUT = 30.0, 40.0  # [s]

Parameters = Mapping[str, str | int | float | bool]


@dataclass(frozen=True)
class Robot:
    """The files of one arm."""

    name: str
    urdf: Path
    wiring: Path
    poses: Path
    parameters: tuple[Path, ...]  # ROS parameter files, later ones over earlier ones


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


def _text(value: str | int | float | bool) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    # Quoted, since ROS reads values as YAML and would take a name such as "on" or "1" for something else.
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)


def share_folder() -> Path:
    """Where config, urdf and the page are: the checkout, or the share folder of an installation.

    Raises:
        ConfigError: neither is found.
    """
    here = Path(__file__).resolve()
    for parent in here.parents:
        for folder in (parent, parent / "share" / "armature"):
            if (folder / "config" / "arm.yaml").is_file() and (folder / "urdf").is_dir():
                return folder
    raise ConfigError("share folder", str(here), "install the package, or run from its checkout")


def page_folder() -> Path:
    """Where the built page is."""
    share = share_folder()
    built = share / "web" / "dist"
    return built if built.is_dir() or (share / "setup.py").exists() else share / "web"


def dds_profile() -> Path:
    """The Fast DDS profile that keeps the graph on the loopback interface."""
    return share_folder() / "config" / "fastdds_loopback.xml"


def gazebo_bridge() -> Path:
    """The configuration of ros_gz_bridge that goes with our worlds."""
    return share_folder() / "config" / "gazebo_bridge.yaml"


def runtime_folder(base: Mapping[str, str], namespace: str) -> Path:
    """Where the sockets and logs of a running graph are.

    Args:
        base: the environment; ARMATURE_RUNTIME overrides, XDG_RUNTIME_DIR is used where it is set.
        namespace: of the arm; several arms have several folders.
    """
    return _runtime_base(base).joinpath(*_runtime_parts(namespace))


def make_runtime_folder(base: Mapping[str, str], namespace: str) -> Path:
    """The same folder, made so that nobody else may put anything into it.

    Raises:
        ConfigError: it cannot be made, or is not its user's alone.
    """
    return make_private(_runtime_base(base), *_runtime_parts(namespace), variable="ARMATURE_RUNTIME")


def existing_runtime_folder(base: Mapping[str, str], namespace: str) -> Path:
    """The same folder, to look into it: what others have put there is not believed.

    Raises:
        ConfigError: it is there, and is not its user's alone.
    """
    folder, above = runtime_folder(base, namespace), _runtime_base(base)
    for path in (above, folder):
        if os.path.lexists(path):
            require_own(path, "set ARMATURE_RUNTIME to a folder of your own")
    return folder


def _runtime_base(base: Mapping[str, str]) -> Path:
    default = f"/tmp/armature-{os.getuid()}"
    if base.get("XDG_RUNTIME_DIR"):
        default = f"{base['XDG_RUNTIME_DIR']}/armature"
    return Path(base.get("ARMATURE_RUNTIME") or default)


def _runtime_parts(namespace: str) -> tuple[str, ...]:
    return tuple(namespace.strip("/").split("/")) if namespace.strip("/") else ("default",)


def page_url(host: str, port: int) -> str:
    """The page's address as a browser takes it: IPv6 in brackets (RFC 3986)."""
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def write_url(runtime: Path, page: str) -> None:
    """Leave the page's address where the command line looks for it."""
    (runtime / "url").write_text(page, "utf-8")


def robot_names() -> tuple[str, ...]:
    """All arms that can be started."""
    folders = (share_folder() / "config" / "robots").glob("*/")
    return tuple(sorted({DEFAULT_ROBOT, *(folder.name for folder in folders)}))


def find_robot(name: str, wiring: str = "", parameters: str = "") -> Robot:
    """The files of an arm: those of its own folder, else the default arm's.

    Args:
        name: of the arm.
        wiring: a wiring file in place of its own, "" for its own.
        parameters: a file of ROS parameters over its own, "" for none.

    Raises:
        ConfigError: no such arm, or a file that cannot be read.
    """
    if name not in robot_names():
        raise ConfigError("robot", name, f"robots are {', '.join(robot_names())}")
    config = share_folder() / "config"
    own = config / "robots" / name

    def file(title: str) -> Path:
        return own / title if (own / title).is_file() else config / title

    for kind, given in (("wiring file", wiring), ("parameter file", parameters)):
        if given and not _is_text(Path(given)):
            raise ConfigError(kind, given, "name a file that can be read as text")
    overlays = [file for file in (own / "arm.yaml",) if file.is_file()]
    if parameters:
        overlays.append(Path(parameters).absolute())
    return Robot(
        name=name,
        urdf=share_folder() / "urdf" / f"{name}.urdf",
        wiring=Path(wiring).absolute() if wiring else file("servos.yaml"),
        poses=file("poses.yaml"),
        parameters=(config / "arm.yaml", *overlays),
    )


def _is_text(file: Path) -> bool:
    try:
        return file.is_file() and file.read_text("utf-8") is not None
    except (OSError, UnicodeDecodeError):
        return False


def web_address(text: str) -> tuple[str, int]:
    """Host and port of the page.

    Args:
        text: HOST:PORT; an IPv6 address stands in brackets.

    Raises:
        ConfigError: it is not that.
    """
    host, _, port = text.rpartition(":")
    bare = host[1:-1] if host[:1] + host[-1:] == "[]" else host
    if not bare or (":" in bare) != (bare != host):
        raise ConfigError(
            "--http", text, "write HOST:PORT, for example 127.0.0.1:8080, 0.0.0.0:8080 or [::1]:8080"
        )
    return bare, web_port("--http", port)


def web_port(where: str, text: str) -> int:
    """The number of a port.

    Args:
        where: what it was given to.
        text: what was given.

    Raises:
        ConfigError: no port has it.
    """
    if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text) <= 65535):
        raise ConfigError(where, text, "a port is a number from 1 to 65535, or 0 for any free one")
    return int(text)


def processes(
    robot: Robot, port: str, runtime: Path, http: tuple[str, int] = ("127.0.0.1", 8080)
) -> tuple[Process, ...]:
    """The graph, in the order in which it is started; it is stopped in the reverse order.

    So the servo interface, which parks the arm, is the first to be stopped, and the monitor with its STOP and the
    emulator outlive it.

    Args:
        robot: the arm.
        port: serial device, "emulated", or "gazebo" for emulated servos whose arm is in Gazebo.
        runtime: folder for what lives as long as the graph.
        http: address and port of the page.
    """
    simulated = port == GAZEBO
    emulated = simulated or port == EMULATED
    device = str(_link(runtime)) if emulated else port
    # One clock for all that give time to a motion or a message.
    clock: Parameters = {"use_sim_time": True} if simulated else {}
    connecting: Parameters = {"connect_timeout": _CONNECT_TIMEOUT} if simulated else {}
    model: Parameters = {"urdf": str(robot.urdf)}
    posed: Parameters = {**model, "poses": str(robot.poses)}
    wired: Parameters = {**posed, "wiring": str(robot.wiring)}
    web: Parameters = {"host": http[0], "port": http[1], "page_root": str(page_folder())}

    words: Parameters = {"exit_message_file": str(exit_message_file(runtime))}
    timeout = stop_timeout(robot.parameters)

    def node(name: str, parameters: Parameters) -> Process:
        timed = {**parameters, **clock}
        return Process(name, True, timed, robot.parameters, stop_timeout=timeout)

    return (
        *((_emulator(robot, device, timeout, simulated),) if emulated else ()),
        node("monitor", {**posed, **web}),
        node("recorder", {}),
        node("state_publisher", model),
        node("arm_controller", wired),
        node("servo_interface", {**wired, "port": device, **connecting, **words}),
    )


def process_names() -> tuple[str, ...]:
    """All executables of the graph, in the order in which they are started."""
    return tuple(process.name for process in processes(find_robot(DEFAULT_ROBOT), EMULATED, Path()))


def exit_message_file(runtime: Path) -> Path:
    """Where the servo interface keeps how it left the arm."""
    return runtime / "exit_message"


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


def _emulator(robot: Robot, link: str, timeout: float, simulated: bool) -> Process:
    files = ("--urdf", str(robot.urdf), "--wiring", str(robot.wiring), "--poses", str(robot.poses))
    plant = ("--plant", GAZEBO, "--gazebo-timeout", str(_GAZEBO_TIMEOUT)) if simulated else ()
    # With Gazebo it speaks ROS too.
    arguments = (*files, "--link", link, *plant)
    return Process("emulator", is_node=simulated, arguments=arguments, stop_timeout=timeout)
