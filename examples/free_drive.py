#!/usr/bin/env python3
"""Lets a joint be guided by hand until Enter is pressed; unless it is compliant it falls, so hold it.

python examples/free_drive.py elbow
"""

import sys

import rclpy
from std_srvs.srv import SetBool

rclpy.init()
node = rclpy.create_node("free_drive")
free = node.create_client(SetBool, f"servo_interface/{sys.argv[1]}/free")
free.wait_for_service()


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
finally:
    ask(False)
