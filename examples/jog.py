#!/usr/bin/env python3
"""Moves an enabled arm at velocities: a joint, then the tool. Each message counts for 250 ms: send them again."""

import time

import rclpy
from control_msgs.msg import JointJog
from geometry_msgs.msg import TwistStamped
from rclpy.qos import QoSProfile, ReliabilityPolicy

NEWEST = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)

rclpy.init()
node = rclpy.create_node("jog")
joint_jog = node.create_publisher(JointJog, "arm_controller/joint_jog", NEWEST)
twist = node.create_publisher(TwistStamped, "arm_controller/twist", NEWEST)
while not (joint_jog.get_subscription_count() and twist.get_subscription_count()):
    time.sleep(0.05)


def send(publisher, message, seconds):
    """Send a message ten times a second."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        publisher.publish(message)
        time.sleep(0.1)


send(joint_jog, JointJog(joint_names=["waist"], velocities=[0.2]), 1.0)  # [rad/s]
up = TwistStamped()  # frame_id: empty for the axes of the base, tool0 for the tool's own
up.twist.linear.z = 0.02  # [m/s]
send(twist, up, 1.0)
twist.publish(TwistStamped())  # ends it at once; without this it ends 250 ms after the last message
time.sleep(0.1)
