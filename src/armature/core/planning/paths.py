"""Paths as trajectories over their own length: straight lines with round corners, and arcs."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from armature.core.arrays import Array
from armature.core.trajectory import retiming
from armature.core.trajectory.trajectory import Trajectory
from armature.errors import GoalRefused

_BACK = -0.5  # cosine of a turn of 120 degrees
_NOWHERE = 1e-6
_TINY = 1e-9
# Points on an arc of this angle [rad].
_ARC = 0.1


def split_at_reversals(points: Array) -> list[Array]:
    """Points in parts that each are one way: where it turns back sharply, rounding would cost more than a stop.

    Args:
        points: Shape (m, n); equal neighbours count once.
    """
    ways = np.diff(points, axis=0)
    lengths = np.linalg.norm(ways, axis=1)
    points = points[np.append(True, lengths > _NOWHERE)]
    if len(points) < 3:
        return [points]
    along = np.diff(points, axis=0)
    along /= np.linalg.norm(along, axis=1)[:, None]
    turns = np.flatnonzero((along[:-1] * along[1:]).sum(axis=1) < _BACK) + 1
    begins, ends = [0, *turns.tolist()], [*turns.tolist(), len(points) - 1]
    return [points[begin : end + 1] for begin, end in zip(begins, ends, strict=True)]


def blend_corners(names: tuple[str, ...], points: Array, radius: float) -> Trajectory:
    """Straight lines from point to point, rounding the corners.

    Args:
        names: of the columns.
        points: Shape (m, n); equal neighbours count once.
        radius: how far from a corner the way may leave the lines, at most half of either.

    Returns:
        A quintic over the way's length; two points at one place if it leads nowhere.
    """
    ways = np.linalg.norm(np.diff(points, axis=0), axis=1)
    points = points[np.append(True, ways > _NOWHERE)]
    if len(points) == 1:
        return _quintic(names, [0.0, 1.0], [points[0]] * 2, [np.zeros_like(points[0])] * 2)
    ways = np.linalg.norm(np.diff(points, axis=0), axis=1)
    along = np.diff(points, axis=0) / ways[:, None]
    at, rows, slopes = [0.0], [points[0]], [along[0]]
    for corner in range(1, len(points) - 1):
        before, after = ways[corner - 1], ways[corner]
        room = min(radius, before / 2.0, after / 2.0)
        begun = at[-1] + before - room - float(np.linalg.norm(rows[-1] - points[corner - 1]))
        at += [begun, begun + 2.0 * room]
        rows += [points[corner] - room * along[corner - 1], points[corner] + room * along[corner]]
        slopes += [along[corner - 1], along[corner]]
    at.append(at[-1] + float(np.linalg.norm(points[-1] - rows[-1])))
    return _quintic(names, at, [*rows, points[-1]], [*slopes, along[-1]])


def _quintic(names: tuple[str, ...], at: list[float], rows: list[Array], slopes: list[Array]) -> Trajectory:
    times = np.array(at)
    kept = np.append(True, np.diff(times) > _TINY)
    position, velocity = np.array(rows)[kept], np.array(slopes)[kept]
    return retiming.quintic(names, times[kept], (position, velocity, np.zeros_like(position)))


def arc(names: tuple[str, ...], begin: Array, via: Array, end: Array) -> Trajectory:
    """The arc of a circle through three points, its other columns in proportion to its angle.

    Args:
        names: of the columns.
        begin: the first three columns are the place [m], Shape (n,).
        via: a place on the arc [m], Shape (3,).
        end: as begin.

    Raises:
        GoalRefused: the three places lie on one line.
    """
    centre, radius, x, y = _circle(begin[:3], via, end[:3])
    angle = math.atan2(float((end[:3] - centre) @ y), float((end[:3] - centre) @ x)) % (2.0 * math.pi)
    turned = np.linspace(0.0, angle, max(math.ceil(angle / _ARC), 4) + 1)[:, None]
    cosine, sine = np.cos(turned), np.sin(turned)
    place = centre + radius * (cosine * x + sine * y)
    slope, bend = cosine * y - sine * x, -(cosine * x + sine * y) / radius
    rest = (end[3:] - begin[3:]) / (angle * radius)
    length = turned * radius
    position = np.hstack((place, begin[3:] + length * rest))
    velocity = np.hstack((slope, np.repeat(rest[None], len(turned), axis=0)))
    acceleration = np.hstack((bend, np.zeros((len(turned), len(rest)))))
    return retiming.quintic(names, length[:, 0], (position, velocity, acceleration))


def _circle(begin: Array, via: Array, end: Array) -> tuple[Array, float, Array, Array]:
    """Centre, radius, and two axes: to the beginning, and across it toward the point between."""
    a, b = via - begin, end - begin
    normal = np.cross(a, b)
    square = float(normal @ normal)
    if square <= (_NOWHERE * (float(np.linalg.norm(a)) + float(np.linalg.norm(b)))) ** 2:
        where = [round(float(value), 4) for value in via]
        raise GoalRefused(
            "point on the arc", where, "it must not lie on the line from begin to end; use move_line"
        )
    centre = begin + (np.cross(normal, a) * (b @ b) + np.cross(b, normal) * (a @ a)) / (2.0 * square)
    radius = float(np.linalg.norm(begin - centre))
    x = (begin - centre) / radius
    y = np.cross(normal / math.sqrt(square), x)
    return centre, radius, x, y


def interpolate(names: tuple[str, ...], at: Array, rows: Array) -> Trajectory:
    """The cubic spline through rows, its second derivative continuous.

    De Boor, "A practical guide to splines", chapter IV: complete spline interpolation; the slopes at both ends are
    those of cubics through four points.

    Args:
        names: of the columns.
        at: where along the way each row is, Shape (m,), m at least 4.
        rows: Shape (m, n).
    """
    step, rise = np.diff(at), np.diff(rows, axis=0)
    inverse = 1.0 / step
    matrix = np.eye(len(at))
    inner = np.arange(1, len(at) - 1)
    matrix[inner, inner - 1], matrix[inner, inner + 1] = inverse[:-1], inverse[1:]
    matrix[inner, inner] = 2.0 * (inverse[:-1] + inverse[1:])
    right = np.empty_like(rows)
    right[0], right[-1] = _slope(at[:4], rows[:4]), _slope(at[:-5:-1], rows[:-5:-1])
    right[inner] = 3.0 * (rise[:-1] * inverse[:-1, None] ** 2 + rise[1:] * inverse[1:, None] ** 2)
    slope = np.asarray(np.linalg.solve(matrix, right), dtype=np.float64)
    bend = 6.0 * rise / step[:, None] ** 2 - (4.0 * slope[:-1] + 2.0 * slope[1:]) / step[:, None]
    last = -6.0 * rise[-1] / step[-1] ** 2 + (2.0 * slope[-2] + 4.0 * slope[-1]) / step[-1]
    return retiming.quintic(names, at, (rows, slope, np.vstack((bend, last))))


def _slope(at: Array, rows: Array) -> Array:
    """The slope at the first of four rows of the cubic through them, Shape (n,)."""
    scale = at[3] - at[0]
    powers = np.vander((at - at[0]) / scale, 4, increasing=True)
    slope: Array = np.linalg.solve(powers, rows)[1] / scale
    return slope


def subdivide(knots: Array, spacing: float, least: int = 1) -> Array:
    """Knots with others evenly between them, none farther apart than a spacing.

    Args:
        knots: increasing, Shape (m,).
        spacing: of two neighbours at most.
        least: pieces between two knots.
    """
    counts = np.maximum(np.ceil(np.diff(knots) / spacing - _TINY), least).astype(int)
    pieces = (
        np.linspace(begin, end, count, endpoint=False)
        for (begin, end), count in zip(pairwise(knots.tolist()), counts.tolist(), strict=True)
    )
    return np.append(np.concatenate(list(pieces)), knots[-1])
