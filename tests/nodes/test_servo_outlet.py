from __future__ import annotations

import time
from dataclasses import fields
from types import SimpleNamespace

import pytest
from rclpy.clock import ROSClock

from armature.dynamixel import link
from armature.nodes import topics
from armature.nodes.conversions import to_seconds
from armature.nodes.servo_outlet import Outlet

LATE = 1.5  # [s]


class Node:
    """Keeps what its publishers publish, by topic."""

    def __init__(self):
        self.published = {}
        self._clock = ROSClock()

    def create_publisher(self, _kind, name, _qos):
        return SimpleNamespace(publish=self.published.setdefault(name, []).append)

    def get_clock(self):
        return self._clock


def cycle_that_began_late():
    axis = link.AxisReading(**{item.name: 0.0 for item in fields(link.AxisReading)})
    due = time.monotonic() - LATE
    return link.Readings(
        cycle=1,
        time=due,
        loop_time=due,
        lateness=LATE,
        duration=0.0,
        mode=0,
        piece_serial=0,
        axes=(axis,),
    )


def test_where_joints_are_is_stamped_with_when_it_was_read_and_a_set_point_with_when_it_was_due():
    node = Node()
    outlet = Outlet(node, SimpleNamespace(joints=("elbow",)), SimpleNamespace(refused=0, last_refusal=""))
    outlet.cycle(cycle_that_began_late())
    now = node.get_clock().now().nanoseconds * 1e-9
    ages = {
        topic: now - to_seconds(node.published[topic.name][-1].header.stamp)
        for topic in (topics.JOINT_STATES, topics.DYNAMIC_JOINT_STATES, topics.COMMANDED)
    }
    assert ages == pytest.approx(
        {topics.JOINT_STATES: 0.0, topics.DYNAMIC_JOINT_STATES: 0.0, topics.COMMANDED: LATE}, abs=0.5
    )
