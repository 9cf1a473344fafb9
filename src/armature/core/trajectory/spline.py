"""Polynomials that join two states, and their values; all arrays hold many segments at once.

Coefficients have Shape (segments, 6, n), ascending powers of the time since the segment's start [s].
"""

from __future__ import annotations

from math import comb

import numpy as np

from armature.core.arrays import Array


def linear(length: Array, p0: Array, p1: Array) -> Array:
    """Coefficients of straight lines.

    Args:
        length: duration of each segment [s], Shape (segments,).
        p0: positions at the start, Shape (segments, n).
        p1: positions at the end, Shape (segments, n).
    """
    zero = np.zeros_like(p0)
    return np.stack((p0, (p1 - p0) / length[:, None], zero, zero, zero, zero), axis=1)


def cubic(length: Array, p0: Array, v0: Array, p1: Array, v1: Array) -> Array:
    """Coefficients of the cubics with given positions and velocities at both ends (Hermite)."""
    t = length[:, None]
    rise = p1 - p0
    zero = np.zeros_like(p0)
    c2 = (3.0 * rise - (2.0 * v0 + v1) * t) / t**2
    c3 = (-2.0 * rise + (v0 + v1) * t) / t**3
    return np.stack((p0, v0, c2, c3, zero, zero), axis=1)


def quintic(length: Array, p0: Array, v0: Array, a0: Array, p1: Array, v1: Array, a1: Array) -> Array:
    """Coefficients of the quintics with given positions, velocities and accelerations at both ends."""
    t = length[:, None]
    rise = p1 - p0
    c3 = (20.0 * rise - (8.0 * v1 + 12.0 * v0) * t - (3.0 * a0 - a1) * t**2) / (2.0 * t**3)
    c4 = (-30.0 * rise + (14.0 * v1 + 16.0 * v0) * t + (3.0 * a0 - 2.0 * a1) * t**2) / (2.0 * t**4)
    c5 = (12.0 * rise - 6.0 * (v1 + v0) * t - (a0 - a1) * t**2) / (2.0 * t**5)
    return np.stack((p0, v0, a0 / 2.0, c3, c4, c5), axis=1)


def evaluate(coefficients: Array, time: float) -> Array:
    """Position, velocity and acceleration of one segment.

    Args:
        coefficients: of the segment, Shape (6, n).
        time: since the segment's start [s].

    Returns:
        The three in rows, Shape (3, n).
    """
    t2 = time * time
    t3 = t2 * time
    t4 = t3 * time
    powers = np.array(
        (
            (1.0, time, t2, t3, t4, t4 * time),
            (0.0, 1.0, 2.0 * time, 3.0 * t2, 4.0 * t3, 5.0 * t4),
            (0.0, 0.0, 2.0, 6.0 * time, 12.0 * t2, 20.0 * t3),
        )
    )
    return powers @ coefficients


def evaluate_many(coefficients: Array, times: Array) -> tuple[Array, Array, Array]:
    """Positions, velocities and accelerations, one time a segment.

    Args:
        coefficients: Shape (k, 6, n).
        times: since each segment's start [s], Shape (k,).

    Returns:
        Three arrays of Shape (k, n).
    """
    t = times[:, None]
    c0, c1, c2, c3, c4, c5 = (coefficients[:, power] for power in range(6))
    position = c0 + t * (c1 + t * (c2 + t * (c3 + t * (c4 + t * c5))))
    velocity = c1 + t * (2.0 * c2 + t * (3.0 * c3 + t * (4.0 * c4 + t * (5.0 * c5))))
    acceleration = 2.0 * c2 + t * (6.0 * c3 + t * (12.0 * c4 + t * (20.0 * c5)))
    return position, velocity, acceleration


def jerks(coefficients: Array, times: Array) -> Array:
    """Third derivatives, one time a segment; arguments as `evaluate_many`, Shape (k, n)."""
    t = times[:, None]
    third: Array = 6.0 * coefficients[:, 3] + t * (24.0 * coefficients[:, 4] + t * 60.0 * coefficients[:, 5])
    return third


def hull(coefficients: Array, length: Array) -> tuple[Array, Array]:
    """Values that enclose each segment's positions and velocities: its Bernstein coefficients.

    Farouki, "The Bernstein polynomial basis: a centennial retrospective", 2012, section 3: a polynomial lies in
    the convex hull of its coefficients in this basis.

    Args:
        coefficients: Shape (segments, 6, n).
        length: duration of each segment [s], Shape (segments,).

    Returns:
        Positions, Shape (segments, 6, n), and velocities, Shape (segments, 5, n).
    """
    powers = np.arange(6)
    scaled = coefficients * length[:, None, None] ** powers[:, None]
    slopes = scaled[:, 1:] * powers[1:, None] / length[:, None, None]
    return _BERNSTEIN_5 @ scaled, _BERNSTEIN_4 @ slopes


def acceleration_hull(coefficients: Array, length: Array) -> Array:
    """Values that enclose each segment's accelerations, Shape (segments, 4, n); see `hull`."""
    powers = np.arange(2, 6)
    factors = powers * (powers - 1) * length[:, None] ** (powers - 2)
    return _BERNSTEIN_3 @ (coefficients[:, 2:] * factors[:, :, None])


def _to_bernstein(degree: int) -> Array:
    """From powers of x in 0..1 to the Bernstein basis (the same paper, equation 27)."""
    rows = range(degree + 1)
    return np.array([[comb(j, k) / comb(degree, k) for k in rows] for j in rows])


_BERNSTEIN_3 = _to_bernstein(3)
_BERNSTEIN_4 = _to_bernstein(4)
_BERNSTEIN_5 = _to_bernstein(5)
