#!/usr/bin/env python3
"""Slows down, pauses, resumes and stops an enabled arm that waves; then latches a stop and releases it."""

import time

import rclpy
from control_msgs.action import FollowJointTrajectory
from control_msgs.msg import SpeedScalingFactor
from rclpy.action import ActionClient
from rclpy.qos import DurabilityPolicy, QoSProfile
from std_srvs.srv import SetBool, Trigger
from trajectory_msgs.msg import JointTrajectoryPoint

rclpy.init()
node = rclpy.create_node("stop")
move = ActionClient(node, FollowJointTrajectory, "arm_controller/move_joints")
speed = node.create_publisher(
    SpeedScalingFactor,
    "arm_controller/speed_scaling_input",
    QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL),
)


def wait(future):
    """Spin until it is there."""
    rclpy.spin_until_future_complete(node, future)
    return future.result()


def ask(kind, name, **fields):
    """Call a service, and print its answer."""
    client = node.create_client(kind, name)
    client.wait_for_service()
    answer = wait(client.call_async(kind.Request(**fields)))
    print(f"{name}: {answer.message}", flush=True)


move.wait_for_server()
while not speed.get_subscription_count():
    time.sleep(0.05)
speed.publish(SpeedScalingFactor(factor=0.5))  # until it is set again
goal = FollowJointTrajectory.Goal()
goal.trajectory.joint_names = ["waist"]
goal.trajectory.points = [JointTrajectoryPoint(positions=[position]) for position in (0.5, -0.5, 0.5, 0.0)]
handle = wait(move.send_goal_async(goal))
time.sleep(0.5)
ask(SetBool, "arm_controller/pause", data=True)  # it stops on its path, and the goal is kept
ask(SetBool, "arm_controller/pause", data=False)
ask(Trigger, "arm_controller/stop")  # it slows down and holds, and the goal ends
print(wait(handle.get_result_async()).result.error_string)
speed.publish(SpeedScalingFactor(factor=1.0))
ask(SetBool, "servo_interface/protective_stop", data=True)  # it stops and takes no commands, whatever was asked
ask(SetBool, "servo_interface/protective_stop", data=False)  # it holds
ask(Trigger, "servo_interface/clear_faults")  # recovers joints at fault, where there are some
ask(SetBool, "servo_interface/enable", data=True)
