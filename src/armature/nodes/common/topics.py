"""Names, types and qualities of service of the graph: its contract, as one table.

Names are relative, so a namespace holds a whole arm. Frames alone are in one tree for all, as tf2 wants them.
No queue is KEEP_ALL: such a writer blocks on a stalled reader.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from control_msgs.action import FollowJointTrajectory, ParallelGripperCommand
from control_msgs.msg import (
    DynamicJointState,
    JointJog,
    JointTrajectoryControllerState,
    SpeedScalingFactor,
)
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from geometry_msgs.msg import TwistStamped
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import JointState
from std_msgs.msg import Bool, String
from std_srvs.srv import SetBool, Trigger
from tf2_msgs.msg import TFMessage
from trajectory_msgs.msg import JointTrajectory


def _reliable(depth: int) -> QoSProfile:
    return QoSProfile(history=HistoryPolicy.KEEP_LAST, depth=depth, reliability=ReliabilityPolicy.RELIABLE)


def _latched(depth: int) -> QoSProfile:
    profile = _reliable(depth)
    profile.durability = DurabilityPolicy.TRANSIENT_LOCAL
    return profile


def _newest() -> QoSProfile:
    return QoSProfile(history=HistoryPolicy.KEEP_LAST, depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)


@dataclass(frozen=True, eq=False)
class Topic:
    """A topic's relative name, type and quality of service."""

    name: str
    kind: Any
    qos: QoSProfile


@dataclass(frozen=True)
class Service:
    """A service's or action's relative name and type."""

    name: str
    kind: Any


JOINT_STATES = Topic("joint_states", JointState, _reliable(10))
DYNAMIC_JOINT_STATES = Topic("dynamic_joint_states", DynamicJointState, _reliable(10))
DIAGNOSTICS = Topic("diagnostics", DiagnosticArray, _reliable(10))
STATE = Topic("servo_interface/state", DiagnosticStatus, _latched(1))
COMMANDED = Topic("servo_interface/commanded", JointState, _latched(1))
PROTECTIVE_STOP_STATE = Topic("protective_stop", Bool, _latched(1))
SETPOINTS = Topic("servo_interface/setpoints", JointTrajectory, _reliable(10))
JOINT_TRAJECTORY = Topic("arm_controller/joint_trajectory", JointTrajectory, _reliable(10))
CONTROLLER_STATE = Topic("arm_controller/controller_state", JointTrajectoryControllerState, _reliable(10))
SPEED_SCALING = Topic("arm_controller/speed_scaling_input", SpeedScalingFactor, _latched(1))
JOINT_JOG = Topic("arm_controller/joint_jog", JointJog, _newest())
TWIST = Topic("arm_controller/twist", TwistStamped, _newest())
PLANNED_PATH = Topic("arm_controller/planned_path", JointTrajectory, _latched(1))
ROBOT_DESCRIPTION = Topic("robot_description", String, _latched(1))
# tf2's own names and qualities of service (geometry2, tf2_ros/qos.hpp): depth 100; static frames latched.
TF = Topic("/tf", TFMessage, _reliable(100))
TF_STATIC = Topic("/tf_static", TFMessage, _latched(100))
EVENTS = Topic("events", DiagnosticArray, _latched(1000))

TOPICS = (
    JOINT_STATES,
    DYNAMIC_JOINT_STATES,
    DIAGNOSTICS,
    STATE,
    COMMANDED,
    PROTECTIVE_STOP_STATE,
    SETPOINTS,
    JOINT_TRAJECTORY,
    CONTROLLER_STATE,
    SPEED_SCALING,
    JOINT_JOG,
    TWIST,
    PLANNED_PATH,
    ROBOT_DESCRIPTION,
    TF,
    TF_STATIC,
    EVENTS,
)

FOLLOW_JOINT_TRAJECTORY = Service("arm_controller/follow_joint_trajectory", FollowJointTrajectory)
MOVE_JOINTS = Service("arm_controller/move_joints", FollowJointTrajectory)
MOVE_TO = Service("arm_controller/move_to", FollowJointTrajectory)
MOVE_LINE = Service("arm_controller/move_line", FollowJointTrajectory)
MOVE_ARC = Service("arm_controller/move_arc", FollowJointTrajectory)
GRIPPER_COMMAND = Service("gripper_controller/gripper_cmd", ParallelGripperCommand)
STOP_MOTION = Service("arm_controller/stop", Trigger)
PAUSE = Service("arm_controller/pause", SetBool)
ENABLE = Service("servo_interface/enable", SetBool)
PROTECTIVE_STOP = Service("servo_interface/protective_stop", SetBool)
CLEAR_FAULTS = Service("servo_interface/clear_faults", Trigger)
TORQUE_OFF = Service("servo_interface/torque_off", Trigger)
RECORDER_START = Service("recorder/start", Trigger)
RECORDER_STOP = Service("recorder/stop", Trigger)
RECORDER_SNAPSHOT = Service("recorder/snapshot", Trigger)


def reboot(joint: str) -> Service:
    """The service that reboots one joint's servo."""
    return Service(f"servo_interface/{joint}/reboot", Trigger)


def free(joint: str) -> Service:
    """The service that lets one joint be guided by hand, and ends it."""
    return Service(f"servo_interface/{joint}/free", SetBool)


def publisher(node: Node, topic: Topic) -> Any:
    """Create the publisher of a topic of the table."""
    return node.create_publisher(topic.kind, topic.name, topic.qos)


def subscription(node: Node, topic: Topic, callback: Any, *, raw: bool = False) -> Any:
    """Create a subscription to a topic of the table."""
    return node.create_subscription(topic.kind, topic.name, callback, topic.qos, raw=raw)
