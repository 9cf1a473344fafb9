"""ROS packages by their names, with or without a ROS installation."""

from __future__ import annotations

import os
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote

from armature.description.files import TEXT, read_bytes
from armature.errors import ConfigError

_SCHEMES = ("package", "model")
_MANIFEST = "package.xml"
_SOURCES, _INSTALLED = "ROS_PACKAGE_PATH", "AMENT_PREFIX_PATH"


def find_package(name: str, near: Path, environment: Mapping[str, str] = os.environ) -> Path:
    """Folder of a ROS package, as `package://NAME/…` and `$(find NAME)` mean it.

    The package that a robot lies in is its own, whatever else is installed; then come those that the environment
    names, and then the neighbours of the robot.

    Args:
        name: of the package.
        near: folder of the robot.
        environment: ROS_PACKAGE_PATH is searched with all below it, AMENT_PREFIX_PATH for what is installed.

    Raises:
        ConfigError: there is none.
    """
    above = list(
        dict.fromkeys(folder for start in (near.absolute(), near.resolve()) for folder in _upwards(start))
    )
    for folder in (*above, *_from_environment(name, environment), *_neighbours(name, above)):
        if _is_package(folder, name):
            return folder
    where = f"it is not around {near}, nor in {_SOURCES} or {_INSTALLED}"
    raise ConfigError(
        "package", name, f"{where}; source its workspace, or set {_SOURCES} to the folder that holds it"
    )


def split_uri(uri: str) -> tuple[str, tuple[str, ...]] | None:
    """The package that package://PACKAGE/FILE names, and its file in all spellings: %20 may be a space.

    Returns:
        None for anything else; model:// is Gazebo's for the same.
    """
    scheme, separator, rest = uri.partition("://")
    if not separator or scheme not in _SCHEMES:
        return None
    package, _, file = rest.partition("/")
    return unquote(package), tuple(dict.fromkeys((file, unquote(file), unquote(file).replace("\\", "/"))))


def in_package(package: str, files: Sequence[str], near: Path) -> Path:
    """A file of a package, in the first of its spellings that there is.

    Raises:
        ConfigError: there is no such package.
    """
    folder = find_package(package, near)
    return next((folder / file for file in files if _exists(folder / file)), folder / files[0])


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _upwards(folder: Path) -> Iterator[Path]:
    yield folder
    yield from folder.parents


def _from_environment(name: str, environment: Mapping[str, str]) -> Iterator[Path]:
    for base in _paths(environment, _SOURCES):
        yield from _packages_below(base)
    for prefix in _paths(environment, _INSTALLED):
        yield prefix / "share" / name


def _paths(environment: Mapping[str, str], variable: str) -> list[Path]:
    return [Path(part) for part in environment.get(variable, "").split(os.pathsep) if part]


def _packages_below(base: Path) -> Iterator[Path]:
    """All packages in a folder of sources; no package lies in another one, and none in a hidden folder."""
    seen: set[str] = set()
    for place, folders, files in os.walk(base, followlinks=True):
        real = os.path.realpath(place)
        if _MANIFEST in files:
            yield Path(place)
        is_done = _MANIFEST in files or real in seen  # a link may lead back
        seen.add(real)
        folders[:] = [] if is_done else sorted(each for each in folders if not each.startswith("."))


def _neighbours(name: str, above: list[Path]) -> Iterator[Path]:
    for folder in above:
        yield folder / name
        try:
            manifests = sorted(folder.glob(f"*/{_MANIFEST}"))
        except OSError:  # a folder that may not be read
            continue
        yield from (manifest.parent for manifest in manifests)


def _is_package(folder: Path, name: str) -> bool:
    """Whether a folder is this package: by its manifest, or by its own name where it has none."""
    if name in ("", ".", "..") or "\0" in name:  # a path, and no name
        return False
    try:
        manifest = ElementTree.fromstring(read_bytes(folder / _MANIFEST, TEXT))
        return (manifest.findtext("name") or "").strip() == name
    except (OSError, ElementTree.ParseError, LookupError, ValueError):  # the last two of its encoding
        return folder.name == name and _is_folder(folder)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # its name is too long, or what is above it may not be searched
        return False
