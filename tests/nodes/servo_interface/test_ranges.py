"""Ranges of motion of the wiring file narrow what the nodes of an arm allow."""

from __future__ import annotations

import re

import pytest
import rclpy
from rclpy.parameter import Parameter

from armature.errors import CommandRefused, ConfigError
from armature.nodes.servo_interface.disabling import way_to_park
from armature.nodes.servo_interface.parameters import ServoConfiguration

from ...confirmed import confirmed
from ..arm_controller.test_gripper_controller import ARM, WIRING
from ..emulated import POSES, SERVOS, URDF
from ..motion_graph import ABORTED, SUCCEEDED, smooth


@pytest.fixture
def configured(tmp_path):
    """The servo interface's configuration with a range of the shoulder, and with parameters."""
    context = rclpy.Context()
    rclpy.init(context=context)
    nodes = []

    def make(shoulder, change=("", ""), **values):
        wiring = tmp_path / "servos.yaml"
        head, key, tail = SERVOS.read_text("utf-8").partition("    model: XM540-W270\n")
        wiring.write_text(f"{head}{key}    range: {shoulder}\n{tail}".replace(*change, 1), "utf-8")
        given = {"urdf": str(URDF), "wiring": str(wiring), "poses": str(POSES), "port": "/dev/null", **values}
        overrides = [Parameter(name.replace("__", "."), value=value) for name, value in given.items()]
        nodes.append(rclpy.create_node("test", context=context, parameter_overrides=overrides))
        return ServoConfiguration.of(nodes[-1])

    yield make
    for node in nodes:
        node.destroy_node()
    context.shutdown()


def test_the_servo_interface_knows_the_narrower_of_range_and_parameter(configured):
    limit = configured("[-102 deg, 1 rad]", limits__shoulder__upper=0.5).arm.limit("shoulder")
    assert (limit.lower, limit.upper) == (-1.746, 0.5)  # the lower one is the URDF's
    limit = configured("[-102 deg, 0.4 rad]", limits__shoulder__upper=0.5).arm.limit("shoulder")
    assert limit.upper == 0.4


def test_an_arm_that_could_not_park_is_refused_at_start_with_the_bounds(configured):
    with pytest.raises(
        ConfigError, match=r"park_pose: 'park' .*shoulder would be at -1\.745\d+, its limits are -1\.57"
    ):
        configured("[-90 deg, 60 deg]")
    assert configured("[-90 deg, 60 deg]", park_pose="home").arm.limit("shoulder").upper < 1.05


def test_goals_beyond_a_range_are_refused_before_anything_moves(make_motion, tmp_path):
    wiring = tmp_path / "servos.yaml"
    text = WIRING.replace("180 deg,", "180 deg, range: [-0.5 rad, 0.3 rad],", 1)
    wiring.write_text(confirmed(text, ARM), "utf-8")
    motion = make_motion(arm_parameters={"wiring": str(wiring)}).enable_servos()
    answer = motion.follow(smooth(0.8, 0.4, 0.0))
    assert answer.status == ABORTED
    assert "waist" in answer.result.error_string
    assert "0.3" in answer.result.error_string
    assert motion.servos.segments == []
    assert motion.follow(smooth(0.8, 0.25, 0.0)).status == SUCCEEDED


def test_an_arm_that_nobody_has_confirmed_is_bounded_to_a_tenth_in_all_processes(configured, tmp_path):
    whole = configured("[-102 deg, 1 rad]")
    slow = configured("[-102 deg, 1 rad]", change=("id: 7\n", "id: 77\n"))
    assert (whole.is_reduced, slow.is_reduced) == (False, True)
    assert slow.park_speed == 1.0  # of a tenth, else parking would take ten times as long
    careful = configured("[-102 deg, 1 rad]", change=("id: 7\n", "id: 77\n"), park_speed=0.05)
    assert careful.park_speed == pytest.approx(0.5)  # no faster than it was asked for
    for joint in whole.joints:
        assert slow.arm.limit(joint).velocity == pytest.approx(0.1 * whole.arm.limit(joint).velocity)
        assert slow.child["limits"][joint][2] == pytest.approx(0.1 * whole.child["limits"][joint][2])
        assert slow.child["dynamics"][joint] == pytest.approx(
            [0.1 * each for each in whole.child["dynamics"][joint]]
        )


def test_goals_that_are_too_fast_for_an_arm_that_is_not_confirmed_say_why_and_slow_ones_pass(
    make_motion, tmp_path
):
    wiring = tmp_path / "servos.yaml"
    wiring.write_text(WIRING, "utf-8")
    motion = make_motion(arm_parameters={"wiring": str(wiring)}).enable_servos()
    answer = motion.follow(smooth(0.8, 0.25, 0.0))
    assert answer.status == ABORTED
    assert "directions and zeros are not confirmed" in answer.result.error_string
    assert "armature calibrate" in answer.result.error_string
    assert motion.follow(smooth(8.0, 0.25, 0.0)).status == SUCCEEDED


def test_controllers_beside_a_servo_interface_with_other_limits_name_them_and_agree_again_when_it_does(
    make_motion, tmp_path
):
    wiring = tmp_path / "servos.yaml"
    wiring.write_text(confirmed(WIRING, ARM), "utf-8")
    motion = make_motion(arm_parameters={"wiring": str(wiring)}).enable_servos()
    motion.servos.be("ENABLED", "s1", **{"limits": "reduced", "limits.waist": "-2 2 0.2 0.4 4"})
    motion.until(lambda: motion.arm.control.state.arm.disagreement)
    answer = motion.follow(smooth(8.0, 0.0, 0.0))
    assert answer.status == ABORTED
    assert "its velocity limit of waist is 2, the servo interface's 0.2" in answer.result.error_string
    assert "armature restart arm_controller" in answer.result.error_string
    with pytest.raises(CommandRefused, match="its velocity limit of waist"):
        motion.arm.control.jog({"waist": 0.1}, 0.0, motion.arm.now())
    motion.servos.be("ENABLED", "s1", **{"limits.waist": "-2 2 2 4 40"})
    motion.until(lambda: not motion.arm.control.state.arm.disagreement)
    assert motion.follow(smooth(0.8, 0.25, 0.0)).status == SUCCEEDED


def test_parts_that_may_touch_on_a_move_may_touch_on_the_way_to_park(configured):
    pairs, start = [""], {}
    while len(pairs) < 12:
        configuration = configured("[-102 deg, 1 rad]", checks__allowed_pairs=pairs)
        start = {**configuration.park, "shoulder": 1.0, "elbow": 1.0}
        try:
            assert way_to_park(configuration, start).duration > 0.0
            break
        except CommandRefused as error:
            pairs = [*pairs, " ".join(re.findall(r"'?(\w+)'? would meet '?(\w+)'?", str(error))[0])]
    assert 1 < len(pairs) < 12
