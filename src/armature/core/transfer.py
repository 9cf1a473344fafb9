"""A move from rest to rest, jerk-limited and in step, as parking needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import ruckig

from armature.core.model import Limit
from armature.core.stopping import Dynamics
from armature.core.trajectory import Trajectory

_STEP = 0.05  # of the sampled profile [s]


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
    """
    n = len(joints)
    request = ruckig.InputParameter(n)
    request.synchronization = ruckig.Synchronization.Phase
    request.current_position = [start[joint] for joint in joints]
    request.target_position = [end[joint] for joint in joints]
    request.max_velocity = [speed * limits[joint].velocity for joint in joints]
    request.max_acceleration = [dynamics[joint].acceleration for joint in joints]
    request.max_jerk = [dynamics[joint].jerk for joint in joints]
    profile = ruckig.Trajectory(n)
    result = ruckig.Ruckig(n).calculate(request, profile)
    if result not in (ruckig.Result.Working, ruckig.Result.Finished):
        raise ArithmeticError(f"no move from {start} to {end}: {result}")
    duration = max(profile.duration, _STEP)
    times = np.linspace(0.0, duration, int(np.ceil(duration / _STEP)) + 1)
    samples = [profile.at_time(min(t, profile.duration)) for t in times]
    positions, velocities, accelerations = (np.array(column) for column in zip(*samples, strict=True))
    return Trajectory(tuple(joints), times, positions, velocities, accelerations)
