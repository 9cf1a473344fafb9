"""Convex hulls of points with few corners, by MuJoCo, which has Qhull."""

from __future__ import annotations

import struct
from typing import Any

import mujoco
import numpy as np

from armature.core.arrays import Array

CLOSE = 1e-3  # what a hull may lack of the true one [m]
_CORNERS = (16, 32, 64, 128)  # at most: fewer are faster to check, and are taken where they are close
_THINNEST = 1e-3  # MuJoCo wants a volume: flat parts are as thick as this [m]
_BALL = 1e-6  # with which points are probed [m]
_TRIANGLE = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])


def hull_of(points: Array) -> tuple[Array, float]:
    """The hull of some points.

    Args:
        points: [m]. Shape (n, 3).

    Returns:
        Its triangles [m], Shape (m, 3, 3), and how far the true hull reaches beyond it [m].
    """
    corners, triangles = _convex(_thickened(np.unique(points, axis=0)))
    if len(corners) <= _CORNERS[0]:
        return triangles, 0.0
    for most in _CORNERS:
        part, triangles = _convex(corners, most)
        loss = _loss(corners, part)
        if loss <= CLOSE:
            break
    return triangles, loss


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


def _convex(points: Array, most: int = -1) -> tuple[Array, Array]:
    """Corners and triangles of the hull of points, with so many corners at most."""
    spec = _with_mesh(points, most)
    model = spec.compile()
    graph = model.mesh_graph[model.mesh_graphadr[0] :]
    corners, faces = int(graph[0]), int(graph[1])
    behind = 2 + 3 * corners + 3 * faces  # see mjModel.mesh_graph
    rotation = np.zeros(9)
    mujoco.mju_quat2Mat(rotation, model.mesh_quat[0])
    places = model.mesh_vert @ rotation.reshape(3, 3).T + model.mesh_pos[0]
    return places[graph[2 + corners : 2 + 2 * corners]], places[graph[behind : behind + 3 * faces]].reshape(
        -1, 3, 3
    )


def _with_mesh(points: Array, most: int = -1) -> Any:
    spec = mujoco.MjSpec()
    spec.add_mesh(name="hull", uservert=points.ravel().tolist(), maxhullvert=most)
    spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_MESH, meshname="hull")
    return spec


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
