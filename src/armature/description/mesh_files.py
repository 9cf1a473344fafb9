"""Files of the meshes that a URDF names."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

from armature.description.packages import find_package
from armature.errors import ConfigError

_IN_PACKAGE = ("package", "model")  # "model" is Gazebo's


def resolve_mesh(uri: str, urdf_folder: Path) -> Path:
    """The file that a URDF means by a name.

    Args:
        uri: package://PACKAGE/FILE, file://FILE, an absolute path, or one relative to the URDF.
        urdf_folder: where the URDF is.

    Raises:
        ConfigError: no such package or file, or a name that means something else.
    """
    scheme, separator, rest = uri.partition("://")
    if not separator:
        folder, rest = urdf_folder, uri.removeprefix("file:")
    elif scheme in _IN_PACKAGE:
        package, _, rest = rest.partition("/")
        folder = _package(unquote(package), unquote(rest), urdf_folder)
    elif scheme == "file":
        folder = urdf_folder
    else:
        raise ConfigError(
            "mesh", uri, "name it by package://, file://, an absolute path, or one relative to the URDF"
        )
    for spelling in (rest, unquote(rest), unquote(rest).replace("\\", "/")):
        if _is_file(folder / spelling):
            return folder / spelling
    raise ConfigError("mesh", uri, f"there is no file {folder / rest}{_similar(folder / rest)}")


def _package(name: str, file: str, near: Path) -> Path:
    """The folder of a package; one that has another name now is known by the file."""
    try:
        return find_package(name, near)
    except ConfigError:
        for folder in (near, *near.absolute().parents[:2]):
            if _is_file(folder / file):
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
