#!/usr/bin/env python3
"""Enables the arm and moves it to its pose `home`, with standard ROS 2 types alone."""

import rclpy
from control_msgs.action import FollowJointTrajectory
from rclpy.action import ActionClient
from std_srvs.srv import SetBool

rclpy.init()
node = rclpy.create_node("first_motion")
enable = node.create_client(SetBool, "servo_interface/enable")
move = ActionClient(node, FollowJointTrajectory, "arm_controller/move_joints")


def wait(future):
    """Spin until it is there."""
    rclpy.spin_until_future_complete(node, future)
    return future.result()


enable.wait_for_service()
move.wait_for_server()
enabled = wait(enable.call_async(SetBool.Request(data=True)))
if not enabled.success:
    raise SystemExit(enabled.message)
goal = FollowJointTrajectory.Goal()
goal.trajectory.joint_names = ["home"]  # a pose of poses.yaml
moved = wait(wait(move.send_goal_async(goal)).get_result_async())
if moved.status != 4:  # succeeded
    raise SystemExit(moved.result.error_string)
print(moved.result.error_string)
