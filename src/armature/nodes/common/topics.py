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
from control_msgs.srv import QueryTrajectoryState
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from geometry_msgs.msg import TwistStamped
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import JointState
from std_msgs.msg import Bool, String
from std_srvs.srv import SetBool, Trigger
from tf2_msgs.msg import TFMessage
from trajectory_msgs.msg import JointTrajectory

from armature.core.jog_limits import LEASE


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
    """A topic's relative name, type and quality of service; its publisher, and its content."""

    name: str
    kind: Any
    qos: QoSProfile
    by: str = ""
    about: str = ""


@dataclass(frozen=True)
class Service:
    """A service's or action's relative name and type, and what it does."""

    name: str
    kind: Any
    about: str = ""


@dataclass(frozen=True)
class ControllerInterface:
    """Topics and services that every controller has under its own name."""

    joint_jog: Topic
    state: Topic
    stop: Service
    pause: Service
    query_state: Service


def of_controller(name: str) -> ControllerInterface:
    """The topics and services of a controller."""
    return ControllerInterface(
        joint_jog=Topic(
            f"{name}/joint_jog",
            JointJog,
            _newest(),
            "clients",
            f"velocities of joints [rad/s, m/s] for {LEASE} s",
        ),
        state=Topic(
            f"{name}/controller_state",
            JointTrajectoryControllerState,
            _reliable(10),
            name,
            "reference, feedback and error; 20 Hz",
        ),
        stop=Service(f"{name}/stop", Trigger, "slow down within limits and hold; the goal ends"),
        pause=Service(f"{name}/pause", SetBool, "true: stop on the path and keep the goal; false: go on"),
        query_state=Service(f"{name}/query_state", QueryTrajectoryState, "the commanded state, now or later"),
    )


ARM_CONTROLLER = of_controller("arm_controller")
GRIPPER_CONTROLLER = of_controller("gripper_controller")
CONTROLLER_STATE, JOINT_JOG = ARM_CONTROLLER.state, ARM_CONTROLLER.joint_jog
STOP_MOTION, PAUSE = ARM_CONTROLLER.stop, ARM_CONTROLLER.pause

JOINT_STATES = Topic(
    "joint_states",
    JointState,
    _reliable(10),
    "servo_interface",
    "positions [rad, m], velocities, efforts [N·m, N] of the joints that were read in this cycle; 100 Hz",
)
DYNAMIC_JOINT_STATES = Topic(
    "dynamic_joint_states",
    DynamicJointState,
    _reliable(10),
    "servo_interface",
    "also current, temperature, voltage, torque, error and the age of each; 10 Hz",
)
DIAGNOSTICS = Topic(
    "diagnostics",
    DiagnosticArray,
    _reliable(10),
    "each node",
    "one status a servo, one a bus, one a node; 1 Hz and on change",
)
STATE = Topic(
    "servo_interface/state",
    DiagnosticStatus,
    _latched(1),
    "servo_interface",
    "the arm's state as its message; torque, session, faults and next steps as values",
)
COMMANDED = Topic(
    "servo_interface/commanded",
    JointState,
    _latched(1),
    "servo_interface",
    "what is commanded now; 20 Hz, and at once on enable, hold and stop",
)
PROTECTIVE_STOP_STATE = Topic(
    "protective_stop", Bool, _latched(1), "servo_interface", "whether the protective stop is latched"
)
SETPOINTS = Topic(
    "servo_interface/setpoints",
    JointTrajectory,
    _reliable(10),
    "arm_controller, gripper_controller",
    "stamped set-points about 200 ms ahead, with a stop behind them",
)
JOINT_TRAJECTORY = Topic(
    "arm_controller/joint_trajectory",
    JointTrajectory,
    _reliable(10),
    "clients",
    "a trajectory to follow, without an answer",
)
SPEED_SCALING = Topic(
    "arm_controller/speed_scaling_input", SpeedScalingFactor, _latched(1), "clients", "speed override, 0 to 2"
)
TWIST = Topic(
    "arm_controller/twist", TwistStamped, _newest(), "clients", f"velocity of the tool [m/s, rad/s] for {LEASE} s"
)
PLANNED_PATH = Topic(
    "arm_controller/planned_path",
    JointTrajectory,
    _latched(1),
    "arm_controller",
    "the path of the last move that was planned",
)
ROBOT_DESCRIPTION = Topic("robot_description", String, _latched(1), "state_publisher", "the URDF")
# tf2's own names and qualities of service (geometry2, tf2_ros/qos.hpp): depth 100; static frames latched.
TF = Topic("/tf", TFMessage, _reliable(100), "state_publisher", "frames whose joints were read")
TF_STATIC = Topic("/tf_static", TFMessage, _latched(100), "state_publisher", "frames that do not move")
EVENTS = Topic("events", DiagnosticArray, _latched(1000), "nobody yet", "who did what, with which outcome")

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

FOLLOW_JOINT_TRAJECTORY = Service(
    "arm_controller/follow_joint_trajectory", FollowJointTrajectory, "follow a trajectory"
)
MOVE_JOINTS = Service(
    "arm_controller/move_joints", FollowJointTrajectory, "move to joint positions or named poses"
)
MOVE_TO = Service(
    "arm_controller/move_to", FollowJointTrajectory, "move the tool to poses, on the straight way of the joints"
)
MOVE_LINE = Service("arm_controller/move_line", FollowJointTrajectory, "move the tool on straight lines")
MOVE_ARC = Service("arm_controller/move_arc", FollowJointTrajectory, "move the tool on an arc")
PREVIEW = "preview"
"""As frame_id of a move's trajectory: plan it, answer with its figures and its path, move nothing."""
GRIPPER_COMMAND = Service("gripper_controller/gripper_cmd", ParallelGripperCommand, "open or close the gripper")
# To disable is answered once the arm rests in its park pose: after a stop, and faults.park_time at most.
PARK_TIMEOUT = 60.0  # [s]
ENABLE = Service(
    "servo_interface/enable", SetBool, "true: goal := measured, torque on; false: stop, park, torque off"
)
PROTECTIVE_STOP = Service(
    "servo_interface/protective_stop",
    SetBool,
    "true: stop within limits, hold and latch; false: release to HOLDING",
)
CLEAR_FAULTS = Service("servo_interface/clear_faults", Trigger, "recover every joint whose cause is gone")
TORQUE_OFF = Service("servo_interface/torque_off", Trigger, "torque off now; an arm that nothing holds falls")
RECORDER_START = Service("recorder/start", Trigger, "start a recording")
RECORDER_STOP = Service("recorder/stop", Trigger, "finish it; the answer names its folder")
RECORDER_SNAPSHOT = Service("recorder/snapshot", Trigger, "keep the last 20 s as a recording")


def reboot(joint: str) -> Service:
    """The service that reboots one servo; its name as `ros_name` has it."""
    return Service(
        f"servo_interface/{joint}/reboot", Trigger, "start one servo anew; refused while it holds a load"
    )


def free(joint: str) -> Service:
    """The service that begins and ends free-drive of one joint; its name as `ros_name` has it."""
    return Service(
        f"servo_interface/{joint}/free", SetBool, "true: let a hand guide the joint; false: hold it again"
    )


def publisher(node: Node, topic: Topic) -> Any:
    """Create the publisher of a topic of the table."""
    return node.create_publisher(topic.kind, topic.name, topic.qos)


def subscription(node: Node, topic: Topic, callback: Any, *, raw: bool = False) -> Any:
    """Create a subscription to a topic of the table."""
    return node.create_subscription(topic.kind, topic.name, callback, topic.qos, raw=raw)
