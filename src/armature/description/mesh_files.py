"""Files of the meshes that a URDF names."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote

from armature.core.model.xml_text import parse
from armature.description.packages import find_package, split_uri
from armature.errors import ConfigError


def resolve_mesh(uri: str, urdf_folder: Path) -> Path:
    """The file that a URDF means by a name.

    Args:
        uri: package://PACKAGE/FILE, file://FILE, an absolute path, or one relative to the URDF.
        urdf_folder: where the URDF is.

    Raises:
        ConfigError: no such package or file, or a name that means something else.
    """
    if named := split_uri(uri):
        package, spellings = named
        folder = _package(package, spellings, urdf_folder)
    elif uri.startswith("file:") or "://" not in uri:
        folder, rest = urdf_folder, uri.removeprefix("file:").removeprefix("//")
        spellings = (rest, unquote(rest), unquote(rest).replace("\\", "/"))
    else:
        raise ConfigError(
            "mesh", uri, "name it by package://, file://, an absolute path, or one relative to the URDF"
        )
    for spelling in spellings:
        if _is_file(folder / spelling):
            return folder / spelling
    raise ConfigError("mesh", uri, f"there is no file {folder / spellings[0]}{_similar(folder / spellings[0])}")


def with_mesh_paths(text: str, urdf: Path) -> str:
    """A URDF that names its meshes by their whole paths, for programs that know other packages or none.

    Args:
        text: of the URDF; a mesh that is not there keeps its name.
        urdf: its file.
    """
    robot = parse(text, urdf.name)
    for mesh in robot.iter("mesh"):
        with suppress(ConfigError):
            mesh.set("filename", f"file://{resolve_mesh(mesh.get('filename', ''), urdf.parent).absolute()}")
    return ElementTree.tostring(robot, "unicode")


def _package(name: str, files: Sequence[str], near: Path) -> Path:
    """The folder of a package; one that has another name now is known by the file."""
    try:
        return find_package(name, near)
    except ConfigError:
        for folder in (near, *near.absolute().parents[:2]):
            if any(_is_file(folder / file) for file in files):
                return folder
        raise


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that is too long, or holds a null character
        return False


def _similar(path: Path) -> str:
    """Files that differ in the case of letters, as on other systems they may."""
    try:
        if path.exists():
            return ", but something else of this name"
        names = [each.name for each in path.parent.iterdir() if each.name.lower() == path.name.lower()]
    except (OSError, ValueError):
        return ""
    return f"; there is {names[0]}" if names else ""
