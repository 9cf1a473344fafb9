"""A move from rest to rest, jerk-limited and in step, as parking needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import ruckig

from armature.core.model.arm import Limit
from armature.core.trajectory.stopping import Dynamics
from armature.core.trajectory.trajectory import Trajectory
from armature.errors import GoalRefused

_STEP = 0.05  # of the sampled profile [s]
_NOWHERE = 1e-9  # a way that is none [rad] or [m]


def transfer(
    joints: Sequence[str],
    start: Mapping[str, float],
    end: Mapping[str, float],
    limits: Mapping[str, Limit],
    dynamics: Mapping[str, Dynamics],
    speed: float,
) -> Trajectory:
    """The quickest straight move in joint space within limits.

    Args:
        joints: names.
        start: positions by joint at its begin [rad] or [m].
        end: positions by joint at its end [rad] or [m].
        limits: of velocity by joint.
        dynamics: limits of acceleration and jerk by joint.
        speed: fraction of the velocity limits, 0 to 1.

    Returns:
        A trajectory from rest to rest; joints begin and end together.

    Raises:
        GoalRefused: a place is not finite, or a limit is not above 0.
    """
    begin, last = (np.array([place[joint] for joint in joints], dtype=float) for place in (start, end))
    span = last - begin
    if np.abs(span).max() < _NOWHERE:
        return Trajectory(tuple(joints), np.array([0.0, _STEP]), np.array([begin, begin]))
    # One profile along the way, as fast as the joint allows that it asks most of: so the way is straight.
    profile = _profile(
        _along(span, [speed * limits[joint].velocity for joint in joints]),
        _along(span, [dynamics[joint].acceleration for joint in joints]),
        _along(span, [dynamics[joint].jerk for joint in joints]),
    )
    times = np.linspace(0.0, profile.duration, int(np.ceil(profile.duration / _STEP)) + 1)
    share, rate, change = np.array([profile.at_time(t) for t in times])[:, :, 0].T
    return Trajectory(
        tuple(joints), times, begin + np.outer(share, span), np.outer(rate, span), np.outer(change, span)
    )


def _along(span: np.ndarray, bounds: Sequence[float]) -> float:
    """The bound of the share of the way, 0 to 1, that keeps every joint within its own."""
    moving = ~(np.abs(span) < _NOWHERE)  # so that NaN is found out
    return float(np.min(np.array(bounds)[moving] / np.abs(span[moving])))


def _profile(velocity: float, acceleration: float, jerk: float) -> ruckig.Trajectory:
    request = ruckig.InputParameter(1)
    request.current_position, request.target_position = [0.0], [1.0]
    request.max_velocity, request.max_acceleration, request.max_jerk = [velocity], [acceleration], [jerk]
    profile = ruckig.Trajectory(1)
    try:
        ruckig.Ruckig(1).calculate(request, profile)
    except ruckig.RuckigError as error:
        bounds = f"{velocity:g} /s, {acceleration:g} /s², {jerk:g} /s³ along the way"
        raise GoalRefused("move", bounds, "finite places and limits above 0 are needed") from error
    return profile
