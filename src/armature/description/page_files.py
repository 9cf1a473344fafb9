"""Files that a page needs to show an arm: its meshes, and what they name beside them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from armature.core.model.arm import ArmModel
from armature.core.model.links import meshes
from armature.core.model.xml_text import parse
from armature.description.files import MESH, read_bytes
from armature.description.mesh_files import resolve_mesh
from armature.description.mesh_points import FORMATS
from armature.errors import ConfigError, listed

_MATERIALS = ".mtl"
_IMAGES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".webp")
# Blanks are cut off afterwards: what could match them in several ways would take hours for a file full of them.
_NAMED = {
    ".dae": re.compile(rb"<init_from>([^<]+)</init_from>"),
    ".obj": re.compile(rb"^[ \t]*mtllib[ \t]([^\r\n]+)", re.MULTILINE),
    _MATERIALS: re.compile(rb"^[ \t]*(?:map_\w+|bump|disp|norm)[ \t]([^\r\n]+)", re.MULTILINE),
}

Files = dict[str, Path]  # by the name under which the page asks for them; the mesh or image itself is the first


def page_files(arm: ArmModel, urdf: Path) -> tuple[dict[str, Files], dict[str, str]]:
    """Files by the name that the URDF has for a mesh or texture; and why there are none, where there are not.

    Args:
        arm: the model of the URDF.
        urdf: its file.
    """
    found: dict[str, Files] = {}
    missing: dict[str, str] = {}
    for name, kinds in _shown(parse(arm.urdf, urdf.name)):
        try:
            file = resolve_mesh(name, urdf.parent)
            if file.suffix.lower() not in kinds:
                raise ConfigError("mesh", name, listed("formats", kinds))
            found[name] = {file.name: file, **_beside(file)}
        except ConfigError as error:
            missing[name] = error.allowed
    return found, missing


def _shown(robot: Element) -> Iterator[tuple[str, tuple[str, ...]]]:
    looks = list(meshes(robot, "visual"))
    seen = {link.get("name") for link in robot.findall("link") if link.find("visual") is not None}
    looks += [(link, mesh) for link, mesh in meshes(robot, "collision") if link not in seen]
    for name in dict.fromkeys(mesh.filename for _, mesh in looks):
        yield name, FORMATS
    for texture in robot.iter("texture"):
        if texture.get("filename"):
            yield texture.get("filename", ""), _IMAGES


def _beside(file: Path) -> Files:
    """Images and materials that a file names, below its own folder, and images that such materials name."""
    files = _named_in(file)
    for other in list(files.values()):
        if other.suffix.lower() == _MATERIALS:  # which can name itself
            files |= {image: path for image, path in _named_in(other).items() if image not in files}
    return files


def _named_in(file: Path) -> Files:
    pattern = _NAMED.get(file.suffix.lower())
    if pattern is None:
        return {}
    files: Files = {}
    for match in pattern.findall(_read(file)):
        written = match.strip().decode("utf-8", "replace")
        if file.suffix.lower() == _MATERIALS:
            written = (written.split() or [""])[-1]  # behind its options
        name = posixpath.normpath(unquote(written).replace("\\", "/"))
        other = file.parent / name
        if other.suffix.lower() in (*_IMAGES, _MATERIALS) and _is_below(other, file):
            files[name] = other
    return files


def _read(file: Path) -> bytes:
    try:
        return read_bytes(file, MESH)
    except OSError:
        return b""


def _is_below(other: Path, file: Path) -> bool:
    """Whether a file lies in the folder of another or below it; installed packages are folders of links."""
    try:
        folders = {file.parent.resolve(), file.resolve().parent}
        return other.is_file() and any(other.resolve().is_relative_to(folder) for folder in folders)
    except (OSError, ValueError):
        return False
