"""The gripper controller."""

from __future__ import annotations

import math

import pytest
from control_msgs.msg import JointJog
from sensor_msgs.msg import JointState

from armature.core.model.urdf import read_urdf
from armature.errors import ConfigError

from ...confirmed import confirmed
from ..motion_graph import ABORTED, SUCCEEDED, URDF, smooth
from .test_twist import Operator


def test_the_gripper_reaches_a_position(motion):
    answer = motion.grip(JointState(position=[0.025]))
    assert answer.status == SUCCEEDED
    assert (answer.result.reached_goal, answer.result.stalled) == (True, False)
    motion.is_still()
    assert motion.servos.position["gripper"] == pytest.approx(0.025, abs=1e-6)
    assert answer.result.state.position[0] == pytest.approx(0.025, abs=0.003)
    assert motion.servos.position["waist"] == 0.0


def test_the_zeros_that_moveit_writes_ask_for_nothing(motion):
    answer = motion.grip(JointState(name=["gripper"], position=[0.02], velocity=[0.0], effort=[0.0]))
    assert answer.status == SUCCEEDED
    assert answer.result.reached_goal


def test_a_gripper_that_an_object_stops_has_stalled(motion):
    motion.servos.stuck["gripper"] = 0.01
    answer = motion.grip(JointState(name=["gripper"], position=[0.0], velocity=[0.05]))
    assert answer.status == SUCCEEDED
    assert (answer.result.reached_goal, answer.result.stalled) == (False, True)
    assert answer.result.state.position[0] == pytest.approx(0.01)


def test_stalling_may_be_a_failure(make_motion):
    motion = make_motion(gripper_parameters={"allow_stalling": False}).enable_servos()
    motion.servos.stuck["gripper"] = 0.01
    answer = motion.grip(JointState(position=[0.0]))
    assert answer.status == ABORTED
    assert answer.result.stalled


@pytest.mark.parametrize(
    "command",
    [
        JointState(position=[0.05]),
        JointState(position=[math.nan]),
        JointState(position=[]),
        JointState(position=[0.01], velocity=[-0.01]),
        JointState(position=[0.01], velocity=[1e-9]),
        JointState(position=[0.01], effort=[5.0, 5.0]),
        JointState(position=[0.01], effort=[math.inf]),
        JointState(name=["waist"], position=[0.01]),
    ],
)
def test_a_bad_gripper_command_is_refused_before_anything_moves(motion, command):
    operator = Operator(motion)
    assert motion.grip(command) is None
    assert motion.servos.segments == []
    # Neither a rejection nor the result has words for the reason.
    motion.until(lambda: any("refused;" in text for text in operator.said))


WIRING = """
bus: {baud_rate: 1000000 bit/s}
joints:
  waist: {id: 1, model: XM430-W350, direction: 1, zero_offset: 180 deg, reduction: 1 rad/rad}
  elbow: {id: 2, model: XM430-W350, direction: 1, zero_offset: 180 deg, reduction: 1 rad/rad}
  gripper: {id: 3, model: XM430-W350, direction: 1, zero_offset: 90 deg, reduction: 80 rad/m,
            mode: current-based position, current_limit: 0.5 A, torque_constant: 1.5 N·m/A}
"""

ARM = read_urdf(URDF)
LIMITED = "mode: current-based position, current_limit: 0.5 A"


@pytest.fixture
def wired(make_motion, tmp_path):
    """Controllers that know their servos, by the text of a wiring file."""

    def build(text=WIRING):
        file = tmp_path / "servos.yaml"
        file.write_text(confirmed(text, ARM), "utf-8")
        return make_motion(gripper_parameters={"wiring": str(file), "stall_timeout": 0.1}).enable_servos()

    return build


def told(motion):
    """Limits that the gripper's segments have told, one after another."""
    segments = [segment for segment in motion.servos.segments if segment.joint_names == ["gripper"]]
    assert all(
        len(point.effort) == len(segment.points[0].effort) for segment in segments for point in segment.points
    )
    return list(dict.fromkeys(tuple(segment.points[0].effort) for segment in segments))


def test_a_limit_of_the_effort_goes_with_every_set_point_and_comes_back_measured(wired):
    motion = wired()
    motion.servos.stuck["gripper"], motion.servos.effort["gripper"] = 0.01, -7.9
    answer = motion.grip(JointState(position=[0.0], effort=[8.0]))
    assert answer.result.stalled
    assert told(motion) == [(8.0,)]
    assert answer.result.state.effort == pytest.approx([-7.9])


def test_a_limit_changes_though_nothing_moves_and_the_next_command_lifts_it(wired):
    motion = wired()
    motion.servos.stuck["gripper"] = 0.005
    for effort in ([8.0], [12.0], [0.0], [8.0], []):
        assert motion.grip(JointState(position=[0.0], effort=effort)).status == SUCCEEDED
    motion.until(lambda: told(motion) == [(8.0,), (12.0,), ()])
    assert not motion.servos.segments[-1].points[0].effort
    assert motion.servos.refused == []


def test_a_jog_of_the_gripper_has_no_limit(wired):
    motion = wired()
    motion.grip(JointState(position=[0.0], effort=[8.0]))
    motion.gripper._commands._jog(JointJog(joint_names=["gripper"], velocities=[0.05]))
    motion.until(lambda: told(motion) == [(8.0,), ()])


def test_an_effort_that_nobody_has_measured_is_not_told(motion):
    answer = motion.grip(JointState(position=[0.02]))
    assert not answer.result.state.effort


@pytest.mark.parametrize(
    ("old", "new", "effort", "why"),
    [
        (", torque_constant: 1.5 N·m/A", "", 8.0, "measure torque_constant"),
        ("", "", -8.0, "give a limit above 0"),
        ("", "", 0.01, "limits it in steps of 0.323"),
        ("mode: current-based position, current_limit: 0.5 A", "mode: position", 8.0, "set mode: current-based"),
    ],
    ids=["no factor", "negative", "too little", "position mode"],
)
def test_a_limit_that_the_servo_cannot_keep_is_refused_with_what_would_work(wired, capfd, old, new, effort, why):
    motion = wired(WIRING.replace(old, new))
    assert motion.grip(JointState(position=[0.02], effort=[effort])) is None
    assert why in capfd.readouterr().err
    assert motion.servos.segments == []


def test_a_position_beyond_the_range_of_motion_is_refused_with_both_ends(wired, capfd):
    motion = wired(WIRING.replace("90 deg,", "90 deg, range: [2 mm, 28 mm],"))
    assert motion.grip(JointState(position=[0.001])) is None
    assert "position of gripper: 0.001 refused; its limits are 0.002 to 0.028 m" in capfd.readouterr().err
    assert motion.grip(JointState(position=[0.027])).status == SUCCEEDED


def test_without_a_wiring_file_a_limit_is_refused(motion, capfd):
    assert motion.grip(JointState(position=[0.02], effort=[8.0])) is None
    assert "set the parameter wiring, or give 0" in capfd.readouterr().err


def test_an_arm_without_a_gripper_works_and_refuses_gripper_commands(make_motion):
    motion = make_motion(
        urdf=URDF.replace('<mimic joint="gripper"/>', "").replace("prismatic", "fixed")
    ).enable_servos()
    assert motion.grip(JointState(position=[0.01])) is None
    assert motion.follow(smooth(0.5, 0.2, 0.0)).status == SUCCEEDED


def test_a_command_before_the_servo_interface_is_known_is_refused_with_what_to_wait_for(make_motion, capfd):
    motion = make_motion()
    assert motion.grip(JointState(position=[0.02])) is None
    assert "wait for its first state" in capfd.readouterr().err


TURNING = URDF.replace('"prismatic"', '"revolute"').replace('lower="0" upper="0.03"', 'lower="-0.2" upper="1.6"')


def test_a_gripper_that_turns_is_none_of_the_arms_joints_and_moves_in_radians(make_motion):
    motion = make_motion(urdf=TURNING, rest=(0.0, 0.0, 0.1)).enable_servos()
    assert (motion.arm.joints, motion.gripper.joints) == (("waist", "elbow"), ("gripper",))
    answer = motion.grip(JointState(position=[0.14], velocity=[0.1]))
    assert (answer.status, answer.result.reached_goal) == (SUCCEEDED, True)
    assert motion.follow(smooth(0.5, 0.2, 0.0)).status == SUCCEEDED
    assert motion.grip(JointState(position=[1.7])) is None


def test_a_gripper_that_turns_has_tolerances_in_radians(make_motion):
    motion = make_motion(urdf=TURNING, rest=(0.0, 0.0, 1.0)).enable_servos()
    motion.servos.stuck["gripper"] = 0.5
    assert motion.grip(JointState(position=[0.46], velocity=[0.1])).result.reached_goal
    answer = motion.grip(JointState(position=[0.4]))
    assert (answer.result.reached_goal, answer.result.stalled) == (False, True)


@pytest.mark.parametrize("name", ["goal_tolerance", "stall_velocity_threshold"])
@pytest.mark.parametrize("value", [-0.001, math.nan, math.inf])
def test_a_tolerance_that_makes_no_sense_is_refused(make_motion, name, value):
    with pytest.raises(ConfigError, match=f"parameter {name}: .* at least 0"):
        make_motion(gripper_parameters={name: value})


FINGERS = ("left", "right")


@pytest.fixture
def two_fingers(make_motion):
    """Controllers of an arm with two driven fingers, by the limits of the second."""

    def build(lower, upper):
        mimicked = '"0 -1 0"/>\n  <limit lower="0" upper="0.03"'
        second = URDF.replace('<mimic joint="gripper"/>', "")
        second = second.replace("gripper_right", "right").replace('"gripper"', '"left"')
        second = second.replace(mimicked, f'"0 -1 0"/>\n  <limit lower="{lower}" upper="{upper}"')
        rest = (0.0, 0.0, 0.01, min(max(0.01, lower), upper))
        return make_motion(urdf=second, rest=rest, joints=("waist", "elbow", *FINGERS)).enable_servos()

    return build


@pytest.mark.parametrize(("ends", "sign"), [((0.0, 0.03), 1.0), ((-0.03, 0.0), -1.0)])
def test_one_position_is_that_of_both_fingers(two_fingers, ends, sign):
    motion = two_fingers(*ends)
    assert motion.grip(JointState(position=[0.02], velocity=[0.05])).result.reached_goal
    motion.is_still()
    assert [motion.servos.position[joint] for joint in FINGERS] == pytest.approx([0.02, sign * 0.02], abs=1e-6)


def test_each_finger_may_be_named(two_fingers):
    motion = two_fingers(0.0, 0.03)
    assert motion.grip(JointState(name=["right", "left"], position=[0.005, 0.025])).result.reached_goal
    motion.is_still()
    assert [motion.servos.position[joint] for joint in FINGERS] == pytest.approx([0.025, 0.005], abs=1e-6)


def test_one_position_for_fingers_that_move_differently_is_refused(two_fingers, capfd):
    motion = two_fingers(0.0, 0.01)
    assert motion.grip(JointState(position=[0.005])) is None
    assert motion.grip(JointState(name=["left"], position=[0.005])) is None
    said = capfd.readouterr().err
    assert "these move differently: name each of left, right once" in said
    assert "right is missing" in said


def test_arm_and_gripper_move_at_once(motion):
    handle = motion.send(smooth(0.8, 0.4, 0.0))
    assert motion.grip(JointState(position=[0.02])).status == SUCCEEDED
    assert motion.answer(handle).status == SUCCEEDED


def test_the_set_point_comes_back_to_what_stops_a_finger_whose_servo_limits_no_current(wired):
    motion = wired(WIRING.replace(LIMITED, "mode: position"))
    motion.servos.stuck["gripper"] = 0.01
    answer = motion.grip(JointState(position=[0.0]))
    assert answer.result.stalled
    (lead,) = motion.gripper._force.max_lead
    motion.is_still()
    assert motion.servos.position["gripper"] == pytest.approx(0.01 - lead, abs=1e-5)
    assert motion.servos.refused == []


def test_a_jog_into_something_comes_back_too(wired):
    motion = wired(WIRING.replace(LIMITED, "mode: position"))
    motion.servos.stuck["gripper"] = 0.01
    for _ in range(4):
        motion.gripper._commands._jog(JointJog(joint_names=["gripper"], velocities=[-0.05]))
        motion.spin(0.1)
    (lead,) = motion.gripper._force.max_lead
    motion.until(lambda: motion.servos.position["gripper"] == pytest.approx(0.01 - lead, abs=1e-5), 5.0)


def test_a_servo_that_limits_its_current_keeps_the_set_point_of_the_command(wired):
    motion = wired()
    motion.servos.stuck["gripper"] = 0.01
    assert motion.grip(JointState(position=[0.0])).result.stalled
    motion.spin(0.5)
    assert motion.servos.position["gripper"] == pytest.approx(0.0, abs=1e-5)


@pytest.mark.parametrize("share", [0.0, 0.9, math.nan])
def test_a_share_of_the_torque_that_cannot_be_held_is_refused(make_motion, share):
    with pytest.raises(ConfigError, match=r"holding_share: .* within 0.05 and 0.7"):
        make_motion(gripper_parameters={"holding_share": share})


@pytest.mark.parametrize(("gain", "of_the_default"), [(-1, 1.0), (1600, 0.5)])
def test_a_stiffer_servo_is_led_less(make_motion, tmp_path, gain, of_the_default):
    file = tmp_path / "servos.yaml"
    file.write_text(confirmed(WIRING.replace(LIMITED, "mode: position"), ARM), "utf-8")
    motion = make_motion(gripper_parameters={"wiring": str(file), "gripper.position_p_gain": gain})
    # The factory's gain is 800: 0.3 of 885 units of PWM at 800 / 128 a tick, over 80 rad/m.
    default = 0.3 * 885 / (800 / 128) * math.tau / 4096 / 80
    assert motion.gripper._force.max_lead == pytest.approx([default * of_the_default], rel=0.01)


def test_a_tool_that_the_gripper_moves_is_refused_with_what_would_work(make_motion):
    with pytest.raises(ConfigError, match=r"tool_frame: 'right' .*the gripper's gripper moves it; .*group: arm"):
        make_motion(arm_parameters={"tool_frame": "right"})


def test_a_slide_that_the_wiring_gives_to_the_arm_is_one_of_its_joints_with_bounds_in_metres(
    make_motion, tmp_path
):
    file = tmp_path / "servos.yaml"
    file.write_text(WIRING.replace("  gripper: {id", "  gripper: {group: arm, id"), "utf-8")
    motion = make_motion(arm_parameters={"wiring": str(file)}, gripper_parameters={"wiring": str(file)})
    assert (motion.arm.joints, motion.gripper.joints) == (("waist", "elbow", "gripper"), ())
    settings = motion.arm.control.state.settings
    assert settings.margin == pytest.approx([0.02, 0.02, 0.002])
    assert settings.start_tolerance == pytest.approx([0.05, 0.05, 0.002])
    assert [one.position for one in motion.arm._tolerances.path] == pytest.approx([0.2, 0.2, 0.02])
