"""Convex hulls of points with few corners, by MuJoCo, which has Qhull."""

from __future__ import annotations

import struct
from typing import Any

import mujoco
import numpy as np

from armature.core.arrays import Array
from armature.core.kinematics.mujoco_spec import empty_spec

CLOSE = 1e-3  # what a hull may lack of the true one [m]
_AIM = 0.9 * CLOSE  # by planes of sides, which tell less than the distance
_FEW, _MOST = 16, 128  # corners: fewer are faster to check
# From which the first corners are seen: along axes and diagonals.
_DIRECTIONS = np.array([axis for axis in np.ndindex(3, 3, 3) if axis != (1, 1, 1)]) - 1.0
_THINNEST = 1e-3  # MuJoCo wants a volume: flat parts are as thick as this [m]
_MANY, _CELLS = 2000, 32  # corners of a mesh that is fine, and cells along each axis that are enough then
_BALL = 1e-6  # with which points are probed [m]
_TRIANGLE = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])


def hull_of(points: Array) -> tuple[Array, float]:
    """The hull of some points.

    Args:
        points: [m]. Shape (n, 3).

    Returns:
        Its triangles [m], Shape (m, 3, 3), and how far the true hull reaches beyond it [m].
    """
    all_corners, triangles = _convex(_thickened(np.unique(points, axis=0)))
    if len(all_corners) <= _FEW:
        return triangles, 0.0
    corners = _thinned(all_corners)
    # Qhull's own limit takes the first corners that it meets, and can miss a whole end of a part.
    chosen = np.unique((corners @ _DIRECTIONS.T).argmax(axis=0))
    while True:
        part, triangles = _convex(corners[chosen])
        others = np.setdiff1d(np.arange(len(corners)), chosen)  # so that the hull grows, whatever rounding says
        lacking = others[_farthest(corners[others], triangles, min(len(chosen) // 2, _MOST - len(chosen)))]
        if not len(lacking):
            return triangles, _loss(_candidates(all_corners, triangles), part)
        chosen = np.union1d(chosen, lacking)


def _farthest(corners: Array, triangles: Array, count: int) -> Array:
    """Corners that are not close to a hull: of each side the farthest one, and of those at most so many."""
    if not len(corners):
        return np.zeros(0, int)
    beyond = _beyond(corners, triangles)
    farthest = np.unique(beyond.argmax(axis=0))
    distance = beyond[farthest].max(axis=1)
    order = np.argsort(-distance, kind="stable")[: max(count, 0)]
    found: Array = farthest[order[distance[order] > _AIM]]
    return found


def _beyond(corners: Array, triangles: Array) -> Array:
    """How far corners lie outside of the plane of each side [m]. Shape (n, sides)."""
    normals = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    lengths = np.linalg.norm(normals, axis=1)
    sides = lengths > 0.0
    normals = normals[sides] / lengths[sides, None]
    distances: Array = corners @ normals.T - (normals * triangles[sides, 0]).sum(axis=1)
    return distances


def write_stl(triangles: Array, title: str) -> bytes:
    """Binary STL, whose first 80 bytes are a title."""
    records = np.zeros(len(triangles), _TRIANGLE)
    records["corners"] = triangles
    return b"".join((title.encode("ascii").ljust(80)[:80], struct.pack("<I", len(triangles)), records.tobytes()))


def _thickened(points: Array) -> Array:
    """The points, with others beside them in the directions in which they have no extent."""
    centred = points - points.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    for axis in axes.T:
        along = points @ axis
        lacking = _THINNEST - float(along.max() - along.min())
        if lacking > 0.0:
            points = np.concatenate([points - lacking / 2.0 * axis, points + lacking / 2.0 * axis])
    return points


def _convex(points: Array) -> tuple[Array, Array]:
    """Corners and triangles of the hull of points."""
    model = _with_mesh(points).compile()
    graph = model.mesh_graph[model.mesh_graphadr[0] :]
    corners, faces = int(graph[0]), int(graph[1])
    behind = 2 + 3 * corners + 3 * faces  # see mjModel.mesh_graph
    rotation = np.zeros(9)
    mujoco.mju_quat2Mat(rotation, model.mesh_quat[0])
    places = model.mesh_vert @ rotation.reshape(3, 3).T + model.mesh_pos[0]
    return places[graph[2 + corners : 2 + 2 * corners]], places[graph[behind : behind + 3 * faces]].reshape(
        -1, 3, 3
    )


def _with_mesh(points: Array) -> Any:
    spec = empty_spec()
    spec.add_mesh(name="hull", uservert=points.ravel().tolist())
    spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_MESH, meshname="hull")
    return spec


def _thinned(corners: Array) -> Array:
    """Of a fine mesh the outermost corner in each cell of a grid: the others lie next to it."""
    if len(corners) <= _MANY:
        return corners
    least, centre = corners.min(axis=0), corners.mean(axis=0)
    cells = ((corners - least) / (np.ptp(corners, axis=0) / _CELLS)).astype(int)
    order = np.linalg.norm(corners - centre, axis=1).argsort()[::-1]
    _, first = np.unique(cells[order] @ (1, 2 * _CELLS, 4 * _CELLS**2), return_index=True)
    thinned: Array = corners[order[first]]
    return thinned


def _candidates(corners: Array, triangles: Array) -> Array:
    """Corners that may be the farthest from a hull, by the planes of its sides."""
    if len(corners) <= _MANY:
        return corners
    parts = np.array_split(corners, 1 + len(corners) // _MANY)
    beyond = np.concatenate([_beyond(part, triangles).max(axis=1) for part in parts])
    farthest: Array = corners[beyond.argsort()[-_MANY:]]
    return farthest


def _loss(points: Array, corners: Array) -> float:
    """How far points lie outside of a hull, at most [m]."""
    spec = _with_mesh(corners)
    spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[_BALL, 0.0, 0.0])
    model = spec.compile()
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    worst = 0.0
    for point in points:
        data.geom_xpos[1] = point
        worst = max(worst, mujoco.mj_geomDistance(model, data, 0, 1, 10.0, None))
    return worst
