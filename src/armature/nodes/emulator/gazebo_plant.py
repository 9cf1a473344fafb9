"""The arm in Gazebo as the emulator's plant, over the topics that ros_gz_bridge maps (config/gazebo_bridge.yaml).

Gazebo's controller gets the servos' set-points and does between two commands what a servo would, so that the time
that messages take does not shake the arm. A joint whose torque is off gets no set-point and zero effort.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import rclpy
from rclpy.node import Node
from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.signals import SignalHandlerOptions
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from armature.core.model.arm import ArmModel
from armature.dynamixel.wiring.arm import Wiring
from armature.emulator.physics.gazebo_world import COMMANDS_TOPIC, RATE, STATES_TOPIC
from armature.emulator.servo.actuator import Law, actuators
from armature.errors import ConfigError, ProcessError
from armature.nodes.common.conversions import to_seconds

_NEWEST = QoSProfile(history=HistoryPolicy.KEEP_LAST, depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
# ros_gz_bridge subscribes reliably.
_RELIABLE = QoSProfile(history=HistoryPolicy.KEEP_LAST, depth=1, reliability=ReliabilityPolicy.RELIABLE)
_CHECK_EVERY = 1.0  # [s] between checks that Gazebo is still there
_POLL_EVERY = 0.05  # [s] between checks while it starts
# At load the controller pulls the arm into its start pose: it is there once it is this slow for this long.
_STILL = 0.02  # [rad/s] or [m/s]
_STILL_TIME = 0.5  # [s] of Gazebo's
# Set-points that have not changed by more than this are repeated only now and then, lest a message be lost.
_UNCHANGED = 1e-6  # [rad] or [m]
_REPEAT = 0.1  # [s]
# After a delay, messages come in a burst. The servos' time catches up in steps, so that they receive in between
# what was sent to them, and their Bus Watchdogs do not take a delay for silence. Part of a long one is skipped.
_MAX_STEP, _MAX_LAG = 0.02, 0.25  # [s]
_NAN = math.nan


class GazeboPlant:
    """Follows the newest joint states and /clock, without an executor and without waiting."""

    def __init__(self, node: Node, arm: ArmModel, wiring: Wiring) -> None:
        """Args: the node of its topics, the arm and its servos."""
        self.joints = wiring.joints
        self.positions: list[float] = []
        self.velocities: list[float] = []
        self._node = node
        self._laws = [Law.of(entry) for entry in wiring.servos]
        self._actuators = actuators(arm, wiring)
        self._places: dict[tuple[str, ...], list[int]] = {}
        self._time = 0.0
        self._reported_time = 0.0  # [s]; the time follows it
        self._stamp: float | None = None  # of the newest clock [s]
        self._since_step = math.inf  # [s]
        self._since_command = math.inf  # [s]
        self._set_points: list[float] = []
        self._next_check_at = -math.inf
        self._states = node.create_subscription(JointState, STATES_TOPIC, _unused, _NEWEST)
        self._clock = node.create_subscription(Clock, "/clock", _unused, _NEWEST)
        self._commands = node.create_publisher(JointTrajectory, COMMANDS_TOPIC, _RELIABLE)

    def time(self, now: float) -> float:
        """Gazebo's time [s], after reading its joints; the reset of a world only pauses it.

        Raises:
            ProcessError: Gazebo or its bridge is gone.
            ConfigError: its model lacks a joint.
        """
        state, clock = _newest(self._states), _newest(self._clock)
        if state is not None:
            self._note_state(state)
        if clock is not None:
            self._note_time(to_seconds(clock.clock))
        if now >= self._next_check_at:
            self._next_check_at = now + _CHECK_EVERY
            self._require_gazebo()
        self._time = min(self._reported_time, self._time + _MAX_STEP)
        return self._time

    def step(self, dt: float, torques: Sequence[float | None]) -> None:
        """Command the servos' set-points, where they are new."""
        self._since_step += dt
        self._since_command += dt
        if self._since_step * RATE < 1.0 - 1e-6:
            return
        self._since_step = 0.0
        set_points = self._set_points_for(torques)
        if self._since_command >= _REPEAT or not _same(set_points, self._set_points):
            self._since_command, self._set_points = 0.0, set_points
            self._commands.publish(self._command(set_points))

    def await_rest(self, clock: Callable[[], float], pause: Callable[[float], object], timeout: float) -> None:
        """Wait until Gazebo runs, and the arm in it rests.

        Args:
            clock: the computer's time [s].
            pause: waits for some seconds.
            timeout: how long this may take [s].

        Raises:
            ProcessError: it took too long, with what was missing.
            ConfigError: Gazebo's model lacks a joint.
        """
        give_up, moved_at = clock() + timeout, 0.0
        while not self._time - moved_at > _STILL_TIME:
            self._next_check_at = math.inf  # before it is there, it cannot be gone
            self.time(clock())
            if not self.velocities or any(abs(velocity) > _STILL for velocity in self.velocities):
                moved_at = self._time
            if clock() > give_up:
                raise self._missing(timeout)
            pause(_POLL_EVERY)
        self._next_check_at = -math.inf

    def _set_points_for(self, torques: Sequence[float | None]) -> list[float]:
        """Set-points of Gazebo's controllers that give these torques; NaN for a joint without torque."""
        states = zip(self._laws, self.positions, self.velocities, torques, strict=True)
        return [
            _NAN if torque is None else law.set_point(position, velocity, torque)
            for law, position, velocity, torque in states
        ]

    def _command(self, set_points: Sequence[float]) -> JointTrajectory:
        leaders = dict(zip(self.joints, set_points, strict=True))
        positions = [each.factor * leaders[each.leader] + each.offset for each in self._actuators]
        # For NaN Gazebo's PIDs give no force.
        point = JointTrajectoryPoint(
            positions=positions,
            velocities=[_NAN if math.isnan(position) else 0.0 for position in positions],
            effort=[0.0] * len(positions),
        )
        return JointTrajectory(joint_names=[each.joint for each in self._actuators], points=[point])

    def _note_state(self, message: JointState) -> None:
        names = tuple(message.name)
        if not len(names) == len(message.position) == len(message.velocity):
            raise ProcessError("gazebo", "a joint state lacks positions or velocities", "fix its publisher")
        if names not in self._places:
            self._places[names] = self._find(names)
        positions = [message.position[place] for place in self._places[names]]
        velocities = [message.velocity[place] for place in self._places[names]]
        for joint, position, velocity in zip(self.joints, positions, velocities, strict=True):
            if not math.isfinite(position + velocity):
                raise ProcessError(
                    "gazebo", f"its physics has failed: {joint} is at {position}", "reset the world"
                )
        self.positions, self.velocities = positions, velocities

    def _find(self, names: Sequence[str]) -> list[int]:
        for joint in self.joints:
            if joint not in names:
                allowed = f"it has {', '.join(names)}; load the world of: armature world --robot NAME"
                raise ConfigError("Gazebo's model: joint", joint, allowed)
        return [names.index(joint) for joint in self.joints]

    def _note_time(self, stamp: float) -> None:
        if self._stamp is not None:
            self._reported_time = min(self._reported_time + max(0.0, stamp - self._stamp), self._time + _MAX_LAG)
        self._stamp = stamp

    def _require_gazebo(self) -> None:
        if not self._node.count_publishers(STATES_TOPIC):
            lost = f"nobody publishes {self._topic} any more; the servos have lost their power"
            raise ProcessError("gazebo", lost, "start Gazebo and its bridge again")

    def _missing(self, timeout: float) -> ProcessError:
        if not self.positions:
            missing = f"no joint states on {self._topic} within {timeout:g} s"
            return ProcessError("gazebo", missing, "start it with its bridge, see docs/howto/gazebo.md")
        if not self._time:
            return ProcessError("gazebo", "its time stands still", "let it run: gz sim -r, or the play button")
        return ProcessError("gazebo", "the arm in it does not come to rest", "reset the world")

    @property
    def _topic(self) -> str:
        return str(self._states.topic_name)


@contextmanager
def gazebo_plant(
    arm: ArmModel, wiring: Wiring, ros_arguments: Sequence[str], timeout: float
) -> Iterator[GazeboPlant]:
    """The plant in this process, once Gazebo runs.

    Args:
        arm: the arm that Gazebo has.
        wiring: its servos.
        ros_arguments: for rclpy, such as the namespace.
        timeout: how long Gazebo may take [s].

    Raises:
        ProcessError: it does not come.
        ConfigError: its model lacks a joint.
    """
    rclpy.init(args=list(ros_arguments), signal_handler_options=SignalHandlerOptions.NO)
    # Its services would need an executor.
    node = Node("gazebo_plant", start_parameter_services=False)
    try:
        plant = GazeboPlant(node, arm, wiring)
        plant.await_rest(time.monotonic, time.sleep, timeout)
        yield plant
    finally:
        node.destroy_node()
        rclpy.try_shutdown()


def _same(one: Sequence[float], other: Sequence[float]) -> bool:
    return len(one) == len(other) and all(
        abs(a - b) < _UNCHANGED or (math.isnan(a) and math.isnan(b)) for a, b in zip(one, other, strict=True)
    )


def _newest(subscription: Any) -> Any:
    """The newest message that has come since the last call; None where there is none."""
    with subscription.handle:
        taken = subscription.handle.take_message(subscription.msg_type, False)
    return None if taken is None else taken[0]


def _unused(_message: object) -> None:
    """No executor calls it: only the newest message is of use."""
