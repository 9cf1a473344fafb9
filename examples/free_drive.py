#!/usr/bin/env python3
"""Lets a joint be guided by hand until Enter is pressed; unless it is compliant it falls, so hold it.

python examples/free_drive.py elbow
"""

import argparse
import sys

import rclpy
from rclpy.signals import SignalHandlerOptions
from std_srvs.srv import SetBool

parser = argparse.ArgumentParser(description="Lets a joint be guided by hand until Enter is pressed.")
parser.add_argument("joint", help="its name, as elbow")
joint = parser.parse_args(rclpy.utilities.remove_ros_args(sys.argv)[1:]).joint
# rclpy leaves Ctrl-C to us, so that the joint can still be held.
rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
node = rclpy.create_node("free_drive")
free = node.create_client(SetBool, f"servo_interface/{joint}/free")
if not free.wait_for_service(10.0):
    raise SystemExit(f"no arm with a joint {joint} answers; see: armature status")


def ask(on):
    """Begin or end it, and print what the joint does now."""
    future = free.call_async(SetBool.Request(data=on))
    rclpy.spin_until_future_complete(node, future)
    print(future.result().message, flush=True)
    if not future.result().success:
        raise SystemExit(1)


ask(True)
try:
    input("Press Enter to let it hold again.\n")
except (EOFError, KeyboardInterrupt):
    print()  # nobody can press it any more, or nobody wants to: it holds
finally:
    ask(False)
