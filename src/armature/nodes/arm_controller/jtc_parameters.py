"""Parameters that joint_trajectory_controller has too, by its names; its defaults lift bounds that ours hold."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from rclpy.node import Node

from armature.core.arrays import Array
from armature.core.control.tolerance import Tolerance, Tolerances
from armature.core.trajectory.limits import GroupLimits
from armature.errors import ConfigError, apart
from armature.nodes.common.parameters.parameters import read


@dataclass(frozen=True)
class TrajectoryParameters:
    """How goals are taken and checked."""

    allow_partial_joints_goal: bool = False  # a goal may leave joints out
    allow_integration_in_goal_trajectories: bool = False  # goals of velocities or accelerations alone
    cmd_timeout: float = 0.0  # after its end, ends a goal that has no goal time [s]; 0: none
    speed_scaling__initial_scaling_factor: float = 1.0  # speed until a client sets another one
    constraints__goal_time: float = 1.0  # after the end of a trajectory [s]; 0: a goal is waited for
    constraints__stopped_velocity_tolerance: float = 0.05  # of a joint at rest [rad/s]; 0: unchecked
    constraints__decelerate_on_cancel: bool = True  # false is refused: an arm always slows down within limits

    def __post_init__(self) -> None:
        _refuse_negative(self, "")
        if not self.constraints__decelerate_on_cancel:
            allowed = "an arm that is canceled always slows down within its limits; leave it true"
            raise ConfigError("parameter constraints.decelerate_on_cancel", False, allowed)


@dataclass(frozen=True)
class JointConstraints:
    """Tolerances of one joint; 0 leaves it unchecked."""

    trajectory: float = 0.2  # bound of the error on the path [rad], 0.02 m where it slides; 0: unchecked
    goal: float = 0.05  # bound of the error at the end [rad], 0.003 m where it slides; 0: unchecked
    max_deceleration_on_cancel: float = 0.0  # of stops [rad/s²]; 0: its acceleration limit


_SLIDING = {"trajectory": 0.02, "goal": 0.003}  # defaults of a joint that slides [m]


def read_constraints(node: Node, given: TrajectoryParameters, limits: GroupLimits) -> tuple[Tolerances, Array]:
    """The default tolerances, and the deceleration of stops [rad/s²], Shape (n,).

    Raises:
        ConfigError: a parameter that cannot be used.
    """
    joints = [_read_joint(node, *joint) for joint in zip(limits.joints, limits.units, strict=True)]
    stopped = given.constraints__stopped_velocity_tolerance
    tolerances = Tolerances(
        path=tuple(Tolerance(position=joint.trajectory) for joint in joints),
        goal=tuple(Tolerance(position=joint.goal, velocity=stopped) for joint in joints),
        goal_time=given.constraints__goal_time,
        cmd_timeout=given.cmd_timeout,
    )
    asked = np.array([joint.max_deceleration_on_cancel for joint in joints])
    for joint, value, most in zip(limits.joints, asked, limits.acceleration, strict=True):
        if value > most and not limits.note:  # else the acceleration is less for a while, and so is this
            where = f"parameter constraints.{joint}.max_deceleration_on_cancel"
            told = apart(float(most), float(value), "g")
            raise ConfigError(
                where, float(value), f"limits.{joint}.acceleration is {told}; give no more, or 0 for it"
            )
    return tolerances, np.minimum(np.where(asked > 0.0, asked, np.inf), limits.acceleration)


def _read_joint(node: Node, joint: str, unit: str) -> JointConstraints:
    usual = _SLIDING if unit == "m" else {}
    found = read(node, JointConstraints, f"constraints.{joint}.", **usual)
    _refuse_negative(found, f"constraints.{joint}.")
    return found


def _refuse_negative(given: TrajectoryParameters | JointConstraints, prefix: str) -> None:
    for field in fields(given):
        value = getattr(given, field.name)
        if isinstance(value, float) and not 0.0 <= value < np.inf:
            name = prefix + field.name.replace("__", ".")
            raise ConfigError(f"parameter {name}", value, "it must be finite and at least 0")
