"""The whole graph on an arm in Gazebo, with a process of the tests in Gazebo's place."""

from __future__ import annotations

import time

import pytest
import yaml

from armature.nodes.common import topics
from armature.nodes.common.conversions import to_seconds

from ..nodes.plants import ROBOT, order, stand_in
from .running import Running, armature

pytestmark = [pytest.mark.process, pytest.mark.real_time, pytest.mark.timeout(240)]
JOINTS = [joint.name for joint in ROBOT.arm.driven if joint.kind == "revolute"]
PARK = ROBOT.poses["park"]
STEP = 0.5 * 3.14159 / 180.0  # largest joint step that counts as holding [rad], promise 2


@pytest.fixture(scope="module")
def graph(tmp_path_factory, module_domain):
    folder = tmp_path_factory.mktemp("runtime")
    running = Running(folder, "--port", "gazebo")
    with stand_in(folder, "park", running.environment) as gazebo, running:
        running.gazebo = gazebo
        running.stamps = []
        topics.subscription(
            running.node, topics.JOINT_STATES, lambda m: running.stamps.append(to_seconds(m.header.stamp))
        )
        yield running


def turn(graph, angle, seconds):
    """A file with a turn of the waist from park [rad, s]."""
    rows = [{"positions": [PARK[joint] + angle * (joint == "waist") for joint in JOINTS]}]
    rows[0] |= {"velocities": [0.0] * len(JOINTS), "time_from_start": {"sec": seconds, "nanosec": 0}}
    file = graph.runtime / "goal.yaml"
    file.write_text(yaml.safe_dump({"joint_names": JOINTS, "points": rows}), "utf-8")
    return str(file)


def test_it_is_ready_disabled_where_gazebo_has_the_arm(graph):
    graph.wait_for(lambda: graph.state() == "DISABLED")
    positions = graph.newest_positions()
    assert max(abs(positions[joint] - PARK[joint]) for joint in JOINTS) < 0.02


def test_joint_states_are_stamped_with_gazebos_time(graph):
    graph.wait_for(lambda: graph.stamps)
    assert graph.stamps[-1] < 1_000.0


@pytest.mark.parametrize(("factor", "angle", "seconds"), [(1.0, 0.3, 3), (0.2, 0.2, 1)])
def test_enabled_a_goal_succeeds_at_any_speed_of_the_simulation(graph, factor, angle, seconds):
    order(graph.gazebo, f"factor {factor}")
    graph.be_enabled()
    client = graph.send(turn(graph, angle, seconds))
    order(graph.gazebo, "factor 1")
    assert client.returncode == 0, client.stdout
    assert graph.newest_positions()["waist"] == pytest.approx(PARK["waist"] + angle, abs=0.05)


def test_paused_its_time_stands_and_all_answer_then_it_goes_on_where_it_was(graph):
    graph.be_enabled()
    before = graph.newest_positions()
    order(graph.gazebo, "factor 0")
    graph.wait_for(lambda: _stands(graph))
    assert armature("status", runtime=graph.runtime).returncode == 0
    assert graph.page_state() == graph.state() == "ENABLED"
    order(graph.gazebo, "factor 1")
    stood = graph.stamps[-1]
    graph.wait_for(lambda: graph.stamps[-1] > stood + 0.3)
    after = graph.newest_positions()
    assert max(abs(after[joint] - before[joint]) for joint in JOINTS) < STEP


def _stands(graph) -> bool:
    """Whether no joint states with a newer stamp come for a while."""
    stamp, end = graph.stamps[-1], time.monotonic() + 0.5
    graph.wait_for(lambda: time.monotonic() > end)
    return graph.stamps[-1] == stamp


def test_one_that_is_started_again_has_parked_in_gazebo(graph):
    graph.be_enabled()
    again = graph.ask("restart", "servo_interface")
    assert (again.returncode, again.stderr) == (0, ""), again.stderr
    graph.hear_states_anew()
    graph.wait_for(lambda: graph.state() == "DISABLED")
    log = graph.runtime / "default" / "log" / "servo_interface.log"
    assert "parked, torque off" in log.read_text("utf-8")


def test_interrupted_while_gazebo_is_paused_it_does_not_wait_for_ever_and_says_how_the_arm_was_left(graph):
    graph.be_enabled()
    order(graph.gazebo, "factor 0")
    assert graph.interrupt() == 1
    assert "time stands still, as in a paused simulation" in graph.said()
    assert "torque stays on" in graph.said()
