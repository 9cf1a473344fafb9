"""Links of a URDF: what they weigh, and the shapes with which they collide."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from armature.core.model.numbers import PHYSICAL, numbers
from armature.errors import ConfigError, listed

# Attributes of the shapes that URDF knows, with how many numbers each has; they are sizes, and above 0 [m].
_SIZES = {
    "box": {"size": 3},
    "cylinder": {"radius": 1, "length": 1},
    "capsule": {"radius": 1, "length": 1},
    "sphere": {"radius": 1},
    "mesh": {},
}
_MOMENTS = ("ixx", "ixy", "ixz", "iyy", "iyz", "izz")
# What moments may be off, as a share of the largest one: by few digits, or identified from motions.
_ROUNDING, _IDENTIFIED = 0.02, 0.2


@dataclass(frozen=True)
class Mesh:
    """A mesh as a URDF names it."""

    filename: str
    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Hull:
    """The convex hull of a mesh, with which it collides."""

    mesh: Mesh
    stl: bytes  # binary STL in the scale of the link [m]


@dataclass(frozen=True)
class Inertial:
    """Mass of a link, and its moments of inertia about its centre of mass."""

    mass: float  # [kg]
    tensor: tuple[float, ...]  # ixx ixy ixz iyy iyz izz [kg·m²]


def meshes(robot: ElementTree.Element, kind: str) -> Iterator[tuple[str, Mesh]]:
    """Links of a URDF with the meshes that they collide with ("collision") or look like ("visual")."""
    for link in robot.findall("link"):
        for mesh in link.iterfind(f"{kind}/geometry/mesh"):
            yield link.get("name", ""), mesh_of(mesh, f"link {link.get('name')}")


def mesh_of(element: ElementTree.Element, where: str) -> Mesh:
    """What a <mesh> element names.

    Raises:
        ConfigError: no file, or a scale that flattens it.
    """
    filename = (element.get("filename") or "").strip()
    if not filename:
        raise ConfigError(f"{where}: mesh", element.get("filename"), "<mesh> needs the attribute 'filename'")
    x, y, z = numbers(element.get("scale", "1 1 1"), 3, f"{where}: mesh {filename}: scale")
    if not x * y * z:
        raise ConfigError(f"{where}: mesh {filename}: scale", element.get("scale"), "no number may be 0")
    return Mesh(filename, (x, y, z))


def check_link(link: ElementTree.Element, where: str) -> None:
    """Refuse a link that cannot be.

    Raises:
        ConfigError: an inertia that no body has, or a shape without a size.
    """
    read_inertial(link, where)
    for collision in link.findall("collision"):
        origin, geometry = collision.find("origin"), collision.find("geometry")
        check_origin(origin, f"{where}: collision")
        if geometry is None or not len(geometry):
            raise ConfigError(f"{where}: collision", None, f"its <geometry> holds one of {', '.join(_SIZES)}")
        _check_shape(geometry[0], f"{where}: collision")


def check_origin(origin: ElementTree.Element | None, where: str) -> None:
    """Refuse an <origin> whose numbers are none.

    Raises:
        ConfigError: it is not three numbers each.
    """
    for name in ("xyz", "rpy"):
        if origin is not None:
            numbers(origin.get(name, "0 0 0"), 3, f"{where}: origin {name}", PHYSICAL)


def _check_shape(shape: ElementTree.Element, where: str) -> None:
    if shape.tag not in _SIZES:
        raise ConfigError(where, shape.tag, listed("shapes", _SIZES))
    if shape.tag == "mesh":
        mesh_of(shape, where.partition(": collision")[0])
    for name, count in _SIZES[shape.tag].items():
        size = numbers(shape.get(name, ""), count, f"{where}: {shape.tag} {name}", PHYSICAL)
        if min(size) <= 0.0:
            raise ConfigError(f"{where}: {shape.tag} {name}", shape.get(name), "sizes are above 0")


def read_inertial(link: ElementTree.Element, where: str) -> Inertial | None:
    """Mass and inertia of a link; None where it has none, which is zero.

    Raises:
        ConfigError: numbers that no body has.
    """
    element = link.find("inertial")
    if element is None:
        return None
    check_origin(element.find("origin"), f"{where}: inertial")
    mass, inertia = element.find("mass"), element.find("inertia")
    weight = 0.0 if mass is None else numbers(mass.get("value", ""), 1, f"{where}: mass", PHYSICAL)[0]
    if weight < 0.0:
        raise ConfigError(f"{where}: mass", weight, "a mass is at least 0 kg")
    given = {} if inertia is None else inertia.attrib
    tensor = tuple(numbers(given.get(key, "0"), 1, f"{where}: inertia {key}", PHYSICAL)[0] for key in _MOMENTS)
    _check_moments(tensor, where)
    return Inertial(weight, tensor)


def _check_moments(tensor: tuple[float, ...], where: str) -> None:
    if _lack(tensor) > _IDENTIFIED:
        least, middle, largest = np.linalg.eigvalsh(matrix(tensor)).tolist()
        moments = f"{least:.3g}, {middle:.3g}, {largest:.3g}"
        allowed = (
            f"no body has the principal moments {moments}: each is at least 0, and at most the sum of the others"
        )
        raise ConfigError(f"{where}: inertia", " ".join(f"{value:.6g}" for value in tensor), allowed)


def _lack(tensor: tuple[float, ...]) -> float:
    """How far principal moments are from those of a body, as a share of the largest one."""
    least, middle, largest = np.linalg.eigvalsh(matrix(tensor)).tolist()
    return float(max(-least, largest - least - middle) / (max(abs(least), abs(largest)) or 1.0))


def corrected(robot: ElementTree.Element) -> list[str]:
    """Links whose moments of inertia are taken for the nearest that a body can have, beyond rounding."""
    inertials = {link.get("name", ""): read_inertial(link, "") for link in robot.findall("link")}
    return [name for name, found in inertials.items() if found is not None and _lack(found.tensor) > _ROUNDING]


def matrix(tensor: tuple[float, ...]) -> np.ndarray:
    """The moments ixx ixy ixz iyy iyz izz as a matrix. Shape (3, 3)."""
    xx, xy, xz, yy, yz, zz = tensor
    return np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])


def massless(robot: ElementTree.Element, moving: dict[str, str | None]) -> list[str]:
    """Links that a joint moves and that have no mass, nor has what is fixed to them.

    Args:
        robot: the URDF.
        moving: for each link the one to which it is fixed, None for those that a joint moves.
    """
    mass = dict.fromkeys((link for link, base in moving.items() if base is None), 0.0)
    for link in robot.findall("link"):
        inertial, name = read_inertial(link, ""), link.get("name", "")
        while (base := moving.get(name)) is not None:
            name = base
        if name in mass and inertial is not None:
            mass[name] += inertial.mass
    return [link for link, weight in mass.items() if not weight > math.ulp(0.0)]
