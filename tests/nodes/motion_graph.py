"""Controllers under test, the servo side and a client, in one process, one executor and virtual time."""

from __future__ import annotations

import time

import rclpy
from control_msgs.action import FollowJointTrajectory, ParallelGripperCommand
from control_msgs.msg import JointJog, SpeedScalingFactor
from rclpy.action import ActionClient
from rclpy.experimental import EventsExecutor
from rclpy.parameter import Parameter
from std_srvs.srv import SetBool, Trigger
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from armature.core.model.urdf import read_urdf
from armature.nodes.arm_controller.arm_controller import ArmController
from armature.nodes.arm_controller.gripper_controller import GripperController
from armature.nodes.common import topics
from armature.nodes.common.conversions import to_duration

from .servo_side import ServoSide
from .virtual_time import SIMULATED, VirtualTime

ARM = ("waist", "elbow")
URDF = """<robot name="two">
<link name="base_link"/><link name="upper"/><link name="lower"/><link name="left"/><link name="right"/>
<link name="tool0"/>
<joint name="waist" type="revolute"><parent link="base_link"/><child link="upper"/><origin xyz="0 0 0.1"/>
  <axis xyz="0 0 1"/><limit lower="-2" upper="2" velocity="2" effort="4"/></joint>
<joint name="elbow" type="revolute"><parent link="upper"/><child link="lower"/><origin xyz="0.2 0 0"/>
  <axis xyz="0 1 0"/><limit lower="-1.5" upper="1.5" velocity="2" effort="4"/></joint>
<joint name="gripper" type="prismatic"><parent link="lower"/><child link="left"/><axis xyz="0 1 0"/>
  <limit lower="0" upper="0.03" velocity="0.1" effort="20"/></joint>
<joint name="gripper_right" type="prismatic"><parent link="lower"/><child link="right"/><axis xyz="0 -1 0"/>
  <limit lower="0" upper="0.03" velocity="0.1" effort="20"/><mimic joint="gripper"/></joint>
<joint name="tool0_joint" type="fixed"><parent link="lower"/><child link="tool0"/><origin xyz="0.1 0 0"/></joint>
</robot>"""
SUCCEEDED, CANCELED, ABORTED = 4, 5, 6


def trajectory(times, positions, velocities=None, joints=ARM):
    """A JointTrajectory message."""
    message = JointTrajectory(joint_names=list(joints))
    for index, (at, row) in enumerate(zip(times, positions, strict=True)):
        point = JointTrajectoryPoint(positions=row, time_from_start=to_duration(at))
        if velocities is not None:
            point.velocities = velocities[index]
        message.points.append(point)
    return message


def smooth(at, *position):
    """A goal of one point that is reached at rest."""
    return trajectory([at], [position], [[0.0] * len(position)])


class MotionGraph:
    """Everything that a test of the controllers needs; `close` it."""

    def __init__(
        self,
        folder,
        rest=(0.0, 0.0, 0.01),
        gripper_parameters=(),
        urdf=URDF,
        unread=(),
        arm_parameters=(),
        joints=(*ARM, "gripper"),
    ):
        self.urdf = folder / "two.urdf"
        self.urdf.write_text(urdf)
        self._given = {ArmController: dict(arm_parameters), GripperController: dict(gripper_parameters)}
        self.context = rclpy.Context()
        rclpy.init(context=self.context)
        self.executor = EventsExecutor(context=self.context)
        self.time = VirtualTime(self.executor)
        self.node = self._add(
            rclpy.create_node("servo_interface", context=self.context, parameter_overrides=[SIMULATED])
        )
        arm = read_urdf(urdf)
        self.servos = ServoSide(self.node, arm, dict(zip(joints, rest, strict=True)))
        self.servos.unread.update(unread)
        self.feedback = []
        self.controllers = []
        self.start_controllers()
        self.arm_client = ActionClient(self.node, FollowJointTrajectory, topics.FOLLOW_JOINT_TRAJECTORY.name)
        self.gripper_client = ActionClient(self.node, ParallelGripperCommand, topics.GRIPPER_COMMAND.name)
        self.jogs = self.node.create_publisher(JointJog, topics.JOINT_JOG.name, topics.JOINT_JOG.qos)
        self.speeds = topics.publisher(self.node, topics.SPEED_SCALING)
        self.stop_client = self.node.create_client(Trigger, topics.STOP_MOTION.name)
        self.pause_client = self.node.create_client(SetBool, topics.PAUSE.name)
        clients = (self.arm_client, self.gripper_client)
        self.until(lambda: all(client.server_is_ready() for client in clients))
        self.until(self.stop_client.service_is_ready)
        self.until(lambda: self.jogs.get_subscription_count() > 0)

    def start_controllers(self):
        """Start both controllers, as their process does."""
        made = [self.make(kind, {"urdf": str(self.urdf), **values}) for kind, values in self._given.items()]
        self.controllers = [self._add(node) for node in made]
        self.arm, self.gripper = self.controllers

    def make(self, kind, values):
        """Make a node with parameters."""
        overrides = [SIMULATED, *(Parameter(name, value=value) for name, value in values.items())]
        made = kind(context=self.context, parameter_overrides=overrides, steady=self.time.clock())
        made.paced._clock = lambda: self.time.now  # here planning takes no time
        return made

    def stop_controllers(self):
        """End both controllers as a kill would: without a word."""
        for node in self.controllers:
            self.executor.remove_node(node)
        # Events that are queued already still run, and need their node.
        self.spin(0.1)
        for node in self.controllers:
            node.destroy_node()
        self.controllers = []

    def enable_servos(self, session="s1"):
        """Enable the servos, and wait until the controllers know it."""
        self.servos.be("ENABLED", session)
        self.until(lambda: all(self._knows(node, session) for node in self.controllers))
        return self

    def _knows(self, node, session):
        control = node.control
        return (
            control.state.arm.session == session
            and control.state.motion.setpoint(0.0)
            and control.state.arm.measured
        )

    def send(self, message, **fields):
        """Send a trajectory; returns the goal's handle."""
        goal = FollowJointTrajectory.Goal(trajectory=message, **fields)
        return self._sent(self.arm_client, goal, self.feedback.append)

    def grip(self, command):
        """Send a gripper command; returns the answer, None where it is refused."""
        handle = self._sent(self.gripper_client, ParallelGripperCommand.Goal(command=command), None)
        return self.answer(handle) if handle.accepted else None

    def follow(self, message, **fields):
        """Send a trajectory and wait for its end; returns the answer."""
        return self.answer(self.send(message, **fields))

    def answer(self, handle):
        """Wait for a goal's end; returns status and result."""
        return self.done(handle.get_result_async())

    def _sent(self, client, goal, feedback):
        return self.done(client.send_goal_async(goal, feedback_callback=feedback))

    def done(self, future):
        """Wait for a future's result."""
        self.until(future.done)
        return future.result()

    def until(self, condition, seconds=20.0):
        """Spin until a condition holds."""
        end = self.time.now + seconds
        while not condition():
            assert self.time.now < end, "waited in vain"
            self.time.step()

    def attend(self, condition, seconds=60.0):
        """Wait for what another process does, for which time passes no faster than the machine's."""
        give_up = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < give_up, "waited in vain"
            self.time.keep_pace()

    def spin(self, seconds):
        """Let time pass that the behaviour under test needs to pass."""
        end = self.time.now + seconds
        self.until(lambda: self.time.now >= end - 1e-9, seconds + 1.0)

    def _add(self, node):
        self.time.lead(node)
        self.executor.add_node(node)
        return node

    @property
    def waist(self):
        """Where the first joint is commanded [rad]."""
        return self.servos.position["waist"]

    def moved(self, by=0.05):
        """Wait until the first joint has moved [rad]."""
        self.until(lambda: abs(self.waist) > by)

    def is_still(self):
        """Wait until nothing moves."""
        cycles = len(self.servos.trace)
        self.until(lambda: len(self.servos.trace) > cycles)
        self.until(lambda: max(map(abs, self.servos.velocity.values())) < 1e-9)

    def scale_speed(self, factor):
        """Ask for a share of the speed."""
        self.speeds.publish(SpeedScalingFactor(factor=factor))

    def press(self, velocities, times=8, every=0.08, until=lambda: False):
        """Jog as a page does while a button is pressed, so often or until something is so, then fall silent."""
        for _ in range(times):
            if until():
                return
            self.jogs.publish(JointJog(joint_names=list(velocities), velocities=list(velocities.values())))
            self.spin(every)

    def close(self):
        """End everything."""
        self.stop_controllers()
        self.executor.remove_node(self.node)
        self.spin(0.05)
        self.arm_client.destroy()
        self.gripper_client.destroy()
        self.executor.shutdown(0)
        self.node.destroy_node()
        self.context.shutdown()
