#!/usr/bin/env python3
"""Records for a second, and keeps what happened in the 20 s before as another recording."""

import time

import rclpy
from std_srvs.srv import Trigger

rclpy.init()
node = rclpy.create_node("record")


def ask(name):
    """Call a service, and print its answer, which names the folder."""
    client = node.create_client(Trigger, name)
    client.wait_for_service()
    future = client.call_async(Trigger.Request())
    rclpy.spin_until_future_complete(node, future)
    print(f"{name}: {future.result().message}", flush=True)
    if not future.result().success:
        raise SystemExit(1)


ask("recorder/start")
time.sleep(1.0)
ask("recorder/stop")
ask("recorder/snapshot")
