"""Parameters that joint_trajectory_controller and parallel_gripper_action_controller have too, by their names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import MISSING, dataclass, field

import numpy as np
from rclpy.node import Node

from armature.core.arrays import Array
from armature.core.control.tolerance import Tolerance, Tolerances
from armature.core.refusals import Refusals
from armature.core.trajectory.limits import GroupLimits
from armature.errors import ConfigError, apart
from armature.nodes.common.parameters.parameters import located, place_of, read, take_given
from armature.nodes.common.parameters.wanted import at_least, changing, fixed, idle

_STOPS = "an arm that is canceled always slows down within its limits"
_JOINTS = "the joints are those of the URDF but for a gripper"
_SETPOINT = "every trajectory begins at the set-point, the first one at what the servos are commanded"
_MEASURED = "servos measure positions and velocities, and both count"
_MONITORED = "goals are told about 20 times a second"
_REGULATED = "servos regulate themselves; their gains are /servo_interface's, such as <joint>.position_p_gain"
_TURNS = "the joint's type in the URDF decides, and errors are plain differences: servos count turns"


@dataclass(frozen=True)
class TrajectoryParameters:
    """How goals are taken and checked."""

    # a goal may leave joints out
    allow_partial_joints_goal: bool = field(default=False, metadata=changing())
    # goals of velocities or accelerations alone
    allow_integration_in_goal_trajectories: bool = field(default=False, metadata=changing())
    # goals that end in motion: a stop within limits follows; false refuses them
    allow_nonzero_velocity_at_trajectory_end: bool = field(default=True, metadata=changing())
    # after its end, ends a goal that has no goal time [s]; 0: none
    cmd_timeout: float = field(default=0.0, metadata=at_least(0.0, changes=True))
    # speed until a client sets another one
    speed_scaling__initial_scaling_factor: float = field(default=1.0, metadata=at_least(0.0))
    # after the end of a trajectory [s]; 0: a goal is waited for
    constraints__goal_time: float = field(default=1.0, metadata=at_least(0.0, changes=True))
    # of a joint at rest [rad/s]; 0: unchecked
    constraints__stopped_velocity_tolerance: float = field(default=0.05, metadata=at_least(0.0, changes=True))
    constraints__decelerate_on_cancel: bool = fixed(True, _STOPS)  # how a canceled goal ends

    @property
    def note(self) -> str:
        """What has no effect; empty where all has."""
        if not (self.cmd_timeout and self.constraints__goal_time):
            return ""
        return (
            f"parameter cmd_timeout: {self.cmd_timeout:g} s counts only for goals that lift the goal time (-1): "
            f"constraints.goal_time of {self.constraints__goal_time:g} s ends all others; 0 lifts it for all"
        )


@dataclass(frozen=True)
class JointConstraints:
    """Tolerances of one joint; 0 leaves it unchecked."""

    # bound of the error on the path [rad], 0.02 m where it slides; 0: unchecked
    trajectory: float = field(default=0.2, metadata=at_least(0.0, changes=True))
    # bound of the error at the end [rad], 0.003 m where it slides; 0: unchecked
    goal: float = field(default=0.05, metadata=at_least(0.0, changes=True))
    # of stops [rad/s²]; 0: its acceleration limit
    max_deceleration_on_cancel: float = field(default=0.0, metadata=at_least(0.0))


@dataclass(frozen=True, kw_only=True)
class FixedParameters:
    """What files for joint_trajectory_controller may say, as it is so here; an empty list means the default."""

    # plugin of a controller manager
    type: str = fixed("joint_trajectory_controller/JointTrajectoryController", "there is no other controller here")
    joints: tuple[str, ...] = fixed(MISSING, _JOINTS)  # that are controlled
    command_joints: tuple[str, ...] = fixed(MISSING, _JOINTS)  # that are commanded
    # what is commanded
    command_interfaces: tuple[str, ...] = fixed(("position",), "servos follow positions, whatever a goal gives")
    state_interfaces: tuple[str, ...] = fixed(("position", "velocity"), _MEASURED)  # what is measured
    # where the speed comes from
    speed_scaling__state_interface: str = fixed("", "the speed comes from /arm_controller/speed_scaling_input")
    speed_scaling__command_interface: str = fixed("", "servos take no speed factor")  # where the speed goes to
    interpolate_from_desired_state: bool = fixed(True, _SETPOINT)  # where trajectories begin
    # of older releases
    open_loop_control: bool = fixed(True, f"{_SETPOINT}; today it is called 'interpolate_from_desired_state'")
    # where the first trajectory begins
    set_last_command_interface_value_as_state_on_activation: bool = fixed(True, _SETPOINT)
    # how a newer trajectory follows the one before it
    allow_trajectory_replacement: bool = fixed(True, "a newer trajectory takes over on the path, without a jump")
    action_monitor_rate: float = fixed(20.0, _MONITORED)  # of feedback [Hz]
    # how points are joined
    interpolation_method: str = fixed("splines", "points are joined by lines, cubics and quintics")
    # whether positions alone are made into splines
    positions_upsampling__enable: bool = fixed(False, "positions alone are followed within the limits")
    # of points without times [Hz]
    positions_upsampling__policy_frequency: float = idle(0.0, "positions_upsampling.enable is false")
    # whether the arm holds before the first trajectory, of older releases
    start_with_holding: bool = fixed(True, "the arm holds until a trajectory comes")
    constraints__debug_output: bool = idle(
        False, "what is beyond its tolerance is always told"
    )  # of older releases
    # of the topic controller_state, of older releases [Hz]
    state_publish_rate: float = idle(20.0, "controller_state comes 20 times a second")


@dataclass(frozen=True)
class JointGains:
    """PID of a joint; joint_trajectory_controller has none either where it commands positions."""

    p: float = idle(0.0, _REGULATED)  # proportional gain
    i: float = idle(0.0, _REGULATED)  # integral gain
    d: float = idle(0.0, _REGULATED)  # derivative gain
    ff_velocity_scale: float = idle(0.0, _REGULATED)  # feed-forward of the velocity
    u_clamp_max: float = idle(np.inf, _REGULATED)  # bound of the output
    u_clamp_min: float = idle(-np.inf, _REGULATED)  # bound of the output
    i_clamp_max: float = idle(np.inf, _REGULATED)  # bound of the integral
    i_clamp_min: float = idle(-np.inf, _REGULATED)  # bound of the integral
    i_clamp: float = idle(0.0, _REGULATED)  # bound of the integral, of older releases
    antiwindup_strategy: str = idle("none", _REGULATED)  # of the integral
    tracking_time_constant: float = idle(0.0, _REGULATED)  # of the integral [s]
    error_deadband: float = idle(0.0, _REGULATED)  # error within which nothing is integrated
    # whether errors are the shortest angle, of older releases
    angle_wraparound: bool = fixed(False, _TURNS)


@dataclass(frozen=True, kw_only=True)
class FixedGripperParameters:
    """What a file for parallel_gripper_action_controller may say because it is so here; an empty list as above."""

    # plugin of a controller manager
    type: str = fixed(
        "parallel_gripper_action_controller/GripperActionController", "there is no other controller here"
    )
    joint: str = fixed(MISSING, "the gripper is what the URDF or the wiring file calls so")  # that is controlled
    state_interfaces: tuple[str, ...] = fixed(("position", "velocity"), _MEASURED)  # what is measured
    action_monitor_rate: float = fixed(20.0, _MONITORED)  # of feedback [Hz]
    max_effort_interface: str = fixed("", "each command may limit its effort")  # where limits of the effort go to
    # where limits of the velocity go to
    max_velocity_interface: str = fixed("", "each command may limit its velocity")
    max_effort: float = idle(10.0, "without max_effort_interface; a command limits its own")  # of all commands [N]
    # of all commands [m/s]
    max_velocity: float = idle(0.1, "without max_velocity_interface; a command limits its own")


_SLIDING = {"trajectory": 0.02, "goal": 0.003}  # defaults of a joint that slides [m]


def read_trajectory_parameters(
    node: Node, limits: GroupLimits
) -> tuple[TrajectoryParameters, Tolerances, Array, list[str]]:
    """All that a node is given by joint_trajectory_controller's names.

    Returns:
        How goals are taken, the default tolerances, the deceleration of stops [rad/s²] of Shape (n,), and in words
        what counts for nothing.

    Raises:
        ConfigError: all parameters that cannot be used.
    """
    refusals = Refusals()
    notes: list[str] = []
    with refusals.noted():
        notes += take_given(node, FixedParameters, joints=limits.joints, command_joints=limits.joints)
    for joint in limits.joints:
        with refusals.noted():
            notes += take_given(node, JointGains, f"gains.{joint}.")
    with refusals.noted():
        given = read(node, TrajectoryParameters)
        notes += [f"{place_of(node, 'cmd_timeout')}{given.note}"] if given.note else []
    with refusals.noted(), located(node):
        joints, deceleration = _read_joints(node, limits)
    refusals.raise_all()
    return given, _tolerances(given, joints), deceleration, notes


def _tolerances(given: TrajectoryParameters, joints: Sequence[JointConstraints]) -> Tolerances:
    stopped = given.constraints__stopped_velocity_tolerance
    return Tolerances(
        path=tuple(Tolerance(position=joint.trajectory) for joint in joints),
        goal=tuple(Tolerance(position=joint.goal, velocity=stopped) for joint in joints),
        goal_time=given.constraints__goal_time,
        cmd_timeout=given.cmd_timeout,
    )


def _read_joints(node: Node, limits: GroupLimits) -> tuple[list[JointConstraints], Array]:
    """What is given of each joint, and the deceleration of stops [rad/s²], Shape (n,)."""
    joints, refusals = [], Refusals()
    for joint, unit, most in zip(limits.joints, limits.units, limits.acceleration, strict=True):
        with refusals.noted():
            joints.append(_read_joint(node, joint, unit))
            if not limits.note:  # else the acceleration is less for a while, and so is this
                _require_deceleration(joint, joints[-1].max_deceleration_on_cancel, float(most))
    refusals.raise_all()
    asked = np.array([joint.max_deceleration_on_cancel for joint in joints])
    return joints, np.minimum(np.where(asked > 0.0, asked, np.inf), limits.acceleration)


def _require_deceleration(joint: str, value: float, most: float) -> None:
    if value > most:
        where = f"parameter constraints.{joint}.max_deceleration_on_cancel"
        told = apart(most, value, "g")
        raise ConfigError(where, value, f"limits.{joint}.acceleration is {told}; give no more, or 0 for it")


def _read_joint(node: Node, joint: str, unit: str) -> JointConstraints:
    usual = _SLIDING if unit == "m" else {}
    return read(node, JointConstraints, f"constraints.{joint}.", **usual)


def take_gripper_parameters(node: Node, joints: Sequence[str]) -> list[str]:
    """Take what parallel_gripper_action_controller's names say of a gripper; what of it counts for nothing.

    Raises:
        ConfigError: all parameters that cannot be used.
    """
    return take_given(node, FixedGripperParameters, joint=joints[0] if len(joints) == 1 else "")
