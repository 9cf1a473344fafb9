"""The robots that can be started, by name or by path, and the files of each."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from armature.core.model.parameter_file import GivenParameter, in_any_namespace, misspelt_nodes, read_file
from armature.core.refusals import Refusals
from armature.description.expansion import expand
from armature.description.files import XML, read_bytes, read_text
from armature.description.folder import URDF, XACRO, find_description, path_of, places_beside
from armature.errors import ConfigError
from armature.share import DEFAULT_ROBOT as DEFAULT_ROBOT
from armature.share import share_folder

# That read parameters.
NODES = ("servo_interface", "arm_controller", "gripper_controller", "state_publisher", "recorder", "monitor")
_READABLE = "name a file that can be read as text"
_NEEDED = {
    "servos.yaml": ("wiring", "which servo turns which joint"),
    "poses.yaml": ("poses", "its named poses, one of them called park,"),
}


@dataclass(frozen=True)
class Robot:
    """The files of one arm."""

    name: str
    urdf: Path  # plain URDF, which a xacro file has been expanded to
    wiring: Path
    poses: Path
    parameters: tuple[Path, ...]  # ROS parameter files, later ones over earlier ones
    own_parameters: Path | None  # that among them which counts in any namespace
    given: tuple[GivenParameter, ...] = field(compare=False, repr=False)  # what they give, in their order
    wiring_text: str = field(compare=False, repr=False)
    # What in the parameter files cannot be read as such.
    refused: tuple[ConfigError, ...] = field(default=(), compare=False, repr=False)


def robot_names() -> tuple[str, ...]:
    """All arms that ship."""
    folders = (share_folder() / "config" / "robots").glob("*/")
    return tuple(sorted({DEFAULT_ROBOT, *(folder.name for folder in folders)}))


def find_robot(
    name: str = "",
    wiring: str = "",
    parameters: str = "",
    *,
    urdf: str = "",
    poses: str = "",
    xacro_arguments: Sequence[str] = (),
    needs_wiring: bool = True,
    keeps_refused: bool = False,
) -> Robot:
    """The files of an arm.

    Args:
        name: of an arm that ships, or path of a folder, URDF or xacro file; by default the one given as `urdf`, or
            armature6.
        wiring: a wiring file in place of its own, "" for its own.
        parameters: a file of ROS parameters over its own, "" for none.
        urdf: a URDF or xacro file in place of its own.
        poses: a file of poses in place of its own.
        xacro_arguments: of a xacro file, each as NAME:=VALUE.
        needs_wiring: false where a backup will replace the wiring file: it may be lost, or no text.
        keeps_refused: true where what is wrong with the parameter files is told later, together with all else.

    Raises:
        ConfigError: no such arm, a file that is missing or cannot be read, or xacro's refusal.
    """
    chosen = name or urdf or DEFAULT_ROBOT
    is_shipped = not _is_path(chosen)
    folder = _shipped(chosen) if is_shipped else path_of("robot", chosen).absolute()
    given = path_of("URDF", urdf).absolute() if urdf else folder
    description = _shipped_urdf(folder) if given == folder and is_shipped else find_description(given)
    places = (folder,) if is_shipped else _places(folder, description)
    wiring_file = (
        path_of("wiring", wiring) if wiring else _own("servos.yaml", places, chosen, or_backup=not needs_wiring)
    )
    poses_file = path_of("poses", poses) if poses else _own("poses.yaml", places, chosen)
    read_text("poses file", poses_file, _READABLE)
    own = _own_parameters(places)
    files = _parameter_files(own, parameters)
    parameters_given, refusals = _read_parameters(files, own)
    if not keeps_refused:
        refusals.raise_all()
    return Robot(
        parameters=tuple(file.absolute() for file in files),
        own_parameters=own.absolute() if own else None,
        given=parameters_given,
        refused=refusals.found,
        name=chosen if is_shipped else description.name.partition(".")[0],
        urdf=_expanded(description, xacro_arguments),
        wiring=wiring_file.absolute(),
        poses=poses_file.absolute(),
        wiring_text=read_text("wiring file", wiring_file, _READABLE) if needs_wiring else "",
    )


def _is_path(name: str) -> bool:
    """Whether a robot is named by its place; an arm that ships has neither slash nor ending."""
    return os.sep in name or name.startswith(("~", ".")) or name.endswith((URDF, XACRO))


def _shipped(name: str) -> Path:
    if name not in robot_names():
        own = f"a folder or file of your own is written as a path, such as ./{name}"
        raise ConfigError("robot", name, f"robots are {', '.join(robot_names())}; {own}")
    return share_folder() / "config" / "robots" / name


def _shipped_urdf(folder: Path) -> Path:
    shared = share_folder() / "urdf" / f"{folder.name}{URDF}"
    return shared if shared.is_file() else find_description(folder)


def _places(folder: Path, description: Path) -> tuple[Path, ...]:
    """Where the files of an arm that is named by its path are; those of the default arm are no other arm's."""
    default = share_folder() / "config"
    return tuple(place for place in places_beside(folder, description) if place != default)


def _own(title: str, places: Sequence[Path], chosen: str, *, or_backup: bool = False) -> Path:
    """A file that an arm must have, or of which there is a backup where it was.

    Raises:
        ConfigError: it has none; says what to write where.
    """
    shared = [share_folder() / "config"] if chosen == DEFAULT_ROBOT else []
    for place in [*places, *shared]:
        if (place / title).exists() or (or_backup and any(place.glob(f"{title}.*.bak"))):
            return place / title
    option, content = _NEEDED[title]
    write = f"it has no {title}: write {content} into {places[0] / title} (docs/reference/robot_files.md)"
    raise ConfigError("robot", chosen, f"{write}, or name another file with --{option} or {option}:=")


def _own_parameters(places: Sequence[Path]) -> Path | None:
    """The arm's own file of parameters, if any."""
    return next((place / "arm.yaml" for place in places if (place / "arm.yaml").exists()), None)


def _parameter_files(own: Path | None, further: str) -> tuple[Path, ...]:
    """Those of every arm, the arm's own where it has any, and the one that was named."""
    files = [share_folder() / "config" / "arm.yaml"]
    files += [own] if own else []
    files += [path_of("parameters", further)] if further else []
    return tuple(files)


def _read_parameters(files: Sequence[Path], own: Path | None) -> tuple[tuple[GivenParameter, ...], Refusals]:
    texts = ((file, read_text("parameter file", file, _READABLE)) for file in files)
    read = {file: read_file(text, str(file)) for file, text in texts}
    refusals = Refusals(error for content in read.values() for error in content.refused)
    given = tuple(
        each
        for file, content in read.items()
        for each in (in_any_namespace(content.given) if file == own else content.given)
    )
    refusals.add(misspelt_nodes(given, NODES))
    return given, refusals


def _expanded(description: Path, arguments: Sequence[str]) -> Path:
    if _is_xacro(description):
        return expand(description, arguments)
    if arguments:
        raise ConfigError("xacro argument", arguments[0], f"{description} is no xacro file")
    return description


def _is_xacro(file: Path) -> bool:
    try:
        return file.suffix == XACRO or b"<xacro:" in read_bytes(file, XML)
    except OSError:  # whoever reads it says why
        return False
