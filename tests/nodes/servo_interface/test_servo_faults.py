"""What the servo interface does and tells when something goes wrong, as a process on the emulated bus."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import time

import pytest
from control_msgs.msg import JointTrajectoryControllerState
from std_srvs.srv import Trigger

from armature.emulator.faults import console
from armature.nodes.common import topics
from armature.nodes.common.conversions import values_of
from armature.nodes.emulator.console import ask

from ...lateness import lateness_since
from ..emulated import JOINTS
from ..servo_graph import command, environment
from .conftest import enable

pytestmark = [pytest.mark.process, pytest.mark.real_time, pytest.mark.timeout(120)]
NO_JUMP = math.radians(0.5)


def inject(graph, name, joint=None, **values):
    told = {key: str(value) for key, value in values.items()}
    console.read_reply(ask(graph.port, console.inject(name, joint, told, math.inf)))


def diagnosed(graph, name):
    """The newest diagnostic status of this name."""
    found = [status for array in graph.diagnostics for status in array.status if status.name == name]
    return (found[-1].level, found[-1].message, values_of(found[-1])) if found else (b"", "", {})


# The protective stop


def test_the_latch_outlives_both_halves_and_only_a_release_ends_it(enabled):
    assert enabled.stop().success
    enabled.until(lambda: enabled.state() == "PROTECTIVE_STOP")
    child = enabled.child()
    for pid in (enabled.process.pid, child):
        os.kill(pid, signal.SIGKILL)
    enabled.process.wait()
    enabled.states.clear()
    enabled.start()
    enabled.until(lambda: enabled.state() == "PROTECTIVE_STOP")
    assert enabled.child() != child
    assert enabled.values()["torque"] == "on"
    assert "PROTECTIVE_STOP" in enabled.enable().message
    assert enabled.stop(False).success
    enabled.until(lambda: enabled.state() == "HOLDING")
    assert enabled.end() == 0
    enabled.states.clear()
    enabled.start()
    enabled.until(lambda: enabled.state() in ("DISABLED", "HOLDING"))


def test_it_can_be_stopped_while_the_port_is_still_awaited(graph, port, tmp_path):
    graph.port = tmp_path / "late"
    graph.start(connect_timeout=30.0)
    graph.until(lambda: graph.state() == "STARTING")
    assert "the bus process will start with it" in graph.stop().message
    refused = graph.stop(False)
    assert not refused.success
    assert "there is no bus process yet" in refused.message
    graph.until(lambda: graph.stops and graph.stops[-1].data)
    (tmp_path / "late").symlink_to(port)
    graph.until(lambda: graph.state() == "PROTECTIVE_STOP")
    assert not graph.enable().success
    assert graph.stop(False).success
    graph.until(lambda: graph.state() == "DISABLED")


def test_the_latch_is_not_evaded_by_another_name_of_the_port(graph, port, tmp_path):
    graph.start()
    graph.until(lambda: graph.state() == "DISABLED")
    assert graph.stop().success
    assert graph.end() == 0
    graph.port = tmp_path / "alias"
    graph.states.clear()
    graph.start(connect_timeout=30.0)
    graph.until(lambda: graph.state() == "STARTING")
    graph.port.symlink_to(port)  # its other name is known only now
    graph.until(lambda: graph.state() == "PROTECTIVE_STOP")
    assert graph.stop(False).success
    assert graph.end() == 0
    graph.port = port
    graph.states.clear()
    graph.start()
    graph.until(lambda: graph.state() == "DISABLED")


def test_by_parameter_it_cuts_torque(graph):
    graph.start(**{"faults.protective_stop.policy": "torque_off"})
    enable(graph)
    assert graph.stop().success
    graph.until(lambda: graph.state() == "PROTECTIVE_STOP" and graph.values()["torque"] == "off")


# Explicit acts


def test_torque_off_is_an_act_of_its_own_and_a_joint_that_holds_the_arm_is_not_rebooted(enabled):
    refused = enabled.ask(topics.reboot("shoulder"))
    assert not refused.success
    assert "shoulder" in refused.message
    answer = enabled.ask(topics.TORQUE_OFF)
    assert answer.success, answer.message
    enabled.until(lambda: enabled.state() == "DISABLED" and enabled.values()["torque"] == "off")
    assert enabled.enable().success


def test_one_servo_is_rebooted_and_a_joint_that_there_is_not_has_no_such_service(graph):
    graph.start()
    graph.until(lambda: graph.state() == "DISABLED")
    seen = len(graph.joint_states)
    answer = graph.ask(topics.reboot("elbow"))
    assert answer.success, answer.message
    graph.until(lambda: any("elbow" not in state.name for state in graph.joint_states[seen:]))
    graph.until(lambda: "elbow" in graph.joint_states[-1].name)
    graph.until(lambda: graph.state() == "DISABLED")
    assert f"{graph.namespace}/servo_interface/knee/reboot" not in dict(graph.node.get_service_names_and_types())


# Faults


def test_a_fault_is_told_in_state_and_diagnostics_within_a_second_and_recovers(enabled, lateness):
    begun = time.monotonic()
    inject(enabled, "electrical_shock", "elbow")
    enabled.until(lambda: enabled.state() == "FAULT")
    enabled.until(lambda: diagnosed(enabled, "servo_interface: elbow")[0] == b"\x02")
    assert time.monotonic() - begun < 1.0 + lateness_since(lateness, begun)
    told = enabled.values()
    assert told["fault.elbow.cause"] == "electrical_shock"
    assert told["fault.elbow.time"].endswith(" UTC")
    command = f"run armature clear --namespace {enabled.namespace.strip('/')}"
    assert command in told["fault.elbow.remedy"]
    assert "clear_faults" in told["fault.elbow.steps"]
    _, message, values = diagnosed(enabled, "servo_interface: elbow")
    assert message.startswith("electrical shock")
    assert {"cause", "detail", "done", "remedy", "since_s", "time", "asked", "error_rate"} <= set(values)
    ask(enabled.port, console.clear(None))
    assert enabled.clear().success
    enabled.until(lambda: enabled.state() == "HOLDING")
    assert enabled.values()["torque"] == "on"


def test_the_bus_tells_its_statistics_and_what_the_machine_has_permitted(graph):
    graph.start()
    graph.until(lambda: diagnosed(graph, "servo_interface: bus")[2].get("cycles", "0") > "0")
    _, _, values = diagnosed(graph, "servo_interface: bus")
    assert values["states_read_by"].startswith("Fast Sync Read")
    assert "ms: " in values["cycle_times"]
    assert values["real_time"].split(":")[0] in ("yes", "no")
    assert values["memory_locked"].split(":")[0] in ("yes", "no")
    assert float(values["error_rate"]) < 0.5
    assert int(values["eeprom_writes"]) >= 0


def test_an_unplugged_bus_is_disconnected_at_once_can_be_stopped_and_is_adopted_without_a_motion(
    enabled, lateness
):
    before = enabled.positions()
    begun = time.monotonic()
    inject(enabled, "unplug")
    enabled.until(lambda: enabled.state() == "DISCONNECTED")
    # 100 ms, and as much until the emulator is asked and the state is heard.
    assert time.monotonic() - begun < 0.2 + 2.0 * lateness_since(lateness, begun)
    assert enabled.values()["cause"] == "disconnected"
    refused = enabled.ask(topics.TORQUE_OFF)
    assert not refused.success
    assert enabled.stop().success
    ask(enabled.port, console.clear(None))
    enabled.until(lambda: enabled.state() == "PROTECTIVE_STOP")
    assert enabled.stop(False).success
    enabled.until(lambda: enabled.state() == "HOLDING")
    after = enabled.positions()
    assert all(abs(after[joint] - before[joint]) < NO_JUMP for joint in JOINTS)


# The controller


def let_it_look(graph):
    """Let the servo interface see who publishes set-points; it looks ten times between two diagnostics."""
    graph.until(lambda: graph.setpoints.get_subscription_count() > 0)
    seen = len(graph.diagnostics)
    graph.until(lambda: len(graph.diagnostics) >= seen + 3)


def test_a_controller_that_falls_silent_is_told_and_the_arm_holds(enabled):
    states = topics.publisher(enabled.node, topics.CONTROLLER_STATE)
    give_up = time.monotonic() + 1.0
    while time.monotonic() < give_up:
        states.publish(JointTrajectoryControllerState())
        enabled.executor.spin_once(timeout_sec=0.05)
    assert enabled.state() == "ENABLED"
    enabled.until(lambda: enabled.state() == "HOLDING")
    assert enabled.values()["cause"] == "controller_gone"
    assert "the controller has been silent" in enabled.values()["why"]
    assert enabled.values()["torque"] == "on"
    assert enabled.enable().success


def test_set_points_without_a_writer_are_a_controller_gone(enabled):
    let_it_look(enabled)
    enabled.node.destroy_publisher(enabled.setpoints)
    enabled.until(lambda: enabled.state() == "HOLDING")
    assert "nobody publishes set-points any more" in enabled.values()["why"]


def test_a_policy_may_park_the_arm(graph):
    graph.start(**{"faults.controller_gone.policy": "park"})
    enable(graph)
    let_it_look(graph)
    graph.node.destroy_publisher(graph.setpoints)
    graph.until(lambda: graph.state() == "DISABLED", 30.0)
    assert [state for state in graph.states if state.message == "PARKING"]


def test_a_fault_whose_policy_cannot_park_says_so_and_does_not_ask_for_ever(graph):
    graph.start(**{"faults.temperature.policy": "park", "faults.park_time": 1.0})
    enable(graph)
    graph.move_waist(0.9, 1.5)
    graph.until(lambda: graph.state() == "ENABLED")
    inject(graph, "overheat", "elbow", temperature=76.0)
    graph.until(
        lambda: graph.state() == "FAULT" and "could not park" in graph.values().get("fault.elbow.done", "")
    )
    for told in (graph.values()["fault.elbow.done"], graph.values()["why"]):
        assert "every joint with torque stopped and holds; the arm could not park: " in told
        assert "at most 1 s may lie ahead" in told
    assert graph.values()["torque"] == "on"
    inject(graph, "overheat", "elbow", temperature=40.0)
    graph.until(lambda: graph.clear().success)
    graph.until(lambda: graph.state() == "HOLDING")


# A second start


def test_a_second_servo_interface_is_refused_with_the_process_that_has_the_port(graph, tmp_path):
    graph.start()
    graph.until(lambda: graph.state() == "DISABLED")
    line = command(graph.port, "/second", connect_timeout=0.5, state_folder=tmp_path / "other")
    ended = subprocess.run(line, env=environment(), capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    (error,) = (line for line in ended.stderr.splitlines() if line.startswith("error: "))
    assert f"process {graph.process.pid} (" in error
    assert graph.state() == "DISABLED"


def test_the_trigger_of_a_request_is_answered_while_the_arm_parks(enabled):
    enabled.move_waist(0.9, 1.5)
    enabled.until(lambda: enabled.state() == "ENABLED")
    parking = enabled.clients[topics.ENABLE.name].call_async(topics.ENABLE.kind.Request(data=False))
    enabled.until(lambda: enabled.state() == "PARKING")
    answer = enabled.ask(topics.CLEAR_FAULTS, Trigger.Request())
    assert answer.message == "there is no fault"
    assert not parking.done()
    assert enabled.stop().success
    enabled.until(parking.done)
    assert not parking.result().success
