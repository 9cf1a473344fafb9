"""What an arm collides with: the hulls of its meshes, and the pairs of links that touch anyway."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from armature.core.model.arm import ArmModel
from armature.core.model.links import Hull, Mesh, meshes
from armature.core.model.xml_text import parse
from armature.description.cache import Cache
from armature.description.files import MESH, read_bytes
from armature.description.mesh_files import resolve_mesh
from armature.description.srdf import read_disabled_pairs
from armature.errors import ConfigError

_VERSION = b"5"  # of what is kept: another one for another way to make it
_TITLE = "Armature: convex hull, lacks "
_MILLIMETRE = 1e-3  # [m]
_FARTHEST = 1e6  # from a link's origin, in whatever unit it was meant [m]

Pair = tuple[str, str]


def with_shapes(arm: ArmModel, urdf: Path) -> ArmModel:
    """The arm with the hulls of the meshes that it collides with, and the pairs of its links that touch anyway.

    Args:
        arm: the model of the URDF.
        urdf: its file.

    Raises:
        ConfigError: a mesh that is not there or cannot be read, an SRDF that cannot be read.
    """
    robot = parse(arm.urdf, urdf.name)
    named = {mesh: link for link, mesh in reversed(list(meshes(robot, "collision")))}
    found = {mesh: _hull(mesh, link, urdf) for mesh, link in reversed(named.items())}
    arm = replace(arm, hulls=tuple(Hull(mesh, stl) for mesh, stl in found.items()))
    told = read_disabled_pairs({arm.root, *(joint.child for joint in arm.joints)}, urdf)
    touching = _find_touching(arm)
    notes = (*arm.notes, *_losses(found, named), *_pairs_in_words(touching))
    return replace(arm, touching=tuple(sorted({*touching, *told})), notes=notes)


def _hull(mesh: Mesh, link: str, urdf: Path) -> bytes:
    where = f"{urdf.name}: link {link}: mesh"
    try:
        file = resolve_mesh(mesh.filename, urdf.parent)
        content = read_bytes(file, MESH)
        # Other files than COLLADA know no unit, and OBJ's beside it hold colours alone.
        source = b"\0".join((_VERSION, repr(mesh.scale).encode(), file.suffix.lower().encode(), content))
        return Cache("hulls").get(source, lambda: _make_hull(file, mesh))
    except ConfigError as error:
        raise ConfigError(where, mesh.filename, error.allowed) from error
    except OSError as error:
        raise ConfigError(where, mesh.filename, f"it cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise ConfigError(where, mesh.filename, str(error)) from error


def _make_hull(file: Path, mesh: Mesh) -> bytes:
    # Here, not above: once the hulls are in the cache, the processes need neither MuJoCo nor the readers for this.
    from armature.description.hulls import hull_of, write_stl
    from armature.description.mesh_points import read_points

    with np.errstate(over="ignore"):
        points = read_points(file) * np.array(mesh.scale)
    if not np.abs(points).max() < _FARTHEST:
        raise ValueError(f"it reaches beyond {_FARTHEST:g} m: mend its coordinates or its scale")
    triangles, loss = hull_of(points)
    return write_stl(triangles, f"{_TITLE}{loss:.6f} m")


def _losses(hulls: dict[Mesh, bytes], links: dict[Mesh, str]) -> Iterator[str]:
    for mesh, stl in hulls.items():
        loss = float(stl[len(_TITLE) : 80].split()[0])
        if loss > _MILLIMETRE:
            name, lacks = mesh.filename.rpartition("/")[2], f"{1000 * loss:.1f} mm"
            yield f"link {links[mesh]}: {name} is checked for collisions by a hull that lacks up to {lacks}"


def _find_touching(arm: ArmModel) -> tuple[Pair, ...]:
    def make() -> bytes:
        from armature.core.kinematics.touching import find_touching

        return json.dumps(find_touching(arm)).encode()

    source = [_VERSION, arm.urdf.encode(), *(hashlib.sha256(hull.stl).digest() for hull in arm.hulls)]
    found: list[Any] = json.loads(Cache("touching").get(b"\0".join(source), make))
    return tuple((first, second) for first, second in found)


def _pairs_in_words(pairs: tuple[Pair, ...]) -> tuple[str, ...]:
    if not pairs:
        return ()
    listed = ", ".join(f"{first} with {second}" for first, second in pairs)
    return (f"not checked for collisions, since they touch in nearly every position: {listed}",)
