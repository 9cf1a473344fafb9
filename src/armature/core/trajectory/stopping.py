"""Stops that keep acceleration and jerk within limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import ruckig

from armature.core.trajectory.trajectory import State, Trajectory
from armature.errors import GoalRefused

_RAMP = 0.02  # of a retreat's velocity [s]
_STEP = 0.01  # of the sampled profile [s]; quintic segments keep it exact at the points


@dataclass(frozen=True)
class Dynamics:
    """How hard a joint may be accelerated."""

    acceleration: float  # [rad/s²] or [m/s²]
    jerk: float  # [rad/s³] or [m/s³]


def stop(joints: Sequence[str], state: State, dynamics: Mapping[str, Dynamics]) -> Trajectory:
    """The shortest stop of every joint from a state, each for itself.

    Args:
        joints: names, in the order of the state's arrays.
        state: where the joints are, Shape (n,).
        dynamics: bounds by joint.

    Returns:
        A trajectory that begins in the state and ends at rest.

    Raises:
        GoalRefused: the state is not finite, or a limit is not above 0.
    """
    return _sampled(joints, _profile(joints, state, dynamics))


def _sampled(joints: Sequence[str], profile: ruckig.Trajectory) -> Trajectory:
    duration = max(profile.duration, _STEP)
    times = np.linspace(0.0, duration, int(np.ceil(duration / _STEP)) + 1)
    samples = [profile.at_time(min(t, profile.duration)) for t in times]
    positions, velocities, accelerations = (np.array(column) for column in zip(*samples, strict=True))
    velocities[-1] = 0.0
    accelerations[-1] = 0.0
    return Trajectory(tuple(joints), times, positions, velocities, accelerations)


def retreat(
    joints: Sequence[str], state: State, targets: Mapping[str, float], velocities: Mapping[str, float]
) -> Trajectory:
    """The quickest way of set-points back to where their joints are, which nothing but set-points moves.

    Args:
        joints: names, in the order of the state's arrays.
        state: of the set-points, Shape (n,).
        targets: by joint [rad] or [m].
        velocities: bounds by joint [rad/s] or [m/s]; each is reached within two cycles of 10 ms.

    Returns:
        A trajectory that begins in the state and ends at rest.

    Raises:
        GoalRefused: the state is not finite, or a limit is not above 0.
    """
    request = ruckig.InputParameter(len(joints))
    request.synchronization = ruckig.Synchronization.No
    fastest = [velocities[joint] for joint in joints]
    request.max_velocity = fastest
    request.max_acceleration = [velocity / _RAMP for velocity in fastest]
    request.max_jerk = [2.0 * velocity / _RAMP**2 for velocity in fastest]
    request.current_position = state.position.tolist()
    request.current_velocity = state.velocity.tolist()
    request.current_acceleration = state.acceleration.tolist()
    request.target_position = [targets[joint] for joint in joints]
    return _sampled(joints, _answer("retreat", request, state))


def _profile(joints: Sequence[str], state: State, dynamics: Mapping[str, Dynamics]) -> ruckig.Trajectory:
    n = len(joints)
    request = ruckig.InputParameter(n)
    request.control_interface = ruckig.ControlInterface.Velocity
    request.synchronization = ruckig.Synchronization.No
    request.current_position = state.position.tolist()
    request.current_velocity = state.velocity.tolist()
    request.current_acceleration = state.acceleration.tolist()
    request.target_velocity = [0.0] * n
    request.target_acceleration = [0.0] * n
    request.max_acceleration = [dynamics[joint].acceleration for joint in joints]
    request.max_jerk = [dynamics[joint].jerk for joint in joints]
    return _answer("stop", request, state)


def _answer(what: str, request: ruckig.InputParameter, state: State) -> ruckig.Trajectory:
    n = request.degrees_of_freedom
    profile = ruckig.Trajectory(n)
    try:
        ruckig.Ruckig(n).calculate(request, profile)
    except ruckig.RuckigError as error:
        raise GoalRefused(what, str(state), "finite numbers and limits above 0 are needed") from error
    return profile
