"""Send a JointTrajectory from a YAML file to any FollowJointTrajectory action, and watch it.

It knows nothing of Armature: the file holds a trajectory_msgs/JointTrajectory as `ros2 topic pub` takes it.
Ctrl-C cancels the goal. Exits with 0 when the goal succeeded, else with 1.

    python examples/send_trajectory.py examples/pick_and_place.yaml
"""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

import rclpy
import yaml
from control_msgs.action import FollowJointTrajectory
from rclpy.action import ActionClient
from rclpy.signals import SignalHandlerOptions
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

STATUS = {4: "succeeded", 5: "canceled", 6: "aborted"}  # action_msgs/GoalStatus


def read_trajectory(path):
    """A JointTrajectory from a YAML file."""
    document = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    trajectory = JointTrajectory(joint_names=document["joint_names"])
    for row in document["points"]:
        point = JointTrajectoryPoint()
        for name in ("positions", "velocities", "accelerations"):
            setattr(point, name, [float(value) for value in row.get(name, [])])
        time = row["time_from_start"]
        point.time_from_start.sec = time.get("sec", 0)
        point.time_from_start.nanosec = time.get("nanosec", 0)
        trajectory.points.append(point)
    return trajectory


class Sender:
    """Sends one goal and follows it to its end."""

    def __init__(self, node, action):
        self._node = node
        self._client = ActionClient(node, FollowJointTrajectory, action)
        self._printed = 0.0
        self._is_interrupted = False

    def send(self, trajectory, timeout):
        """Send, wait, and return the exit code."""
        if not self._client.wait_for_server(timeout_sec=timeout):
            print(f"no action server within {timeout:g} s; is the arm's controller running?")
            return 1
        # Raised in the middle of rclpy a KeyboardInterrupt may become another error.
        signal.signal(signal.SIGINT, self._interrupt)
        goal = FollowJointTrajectory.Goal(trajectory=trajectory)
        sending = self._client.send_goal_async(goal, feedback_callback=self._on_feedback)
        try:
            return self._finish(self._await(sending))
        except KeyboardInterrupt:  # perhaps before the answer to the goal, which moves all the same
            print("canceling")
            handle = self._await(sending)
            if handle.accepted:
                self._await(handle.cancel_goal_async())
            return self._finish(handle)

    def _interrupt(self, *_):
        self._is_interrupted = True

    def _finish(self, handle):
        if not handle.accepted:
            print("the goal was rejected")
            return 1
        answer = self._await(handle.get_result_async())
        print(f"{STATUS.get(answer.status, answer.status)}: {answer.result.error_string}")
        return 0 if answer.status == 4 and answer.result.error_code == 0 else 1

    def _await(self, future):
        while not future.done():
            rclpy.spin_once(self._node, timeout_sec=0.1)
            if self._is_interrupted:
                self._is_interrupted = False
                raise KeyboardInterrupt
        return future.result()

    def _on_feedback(self, message):
        feedback = message.feedback
        stamp = feedback.header.stamp.sec + feedback.header.stamp.nanosec * 1e-9
        if stamp - self._printed < 1.0:
            return
        self._printed = stamp
        errors = zip(feedback.joint_names, feedback.error.positions, strict=True)
        name, error = max(errors, key=lambda pair: abs(pair[1]))
        print(f"largest error {error:+.4f} at {name}", flush=True)


def main():
    """Read the command line and send."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trajectory", help="YAML file with a trajectory_msgs/JointTrajectory")
    parser.add_argument("--action", default="arm_controller/follow_joint_trajectory", help="name of the action")
    parser.add_argument("--timeout", type=float, default=10.0, help="wait for the server [s]")
    given = parser.parse_args(rclpy.utilities.remove_ros_args(sys.argv)[1:])
    trajectory = read_trajectory(given.trajectory)
    # rclpy leaves Ctrl-C to us, so that the goal can still be canceled.
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    node = rclpy.create_node("send_trajectory")
    try:
        return Sender(node, given.action).send(trajectory, given.timeout)
    finally:
        node.destroy_node()
        rclpy.try_shutdown()


if __name__ == "__main__":
    sys.exit(main())
