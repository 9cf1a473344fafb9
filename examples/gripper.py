#!/usr/bin/env python3
"""Opens and closes the gripper of an enabled arm, and tells whether it holds something."""

import rclpy
from control_msgs.action import ParallelGripperCommand
from rclpy.action import ActionClient

rclpy.init()
node = rclpy.create_node("gripper")
gripper = ActionClient(node, ParallelGripperCommand, "gripper_controller/gripper_cmd")
gripper.wait_for_server()


def wait(future):
    """Spin until it is there."""
    rclpy.spin_until_future_complete(node, future)
    return future.result()


for position in (0.02, 0.0):  # [m]
    goal = ParallelGripperCommand.Goal()
    goal.command.position = [position]
    handle = wait(gripper.send_goal_async(goal))
    if not handle.accepted:
        raise SystemExit("refused; /diagnostics says why, as last of gripper_controller")
    result = wait(handle.get_result_async()).result
    print(
        "it holds something"
        if result.stalled
        else "it is there"
        if result.reached_goal
        else "it did not get there"
    )
