"""The robots that can be started, and the files of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from armature.errors import ConfigError
from armature.share import share_folder

DEFAULT_ROBOT = "armature6"


@dataclass(frozen=True)
class Robot:
    """The files of one arm."""

    name: str
    urdf: Path
    wiring: Path
    poses: Path
    parameters: tuple[Path, ...]  # ROS parameter files, later ones over earlier ones
    wiring_text: str = field(compare=False, repr=False)


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

    wiring_file = Path(wiring).absolute() if wiring else file("servos.yaml")
    wiring_text = _read_text("wiring file", wiring or str(wiring_file))
    overlays = [file for file in (own / "arm.yaml",) if file.is_file()]
    if parameters:
        _read_text("parameter file", parameters)  # ROS would only say that it cannot parse it
        overlays.append(Path(parameters).absolute())
    return Robot(
        name=name,
        urdf=share_folder() / "urdf" / f"{name}.urdf",
        wiring=wiring_file,
        poses=file("poses.yaml"),
        parameters=(config / "arm.yaml", *overlays),
        wiring_text=wiring_text,
    )


def _read_text(kind: str, file: str) -> str:
    try:
        return Path(file).read_bytes().decode("utf-8")  # with its own line ends, since it may be written back
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(kind, file, "name a file that can be read as text") from error
