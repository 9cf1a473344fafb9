"""The payload of a running controller: taken at rest by all who use it, and kept over a restart."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from rclpy.parameter import Parameter
from std_srvs.srv import SetBool

from armature.core.payload import Payload
from armature.nodes.common.conversions import to_stamp
from armature.nodes.common.parameters.payload import Carried

from ..motion_graph import SUCCEEDED, smooth
from .test_checks import SOLID, loads

AT = ("payload_at.x", "payload_at.y", "payload_at.z")


def tell(motion, mass, *at):
    """Set mass and place together, as the command does."""
    values = {"payload": mass, **dict(zip(AT, at or (0.0, 0.0, 0.0), strict=True))}
    return motion.arm.set_parameters_atomically([Parameter(name, value=value) for name, value in values.items()])


def told(motion):
    return [motion.arm.get_parameter(name).value for name in ("payload", *AT)]


@pytest.fixture
def solid(make_motion):
    return make_motion(urdf=SOLID).enable_servos()


def test_mass_and_place_are_taken_together_or_not_at_all(solid):
    before = loads(solid)
    assert tell(solid, 0.5, 0.1, 0.0, 0.0).successful
    assert loads(solid)[1] - before[1] == pytest.approx(-0.5 * 9.81 * 0.2, rel=1e-3)
    refused = tell(solid, 0.4, 1.5, 0.0, 0.0)
    assert not refused.successful
    assert told(solid) == [0.5, 0.1, 0.0, 0.0]
    heavy = tell(solid, 10.0, 0.1, 0.0, 0.0)
    assert re.search(r"payload of 10 kg at 0.1 0 0 m of the tool refused: elbow would carry", heavy.reason)
    assert loads(solid)[1] - before[1] == pytest.approx(-0.5 * 9.81 * 0.2, rel=1e-3)


def test_the_place_alone_may_be_set_too(solid):
    assert tell(solid, 0.5).successful
    before = loads(solid)
    (result,) = solid.arm.set_parameters([Parameter("payload_at.x", value=0.1)])
    assert result.successful
    assert loads(solid)[1] - before[1] == pytest.approx(-0.5 * 9.81 * 0.1, rel=1e-3)


def test_the_servos_are_told_at_once_and_the_set_point_stays_where_it_is(solid):
    assert solid.follow(smooth(0.5, 0.2, 0.1)).status == SUCCEEDED
    solid.spin(0.5)
    sent, before = len(solid.servos.segments), solid.servos.trace[-1][1]
    assert tell(solid, 0.5).successful
    solid.until(lambda: len(solid.servos.segments) > sent)
    solid.spin(0.5)
    segment = solid.servos.segments[-1]
    assert {tuple(point.positions) for point in segment.points} == {(before["waist"], before["elbow"])}
    assert all(point.effort[1] == pytest.approx(_weight(solid, before), rel=1e-6) for point in segment.points)
    places = {tuple(place.values()) for _, place in solid.servos.trace[-100:]}
    assert places == {tuple(before.values())}
    assert solid.servos.refused == []
    assert solid.follow(smooth(0.5, 0.0, 0.0)).status == SUCCEEDED


def _weight(motion, place):
    return motion.arm._checks.torques.loads(np.array([[place["waist"], place["elbow"]]]))[0][1]


def test_an_arm_that_takes_no_commands_is_told_nothing_and_counts_it_from_its_first_motion_on(make_motion):
    motion = make_motion(urdf=SOLID)
    motion.servos.be("HOLDING")
    state = motion.arm.control.state
    motion.until(lambda: state.arm.measured is not None and state.motion.setpoint(motion.arm.now()) is not None)
    assert tell(motion, 0.5).successful
    motion.spin(0.3)
    assert motion.servos.segments == []
    motion.enable_servos()
    assert motion.follow(smooth(0.5, 0.2, 0.0)).status == SUCCEEDED
    last = motion.servos.segments[-1].points[-1]
    assert last.effort[1] == pytest.approx(_weight(motion, {"waist": 0.2, "elbow": 0.0}), rel=1e-3)


def test_it_is_refused_while_a_goal_waits_or_is_paused_and_said_again_it_is_no_change(solid):
    assert tell(solid, 0.1).successful
    later = smooth(0.5, 0.1, 0.0)
    later.header.stamp = to_stamp(round((solid.arm.now() + 1.0) * 1e9))
    waiting = solid.send(later)
    assert "the arm moves" in tell(solid, 0.2).reason
    assert tell(solid, 0.1).successful
    assert solid.answer(waiting).status == SUCCEEDED
    moving = solid.send(smooth(4.0, 1.0, 0.0))
    solid.moved(0.2)
    solid.done(solid.pause_client.call_async(SetBool.Request(data=True)))
    solid.is_still()
    assert "a goal is under way" in tell(solid, 0.2).reason
    solid.done(moving.cancel_goal_async())
    solid.answer(moving)
    assert tell(solid, 0.2).successful


def test_it_is_refused_while_a_move_is_planned(solid):
    solid.arm._moves._slices._jobs.append(None)
    reason = tell(solid, 0.2).reason
    solid.arm._moves._slices._jobs.clear()
    assert "a move is being planned; set it when that has ended" in reason


def test_other_processes_find_what_is_carried_from_the_start_on(make_motion, tmp_path):
    motion = restarted(make_motion, tmp_path / "payload", payload=0.5)
    assert Carried.read(tmp_path / "payload") == Carried(Payload(0.5), "tool0")
    assert tell(motion, 0.2, 0.0, 0.0, 0.05).successful
    assert Carried.read(tmp_path / "payload") == Carried(Payload(0.2, (0.0, 0.0, 0.05)), "tool0")
    assert Carried.read(tmp_path / "none") is Carried.read("") is None


def restarted(make_motion, file, **values):
    return make_motion(urdf=SOLID, arm_parameters={"payload_file": str(file), **values}).enable_servos()


def test_a_controller_that_is_restarted_comes_back_with_what_was_set_and_says_so(make_motion, tmp_path, capfd):
    file = tmp_path / "payload"
    motion = restarted(make_motion, file)
    assert tell(motion, 0.5, 0.0, 0.0, 0.05).successful
    motion.stop_controllers()
    motion.start_controllers()
    motion.enable_servos("s2")
    assert told(motion) == [0.5, 0.0, 0.0, 0.05]
    assert (
        "payload of 0.5 kg at 0 0 0.05 m of the tool, as it was set before the restart" in capfd.readouterr().err
    )
    assert tell(motion, 0.0).successful
    motion.stop_controllers()
    motion.start_controllers()
    assert told(motion) == [0.0, 0.0, 0.0, 0.0]


def test_what_was_set_last_goes_before_the_parameter_of_the_start(make_motion, tmp_path):
    file = tmp_path / "payload"
    file.write_text(json.dumps({"payload": 0.2, **dict.fromkeys(AT, 0.0), "tool_frame": "tool0"}))
    assert told(restarted(make_motion, file, payload=0.5))[0] == 0.2


@pytest.mark.parametrize("content", ["", "{", "[]", '{"payload": 0.5}', '{"payload": "much"}'])
def test_a_file_that_cannot_be_read_is_told_and_the_start_goes_on(make_motion, tmp_path, content):
    file = tmp_path / "payload"
    file.write_text(content)
    motion = restarted(make_motion, file)
    assert told(motion)[0] == 0.0
    assert "what was set before the restart is lost: payload file" in motion.arm.reports._last_message


def test_where_it_cannot_be_kept_it_is_in_force_and_that_is_told(make_motion, tmp_path):
    motion = restarted(make_motion, tmp_path / "gone" / "payload")
    assert tell(motion, 0.5).successful
    assert "a restart would lose it" in motion.arm.reports._last_message
    assert told(motion)[0] == 0.5
