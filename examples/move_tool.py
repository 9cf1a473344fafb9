#!/usr/bin/env python3
"""Moves the tool of an enabled arm: to a place, on a line and on an arc, by three actions of one standard type."""

import rclpy
from control_msgs.action import FollowJointTrajectory
from geometry_msgs.msg import Quaternion, Transform, Vector3
from rclpy.action import ActionClient
from trajectory_msgs.msg import MultiDOFJointTrajectoryPoint

ANY = Quaternion(w=0.0)  # a rotation of all zeros: any orientation will do, or as it is
HERE = "tool/base"  # offsets from where the tool is, along the axes of the base; "tool": along its own

rclpy.init()
node = rclpy.create_node("move_tool")


def wait(future):
    """Spin until it is there."""
    rclpy.spin_until_future_complete(node, future)
    return future.result()


def move(action, frame, *places):
    """Send a move, and wait for its end."""
    client = ActionClient(node, FollowJointTrajectory, action)
    client.wait_for_server()
    goal = FollowJointTrajectory.Goal()
    goal.multi_dof_trajectory.header.frame_id = frame
    for x, y, z in places:
        transform = Transform(translation=Vector3(x=x, y=y, z=z), rotation=ANY)
        goal.multi_dof_trajectory.points.append(MultiDOFJointTrajectoryPoint(transforms=[transform]))
    answer = wait(wait(client.send_goal_async(goal)).get_result_async())
    print(f"{action}: {answer.result.error_string}")
    if answer.status != 4:  # succeeded
        raise SystemExit(1)


move("arm_controller/move_to", "", (0.25, 0.0, 0.2))
move("arm_controller/move_line", HERE, (0.0, 0.0, 0.03))
move("arm_controller/move_arc", HERE, (0.02, 0.02, 0.0), (0.0, 0.04, 0.0))
