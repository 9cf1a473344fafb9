"""A robot in a folder of its owner's: its URDF or xacro, and the files that stand beside it."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from armature.description.packages import in_package, split_uri
from armature.errors import ConfigError

XACRO = ".xacro"
URDF = ".urdf"
_FILE = "file://"
_URDF_FOLDER, _CONFIG_FOLDER = "urdf", "config"  # of a ROS package
_NAMED_AT_MOST = 8


def path_of(where: str, text: str) -> Path:
    """The path that a user wrote, with ~ or as package://NAME/… too.

    Raises:
        ConfigError: there is no such package, or no such user.
    """
    if named := split_uri(text):
        return in_package(*named, Path.cwd())
    try:
        return Path(text.removeprefix(_FILE)).expanduser()
    except RuntimeError as error:
        raise ConfigError(where, text, "there is no such user; write the whole path") from error


def find_description(path: Path) -> Path:
    """The URDF or xacro file of a robot: the file itself, or the only one of a folder or of its folder urdf/.

    Raises:
        ConfigError: there is none, or there are several.
    """
    kind = _kind_of(path)
    if stat.S_ISREG(kind):
        if path.suffix.lower() not in (URDF, XACRO):
            raise ConfigError("robot", str(path), f"name a folder, or a file that ends in {URDF} or {URDF}{XACRO}")
        return path
    if not stat.S_ISDIR(kind):
        raise ConfigError("robot", str(path), "it is a pipe or a device; name a folder or a regular file")
    for folder in (path, path / _URDF_FOLDER):
        found = [file for file in _listed(folder, "*") if file.name.endswith((URDF, URDF + XACRO))]
        if len(found) == 1:
            return found[0]
        if found:
            raise _choice(path, f"{folder} has several", found)
    deeper = [
        file for pattern in ("*.xacro", "*/*.urdf*", "*/*/*.urdf*", "*/*.xacro") for file in _listed(path, pattern)
    ]
    if deeper:
        raise _choice(
            path, f"it has no {URDF} or {URDF}{XACRO} file of its own, nor its folder urdf/; below it are", deeper
        )
    raise ConfigError(
        "robot", str(path), f"put the arm's URDF into it: a file that ends in {URDF} or {URDF}{XACRO}"
    )


def _kind_of(path: Path) -> int:
    try:
        return path.stat().st_mode
    except FileNotFoundError as error:
        raise ConfigError("robot", str(path), "there is no such file or folder") from error
    except OSError as error:
        raise ConfigError("robot", str(path), f"it cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise ConfigError("robot", str(path), "a path holds no null character") from error


def _listed(folder: Path, pattern: str) -> list[Path]:
    """Files by a pattern, without hidden ones, such as those of an editor."""
    try:
        return sorted(file for file in folder.glob(pattern) if file.is_file() and not file.name.startswith("."))
    except OSError as error:
        raise ConfigError("robot", str(folder), f"it cannot be read ({error.strerror})") from error


def _choice(path: Path, what: str, found: list[Path]) -> ConfigError:
    names = [str(file.relative_to(path)) for file in dict.fromkeys(found)]
    listed = ", ".join(names[:_NAMED_AT_MOST]) + (", …" if len(names) > _NAMED_AT_MOST else "")
    return ConfigError("robot", str(path), f"{what} {listed}; choose one by its own path, such as {found[0]}")


def places_beside(path: Path, description: Path) -> tuple[Path, ...]:
    """Folders in which a robot's other files are sought, the first one first.

    Args:
        path: what names the robot.
        description: its URDF or xacro.
    """
    return tuple(dict.fromkeys(_places(path if path.is_dir() else path.parent, description)))


def _places(folder: Path, description: Path) -> Iterator[Path]:
    package = next((above for above in description.parents if (above / "package.xml").is_file()), folder)
    for place in (folder, description.parent, package):
        yield place
        yield place / _CONFIG_FOLDER
