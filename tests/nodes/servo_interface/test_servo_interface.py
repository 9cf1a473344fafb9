from __future__ import annotations

import json
import math
import os
import re
import signal
import subprocess
import time

import pytest
import rclpy
import yaml
from builtin_interfaces.msg import Time
from rclpy.parameter import Parameter

from armature.dynamixel.faults.policy import FaultPolicy
from armature.dynamixel.tables.roles import Role
from armature.errors import ConfigError
from armature.nodes.common.conversions import positions_of
from armature.nodes.common.exit_message import leaves_torque_on, read_exit_message
from armature.nodes.common.parameters.parameters import read, refuse_unknown
from armature.nodes.servo_interface.parameters import ServoConfiguration, StartParameters
from armature.signals import BURST

from ..emulated import JOINTS, POSES, ROOT, SERVOS, URDF, shared_memory_files
from ..servo_graph import command, environment

pytestmark = [
    pytest.mark.real_time,
    pytest.mark.timeout(120),
]
process = pytest.mark.process
NO_JUMP = math.radians(0.5)


@process
def test_it_starts_disabled_and_tells_every_joint_that_it_reads(graph):
    graph.start()
    graph.until(lambda: graph.state() == "DISABLED")
    assert graph.values()["torque"] == "off"
    assert set(graph.positions()) == set(JOINTS)
    assert shared_memory_files(graph.process.pid) == shared_memory_files(graph.child()) == set()
    graph.until(lambda: graph.stops)
    assert [stop.data for stop in graph.stops] == [False]
    graph.until(lambda: any(len(array.status) == 1 + len(JOINTS) for array in graph.diagnostics))
    # Torque is off: it ends at once, with its child.
    assert graph.end() == 0, graph.log.read_text()
    with pytest.raises(AssertionError, match="no bus process"):
        graph.child()


@process
def test_enabling_moving_and_disabling_follow_the_contract(enabled):
    assert enabled.values()["torque"] == "on"
    session = enabled.values()["session"]
    assert session
    begin = enabled.positions()["waist"]
    enabled.move_waist(0.2, 0.6)
    enabled.until(lambda: enabled.state() == "ENABLED")
    enabled.until(lambda: abs(enabled.positions()["waist"] - begin - 0.2) < 0.02)
    answer = enabled.enable(False)
    assert (answer.success, answer.message) == (True, "parked, torque off")
    enabled.until(lambda: enabled.state() == "DISABLED")
    assert [s.message for s in enabled.states if s.message == "PARKING"]
    assert abs(enabled.positions()["waist"]) < 0.1
    again = enabled.enable(False)
    assert (again.success, again.message) == (True, "torque is off already")


@process
def test_a_protective_stop_stops_latches_refuses_and_releases(enabled):
    enabled.move_waist(0.6, 1.2)
    assert enabled.stop().success
    enabled.until(lambda: enabled.state() == "PROTECTIVE_STOP")
    enabled.until(lambda: enabled.stops[-1].data)
    for refused in (enabled.enable(), enabled.enable(False)):
        assert not refused.success
        assert "PROTECTIVE_STOP" in refused.message
    # It outlives the bus process.
    os.kill(enabled.child(), signal.SIGKILL)
    enabled.until(lambda: enabled.state() == "DISCONNECTED")
    enabled.until(lambda: enabled.state() == "PROTECTIVE_STOP")
    assert [stop.data for stop in enabled.stops] == [False, True]
    assert enabled.stop(False).success
    enabled.until(lambda: enabled.state() == "HOLDING")
    enabled.until(lambda: not enabled.stops[-1].data)
    assert enabled.values()["torque"] == "on"


@process
def test_a_killed_child_is_disconnected_then_holding_by_itself_and_nothing_moves(enabled):
    before = enabled.positions()
    os.kill(enabled.child(), signal.SIGKILL)
    # Software, and no cable: nobody shall be sent to look for one.
    enabled.until(lambda: (enabled.state(), enabled.values()["cause"]) == ("DISCONNECTED", "bus_process"))
    silent = len(enabled.joint_states)
    enabled.until(lambda: enabled.state() == "HOLDING")
    assert enabled.values()["session"] == ""
    after = enabled.positions()
    assert all(abs(after[joint] - before[joint]) < NO_JUMP for joint in JOINTS)
    assert all(set(state.name) <= set(JOINTS) for state in enabled.joint_states[silent:])
    assert enabled.enable().success
    enabled.until(lambda: enabled.state() == "ENABLED")


@process
def test_a_killed_ros_half_is_replaced_by_one_that_takes_the_arm_over(enabled):
    enabled.move_waist(0.2, 0.6)
    child = enabled.child()
    enabled.process.kill()
    enabled.process.wait()
    enabled.states.clear()
    enabled.start()
    enabled.until(lambda: enabled.state() == "HOLDING")
    assert enabled.child() == child
    assert enabled.values()["torque"] == "on"
    # Its motion ends as it was sent; a quick machine has the next half there before that.
    enabled.until(lambda: abs(enabled.positions()["waist"] - 0.2) < 0.02)
    assert enabled.enable(False).success


@process
def test_sigint_parks_then_ends_and_leaves_nothing(enabled):
    assert enabled.end() == 0
    assert "parked, torque off" in enabled.log.read_text()
    enabled.until(lambda: enabled.state() == "DISABLED")
    with pytest.raises(AssertionError, match="no bus process"):
        enabled.child()


@process
def test_a_second_sigint_holds_at_once(enabled):
    enabled.move_waist(0.9, 1.5)
    enabled.until(lambda: enabled.state() == "ENABLED" and enabled.positions()["waist"] > 0.8)
    begun = time.monotonic()
    enabled.process.send_signal(signal.SIGINT)
    # Two at once are one act.
    enabled.until(lambda: enabled.state() == "PARKING" and time.monotonic() - begun > 2.0 * BURST)
    assert enabled.end() == 1
    assert time.monotonic() - begun < 10.0
    assert (
        read_exit_message(enabled.log)
        == "servo_interface: not parked: asked twice to end; holding; torque stays on"
    )
    enabled.start()
    enabled.until(lambda: enabled.state() == "HOLDING")
    assert enabled.positions()["waist"] > 0.2


@process
def test_a_stop_that_is_latched_keeps_sigint_from_parking(enabled):
    enabled.stop()
    assert enabled.end() == 1
    assert read_exit_message(enabled.log).startswith("servo_interface: not parked: the state is PROTECTIVE_STOP")
    assert leaves_torque_on(read_exit_message(enabled.log))


@process
def test_a_stop_that_is_latched_on_an_arm_without_torque_is_not_told_as_torque_left_on(graph):
    graph.start()
    graph.until(lambda: graph.state() == "DISABLED")
    graph.stop()
    assert graph.end() == 0
    assert read_exit_message(graph.log).startswith(
        "servo_interface: torque is off, and the state is PROTECTIVE_STOP"
    )
    assert not leaves_torque_on(read_exit_message(graph.log))


@pytest.fixture
def simulated(graph):
    """Enabled, on a simulated time of 10 s."""
    graph.start(use_sim_time=True)
    graph.until(lambda: graph.state() == "DISABLED")
    graph.until(lambda: graph.tick(10) or graph.clock.get_subscription_count() > 0)
    assert graph.enable().success
    graph.until(lambda: graph.state() == "ENABLED")
    graph.until(lambda: graph.tick(10) or (graph.commanded and graph.commanded[-1].header.stamp.sec == 10))
    return graph


@process
def test_a_jump_of_the_clock_stops_and_holds(simulated):
    begin = simulated.positions()["waist"]
    simulated.move_waist(0.2, 0.3, stamp=Time(sec=10))
    simulated.until(lambda: simulated.tick(500) or simulated.state() == "HOLDING")
    assert "the clock jumped by 490.000 s" in simulated.values()["why"]
    assert simulated.values()["torque"] == "on"
    assert abs(positions_of(simulated.commanded[-1])["waist"] - begin) < NO_JUMP


@process
def test_a_motion_stands_still_while_the_simulation_does_and_goes_on_with_it(simulated):
    graph, begin = simulated, simulated.positions()["waist"]
    graph.move_waist(0.2, 1.0, stamp=Time(sec=10))
    for step in range(50):
        graph.tick(10.01 + 0.01 * step)
        graph.executor.spin_once(timeout_sec=0.01)
    graph.until(lambda: abs(positions_of(graph.commanded[-1])["waist"] - begin - 0.1) < NO_JUMP)
    seen = len(graph.commanded)
    graph.until(lambda: len(graph.commanded) > seen + 10)  # half a second of the wall's time
    assert abs(positions_of(graph.commanded[-1])["waist"] - begin - 0.1) < NO_JUMP
    for step in range(51):
        graph.tick(10.50 + 0.01 * step)
        graph.executor.spin_once(timeout_sec=0.01)
    graph.until(lambda: graph.state() == "ENABLED")
    assert abs(positions_of(graph.commanded[-1])["waist"] - begin - 0.2) < NO_JUMP
    assert "jumped" not in graph.log.read_text()


@process
def test_a_wiring_file_that_has_changed_swaps_no_names_and_what_is_wrong_with_it_is_told(graph, port, tmp_path):
    wiring = tmp_path / "servos.yaml"
    wiring.write_text(text := SERVOS.read_text("utf-8"))
    graph.start(wiring=wiring)
    graph.until(lambda: graph.state() == "DISABLED")
    assert graph.enable().success
    positions = graph.positions()
    # The ROS half is killed, and its successor reads the joints in another order.
    graph.process.kill()
    graph.process.wait()
    wiring.write_text(reordered(text))
    line = command(port, wiring=wiring, state_folder=tmp_path / "state")
    ended = subprocess.run(line, env=environment(), capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert "holds the arm; its joints are waist, shoulder, elbow" in ended.stderr
    assert "ours are gripper, " in ended.stderr
    wiring.write_text(text)
    graph.states.clear()
    graph.start(wiring=wiring)
    graph.until(lambda: graph.state() == "HOLDING")
    assert max(abs(place - positions[joint]) for joint, place in graph.positions().items()) < 0.02
    # The bus process is killed, and its successor cannot read the file at all.
    wiring.write_text(text.replace("XM540-W270", "XM54O-W270"))
    os.kill(graph.child(), signal.SIGKILL)
    graph.until(lambda: graph.state() == "DISCONNECTED" and "XM54O-W270" in graph.values()["why"])
    graph.until(
        lambda: any("XM54O-W270" in status.message for array in graph.diagnostics for status in array.status)
    )
    tried = set()
    graph.until(lambda: tried.update(graph.children()) or len(tried) > 2)
    told = [row for row in graph.log.read_text().splitlines() if "XM54O-W270" in row]
    assert len(told) == 1
    assert "cannot be used" in told[0]
    # It is mended, though with its joints in another order than the ROS half has them.
    wiring.write_text(reordered(text))
    graph.until(lambda: "its joints are gripper, " in graph.values()["why"])
    assert graph.state() == "DISCONNECTED"
    wiring.write_text(text)
    graph.until(lambda: graph.state() == "HOLDING")


def reordered(text: str) -> str:
    """A wiring file with its joints the other way round."""
    content = yaml.safe_load(text)
    content["joints"] = dict(reversed(content["joints"].items()))
    return yaml.safe_dump(content, sort_keys=False)


def test_the_wrong_servos_and_a_bad_parameter_end_it_in_one_line(port, tmp_path):
    wiring = tmp_path / "servos.yaml"
    wiring.write_text(SERVOS.read_text("utf-8").replace("id: 7", "id: 77"))
    for changes, told in (
        ({"wiring": wiring}, "id 77 XL430-W250; found id 1"),
        ({"rait": 5.0}, "parameter rait: 5.0"),
    ):
        changes["state_folder"] = tmp_path / "state"
        ended = subprocess.run(
            command(port, **changes), env=environment(), capture_output=True, text=True, timeout=60, check=False
        )
        assert ended.returncode == 1
        errors = [line for line in ended.stderr.splitlines() if line.startswith("error: ")]
        assert len(errors) == 1
        assert told in errors[0]
        assert "Traceback" not in ended.stderr


# Parameters


@pytest.fixture
def node_with():
    context = rclpy.Context()
    rclpy.init(context=context)
    nodes = []

    def make(**values):
        files = {"urdf": str(URDF), "wiring": str(SERVOS), "poses": str(POSES), "port": "/dev/null"}
        given = {name.replace("__", "."): value for name, value in {**files, **values}.items()}
        overrides = [Parameter(name, value=value) for name, value in given.items() if value is not None]
        nodes.append(rclpy.create_node("test", context=context, parameter_overrides=overrides))
        return nodes[-1]

    yield make
    for node in nodes:
        node.destroy_node()
    context.shutdown()


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"rate": 401.0}, r"parameter rate: 401.0 .*within 2 and 400 Hz"),
        ({"rate": 4.0}, r"parameter rate: 4.0 .*named after 1.2 s, .*at least 10 Hz, or max_missed_reads 2"),
        ({"rate": 39.0, "max_missed_reads": 20}, "parameter rate: 39.0 .*at least 40 Hz, or max_missed_reads 19"),
        ({"rate": 12.0}, r"parameter rate: 12.0 .*at least 20 Hz, or a time of 0.333333 s, or 0 for off"),
        ({"rate": math.nan}, "parameter rate: nan"),
        ({"rate": "fast"}, r"parameter rate: 'fast' .*DOUBLE"),
        ({"latency": 0.2}, r"parameter latency: 0.2 .*within 0 and 0.1 s"),
        ({"connect_timeout": -1.0}, "parameter connect_timeout: -1.0"),
        ({"max_missed_reads": 0}, r"parameter max_missed_reads: 0 .*at least 1"),
        ({"elbow.contact": 1.0}, r"parameter elbow.contact: 1.0 .*measure its torque_constant"),
        ({"elbow.contact": -1.0}, r"parameter elbow.contact: -1.0 .*at least 0; 0 is off"),
        ({"max_missed_reads": 1.5}, r"parameter max_missed_reads: 1.5 .*INTEGER"),
        ({"park_speed": 0.0}, "parameter park_speed: 0.0"),
        ({"park_pose": "nowhere"}, r"parameter park_pose: 'nowhere' .*poses are park, home"),
        ({"wiring": "/absent"}, r"parameter wiring: '/absent' .*readable text file"),
        ({"port": None}, r"parameter port: nothing is given; .*STRING is needed"),
        ({"limits__elbow__jerk": 0.0}, r"parameter limits.elbow.jerk: 0.0 .*above 0"),
        ({"limits__elbow__acceleration": math.inf}, "parameter limits.elbow.acceleration: inf"),
        ({"limits__elbow__velocity": 9.0}, r"limits.elbow.velocity: 9.0 .*up to .*can only be narrowed"),
        ({"limits__elbow__lower": -9.0}, r"limits.elbow.lower: -9.0 .*within .*can only be narrowed"),
        ({"limits__elbow__upper": 9.0}, r"limits.elbow.upper: 9.0 .*within .*can only be narrowed"),
        ({"limits__elbow__lower": 0.5, "limits__elbow__upper": 0.4}, r"limits.elbow.lower: 0.5 .*and 0.4"),
        ({"limits__elbow__upper": math.nan}, "limits.elbow.lower: .* cannot be used"),
        ({"limits__knee__jerk": 1.0}, r"parameter limits.knee.jerk: .* cannot be used; joints are .*elbow.*jerk"),
        (
            {"limits__elbow__speed": 1.0},
            r"parameter limits.elbow.speed: .* cannot be used; .*velocity, lower, upper, margin",
        ),
        ({"elbow__following_error": -2.0}, r"elbow.following_error: -2.0 .*at least 0; 0 is off"),
        (
            {"faults__overload__policy": "dance"},
            r"faults.overload.policy: 'dance' .*policies are hold, back_off, stop",
        ),
        ({"faults__missing__policy": "park"}, r"faults.missing.policy: 'park' .*of this cause are stop, hold"),
        ({"faults__park_time": 0.0}, r"parameter faults.park_time: 0.0 .*within 1 and 45"),
        (
            {"elbow__position_p_gain": 16_384},
            r"parameter elbow.position_p_gain: 16384 .*16383, or -1",
        ),
    ],
)
def test_a_bad_value_is_refused_with_the_parameter_the_value_and_the_bound(node_with, values, told):
    with pytest.raises(ConfigError, match=told):
        ServoConfiguration.of(node_with(**values))


def test_the_parameter_file_shows_the_defaults_of_the_fault_policy():
    given = yaml.safe_load((ROOT / "config" / "arm.yaml").read_text("utf-8"))
    faults = given["/**/servo_interface"]["ros__parameters"]["faults"]
    flat = {
        f"{a}.{b}": value
        for a, values in faults.items()
        if isinstance(values, dict)
        for b, value in values.items()
    }
    flat |= {name: value for name, value in faults.items() if not isinstance(value, dict)}
    settings = FaultPolicy().settings()
    without_choice = {"disconnected.policy", "operator_stop.policy"}
    assert flat == {name: value for name, value in settings.items() if name not in without_choice}


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("rait", "did you mean rate?"),
        ("elbow__positon_p_gain", "did you mean elbow.position_p_gain"),
        ("faults__overlaod__policy", "did you mean faults.overload.policy"),
        ("banana", "no name is near it: leave it out"),
    ],
)
def test_a_parameter_that_nothing_knows_is_refused_with_the_nearest_that_are_known(node_with, name, meant):
    node = node_with(**{name: 1.0})
    ServoConfiguration.of(node)
    told = rf"parameter {name.replace('__', '.')}: 1.0 cannot be used; {re.escape(meant)}"
    with pytest.raises(ConfigError, match=told) as refused:
        refuse_unknown(node)
    assert len(str(refused.value)) < 400


def test_the_parameters_of_ros_itself_are_no_strangers(node_with):
    node = node_with(
        **{"qos_overrides./joint_states.publisher.depth": 3, "use_sim_time": False, "autostart": False}
    )
    ServoConfiguration.of(node)
    assert not read(node, StartParameters).autostart
    refuse_unknown(node)


def test_what_is_given_reaches_the_child_and_gains_only_where_they_are_given(node_with):
    given = {"rate": 200, "elbow__position_p_gain": 900, "limits__elbow__jerk": 10.0}
    configuration = ServoConfiguration.of(node_with(**given))
    # As the child has it, so that a servo interface that finds one running knows its own settings again.
    assert json.loads(json.dumps(configuration.child)) == configuration.child
    assert configuration.child["rate"] == 200.0
    assert configuration.child["registers"]["elbow"][Role.POSITION_P_GAIN] == 900
    assert Role.POSITION_P_GAIN not in configuration.child["registers"]["waist"]
    assert configuration.dynamics["elbow"].jerk == 10.0
