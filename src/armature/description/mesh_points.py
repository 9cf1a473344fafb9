"""Points of mesh files, for their hulls. The libraries that read them are imported only where a mesh is read."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from armature.core.arrays import Array
from armature.core.model.xml_text import decode
from armature.description.files import MESH, read_bytes

_LFS = b"version https://git-lfs"
FORMATS = (".stl", ".obj", ".dae")
_ARCHIVE = b"PK"
_MOST_CORNERS = 2_000_000  # of a COLLADA file, whose nodes can be nested


def read_points(file: Path) -> Array:
    """All corners of a mesh [m], as RViz places them. Shape (n, 3).

    Raises:
        ValueError: a format that is not known, or a file that is damaged or empty; why, and what to do.
    """
    kind = file.suffix.lower()
    if kind not in FORMATS:
        raise ValueError(f"formats of meshes are {', '.join(FORMATS)}: export it as one of these")
    if _is_pointer(file):
        raise ValueError("it is a pointer of Git LFS, not the mesh itself: run git lfs pull in its folder")
    try:
        points = _read_collada(file) if kind == ".dae" else _read_triangles(file, kind)
    except Exception as error:  # of whatever kind: the libraries trust the files that they read
        raise ValueError(f"it cannot be read as {kind} ({_in_words(error)}): export it again") from error
    if not len(points):
        raise ValueError("it holds no triangles: export it again")
    if not np.isfinite(points).all():
        raise ValueError("some of its coordinates are no numbers: export it again")
    return points


def _is_pointer(file: Path) -> bool:
    with file.open("rb") as content:
        return content.read(len(_LFS)) == _LFS


def _in_words(error: Exception) -> str:
    if isinstance(error, ImportError):  # of what would guess the encoding of an STL's text
        return "it is cut off, or its text is not in UTF-8"
    return " ".join(str(error).split())[:120] or type(error).__name__


def _read_triangles(file: Path, kind: str) -> Array:
    import trimesh

    content = BytesIO(read_bytes(file, MESH))
    scene = trimesh.load_scene(content, file_type=kind[1:], process=False)
    return np.asarray(scene.to_mesh().vertices, np.float64)


def _read_collada(file: Path) -> Array:
    """COLLADA has its own unit of length. Its up axis is left out of account, as by RViz."""
    import collada

    with warnings.catch_warnings():  # of numpy, of how it reads matrices
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        return _collada_points(collada, file)


def _collada_points(collada: Any, file: Path) -> Array:
    tolerated: list[Any] = [collada.common.DaeUnsupportedError, collada.common.DaeBrokenRefError]
    content = read_bytes(file, MESH)
    if content.startswith(_ARCHIVE):
        raise ValueError("it is an archive: unpack it")
    document = collada.Collada(BytesIO(decode(content, file.name).encode()), ignore=tolerated)
    parts = list(_parts(document.scene.objects("geometry") if document.scene else ()))
    points = np.concatenate(parts) if parts else np.zeros((0, 3))
    return points * float(document.assetInfo.unitmeter or 1.0)


def _parts(shapes: Iterable[Any]) -> Iterator[Array]:
    """Corners of all shapes; a shape may stand in a node that stands in others, each of them several times."""
    count = 0
    for shape in shapes:
        for primitive in shape.primitives():
            if primitive.vertex is None or primitive.vertex_index is None or not len(primitive.vertex_index):
                continue
            part = np.asarray(primitive.vertex, np.float64)[np.unique(primitive.vertex_index)]
            yield part
            count += len(part)
            if count > _MOST_CORNERS:
                raise ValueError(f"its nodes repeat its shapes to more than {_MOST_CORNERS:,} corners")
