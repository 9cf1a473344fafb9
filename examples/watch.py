#!/usr/bin/env python3
"""Prints the arm's state, each time that it changes, and the positions of its joints once a second, for a time.

python examples/watch.py 10
"""

import argparse
import signal
import sys
import time

import rclpy
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import JointState

LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
newest = {}


def on_joints(message):
    """Only joints that were read in this cycle are in it: look for the name."""
    newest["positions"] = dict(zip(message.name, message.position, strict=True))


def on_state(message):
    """Its message is the state; its values say why, and what to do next."""
    values = {pair.key: pair.value for pair in message.values}
    print(f"{message.message}: {values.get('why', '')}; {values.get('remedy', '')}", flush=True)


parser = argparse.ArgumentParser(description="Prints the arm's state and positions, until Ctrl-C or for a time.")
parser.add_argument("seconds", nargs="?", type=float, default=10.0)
seconds = parser.parse_args(rclpy.utilities.remove_ros_args(sys.argv)[1:]).seconds
interrupts = []
signal.signal(signal.SIGINT, lambda *_: interrupts.append(True))  # in the middle of rclpy it would become an error
rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
node = rclpy.create_node("watch")
node.create_subscription(JointState, "joint_states", on_joints, 10)
node.create_subscription(DiagnosticStatus, "servo_interface/state", on_state, LATCHED)
shown = time.monotonic()
end = shown + seconds
while time.monotonic() < end and not interrupts:
    rclpy.spin_once(node, timeout_sec=0.1)
    if time.monotonic() - shown > 1.0:
        shown = time.monotonic()
        positions = newest.pop("positions", {})
        print(
            ", ".join(f"{joint} {value:+.3f}" for joint, value in positions.items()) or "no joint is read",
            flush=True,
        )
