"""STOP outlives the parking where every process is asked to end at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
import rclpy
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.executors import SingleThreadedExecutor

from armature.nodes.common import topics
from armature.nodes.common.conversions import diagnostic

ROOT = Path(__file__).resolve().parents[2]
TOGETHER = 2.0  # nodes/monitor/node.py [s]
pytestmark = [pytest.mark.process, pytest.mark.usefixtures("nothing_left")]


class ServoInterface:
    """Whoever publishes the state that the monitor hears."""

    def __init__(self):
        self.context = rclpy.Context()
        rclpy.init(context=self.context, domain_id=int(os.environ["ROS_DOMAIN_ID"]))
        self.node = rclpy.create_node("servo_interface", context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.state = topics.publisher(self.node, topics.STATE)

    def say(self, **values):
        """Tell a state."""
        self.state.publish(
            diagnostic("servo_interface", DiagnosticStatus.OK, "PARKING", {"torque": "on", **values})
        )

    def close(self):
        """Vanish from the graph."""
        self.executor.shutdown()
        self.node.destroy_node()
        self.context.try_shutdown()


@pytest.fixture
def servos():
    made = ServoInterface()
    yield made
    if made.context.ok():
        made.close()


@pytest.fixture
def monitor(tmp_path, servos, wait_until):
    files = {"urdf": ROOT / "urdf/armature6.urdf", "poses": ROOT / "config/poses.yaml", "page_root": tmp_path}
    options = [word for name, value in {**files, "port": 0}.items() for word in ("-p", f"{name}:={value}")]
    line = [sys.executable, "-m", "armature.nodes.monitor", "--ros-args", *options]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as process:
        process.url = process.stdout.readline().split()[-1]
        wait_until(lambda: servos.say() or shown(process) == "PARKING")
        yield process
        process.kill()


def shown(process):
    """The state that the page shows."""
    with urllib.request.urlopen(f"{process.url}api/state", timeout=5.0) as answer:
        return json.load(answer)["state"]["name"]


def test_it_serves_until_the_servo_interface_that_ends_too_has_gone(servos, monitor):
    servos.say(ending="yes")
    monitor.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        monitor.wait(TOGETHER + 1.0)
    assert shown(monitor)  # STOP is there as the page is
    servos.close()
    assert monitor.wait(10.0) == 0


def test_asked_alone_it_ends_soon(servos, monitor):
    begun = time.monotonic()
    monitor.send_signal(signal.SIGTERM)
    assert monitor.wait(20.0) == 0
    assert time.monotonic() - begun > 0.9 * TOGETHER
