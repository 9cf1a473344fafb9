"""What the servo interface publishes of a cycle, and when it was."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.clock import ROSClock

from armature.dynamixel.loop import link
from armature.dynamixel.loop.status import status_while_starting
from armature.dynamixel.status.remedy import RecoveryStep, Remedy
from armature.nodes.bus_process.report import BusReport
from armature.nodes.common.conversions import values_of
from armature.nodes.servo_interface import diagnostics
from armature.nodes.servo_interface.clock import CycleStamps
from armature.nodes.servo_interface.publishers import Publishers

from ...dynamixel.virtual import PERIOD, Bench


class Clocks:
    """Two clocks, with pauses before readings of one or the other."""

    def __init__(self):
        self.time, self.set_by, self.pauses = 5.0, 1000.0, []
        self.stamps = CycleStamps(lambda: self._read() + self.set_by, self._read)

    def _read(self):
        self.time += self.pauses.pop(0) if self.pauses else 0.0
        return self.time


@pytest.mark.parametrize("pauses", [(), (0, 0.0004), (0, 1.4), (1.4,), (0, 0, 1.4), (0, 0.02, 0, 0, 0.0003)])
def test_a_stamp_is_that_of_its_cycle_wherever_this_process_was_put_aside(pauses):
    clocks = Clocks()
    clocks.pauses = list(pauses)
    assert clocks.stamps.of(4.9) == pytest.approx(1004.9, abs=1e-6)


def test_no_stamp_is_earlier_than_the_one_before():
    clocks = Clocks()
    before = clocks.stamps.of(5.0)
    clocks.set_by -= 0.0004
    assert clocks.stamps.of(5.0001) == before
    assert clocks.stamps.of(5.01) > before


@pytest.mark.parametrize("step", [-3600.0, -0.06, 3600.0])
def test_a_ros_time_that_was_set_is_followed_at_once(step):
    clocks = Clocks()
    clocks.stamps.of(5.0)
    clocks.set_by += step
    assert clocks.stamps.of(5.01) == pytest.approx(1005.01 + step)


# A loop that was held up, in virtual time


def cycles_of(bench, held_up):
    """The time told of each cycle, and when its values were asked for, where one cycle begins or asks late."""
    report, told = BusReport(bench.loop.state, bench.bus, PERIOD), []
    due = bench.now
    for index in range(20):
        due += PERIOD
        bench.port.time = max(bench.port.time, due)
        if index == 10:
            bench.port.time += held_up
        bench.far.advance(bench.port.time)
        asked = bench.port.time
        bench.loop.cycle(due)
        told.append((report.readings(due, asked, due).time, asked))
        due += PERIOD * int((bench.port.time - due) / PERIOD)
    return told


@pytest.mark.parametrize("held_up", [0.0, 0.004, 0.015, 1.4])
def test_no_value_is_told_with_a_time_more_than_a_period_older_than_itself(held_up):
    told = cycles_of(Bench("park").start(), held_up)
    assert all(-1e-9 <= asked - time <= PERIOD + 0.005 for time, asked in told)
    times = [time for time, _ in told]
    assert times == sorted(set(times))


# The publishers


class Publisher:
    def __init__(self, on_publish):
        self.messages = []
        self._on_publish = on_publish

    def publish(self, message):
        self._on_publish()
        self.messages.append(message)


class Node:
    """A node with publishers that note what they are given."""

    def __init__(self):
        self.publishers = {}
        self.log = []
        self.on_publish = lambda: None

    def create_publisher(self, _kind, name, _qos):
        self.publishers[name] = Publisher(lambda: self.on_publish())
        return self.publishers[name]

    def destroy_publisher(self, publisher):
        publisher.publish = None

    def get_clock(self):
        return ROSClock()

    def get_namespace(self):
        return "/left"

    def get_logger(self):
        return SimpleNamespace(info=self.log.append, warning=self.log.append)


def axis(position):
    values = dict.fromkeys(link.JointReading.__dataclass_fields__, math.nan)
    return link.JointReading(**{**values, "position": position, "commanded_position": position})


def readings(time, position=0.0):
    return link.CycleReadings(1, time, time, 0.0, 0.0, 0, 0, (axis(position),))


@pytest.fixture
def node():
    return Node()


@pytest.fixture
def publishers(node, monkeypatch):
    monkeypatch.setattr(diagnostics, "diagnostics", lambda *_: DiagnosticArray())
    configuration = SimpleNamespace(joints=("elbow",), is_reduced=False, limit_values={})
    return Publishers(node, configuration, SimpleNamespace(refused=0, last_refusal=""))


def test_a_joint_that_was_not_read_in_this_cycle_is_not_published(node, publishers):
    now = time.monotonic()
    for cycle in (readings(now, 0.1), readings(now + 0.01, math.nan)):
        publishers.publish_cycle(cycle)
    assert [message.name for message in node.publishers["joint_states"].messages] == [["elbow"]]


def test_a_cycle_that_was_told_is_not_told_again(node, publishers):
    now = time.monotonic()
    for cycle in (readings(now, 0.1), readings(now, 0.1), readings(now + 0.01, 0.2)):
        publishers.publish_cycle(cycle)
    states = node.publishers["joint_states"].messages
    assert [state.position[0] for state in states] == [0.1, 0.2]
    assert (states[0].header.stamp.sec, states[0].header.stamp.nanosec) < (
        states[1].header.stamp.sec,
        states[1].header.stamp.nanosec,
    )


def test_two_threads_publish_one_after_the_other(node, publishers):
    inside, together = [], []
    may_go_on = threading.Event()

    def publish():
        inside.append(threading.get_ident())
        together.append(len(set(inside)))
        may_go_on.wait(0.05)
        inside.pop()

    node.on_publish = publish
    status = status_while_starting(protective_stop=True)
    threads = [
        threading.Thread(target=lambda: publishers.publish_cycle(readings(time.monotonic()))),
        threading.Thread(target=lambda: publishers.publish_state(replace(status, mode="HOLDING"), None)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20.0)
    assert together
    assert max(together) == 1


def test_what_is_told_after_the_end_is_dropped(node, publishers):
    publishers.close()
    publishers.publish_cycle(readings(time.monotonic()))
    publishers.publish_state(status_while_starting(protective_stop=True), None)
    assert node.publishers["joint_states"].messages == []


def test_the_log_says_why_the_arm_is_as_it_is_once_for_each_change(node, publishers):
    held = replace(
        status_while_starting(protective_stop=False), mode="HOLDING", why="stopped", cause="operator stop"
    )
    held = replace(held, servos={"elbow": {}})
    enabled = replace(held, mode="ENABLED", why="enabled", cause="")
    for status in (held, held, enabled, replace(enabled, mode="MOVING"), enabled):
        publishers.publish_state(status, None)
    assert node.log == ["HOLDING: stopped", "ENABLED: enabled"]


def test_state_and_log_of_an_arm_with_a_namespace_name_commands_for_this_arm(node, publishers):
    remedy = Remedy.of(RecoveryStep.DISABLE, RecoveryStep.CLEAR_FAULTS)
    status = replace(status_while_starting(protective_stop=False), mode="FAULT", why=f"it holds; {remedy}")
    publishers.publish_state(replace(status, remedy=remedy, servos={"elbow": {}}), None)
    told = "run armature disable --namespace left, which parks it, then run armature clear --namespace left"
    values = values_of(node.publishers["servo_interface/state"].messages[-1])
    assert (values["remedy"], values["why"]) == (told, f"it holds; {told}")
    assert node.log == [f"FAULT: it holds; {told}"]
