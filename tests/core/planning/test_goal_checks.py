"""Goals looked at whole: distances and torques along the path."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.core.kinematics.collision import Clearances, Passage
from armature.core.kinematics.drive_ratings import DriveRatings, ratings_from_urdf
from armature.core.kinematics.dynamics import Torques
from armature.core.kinematics.mechanics import Mechanics
from armature.core.model.urdf import read_urdf
from armature.core.planning.goal_checks import CheckSettings, GoalChecks
from armature.core.trajectory.trajectory import State, Trajectory
from armature.errors import ConfigError, GoalRefused

ROOT = Path(__file__).resolve().parents[3]
ARMATURE6 = (ROOT / "urdf" / "armature6.urdf").read_text("utf-8")
# A bar of 2 kg, its centre 0.3 m from a level axis at 0.2 m over the floor; at 0 it points forward, + is down.
MASS, ARM, INERTIA, FRICTION = 2.0, 0.3, 0.05, 0.4
BAR = f"""<robot name="bar">
<link name="base"/>
<link name="bar">
  <inertial><origin xyz="{ARM} 0 0"/><mass value="{MASS}"/>
    <inertia ixx="0.01" iyy="{INERTIA}" izz="{INERTIA}" ixy="0" ixz="0" iyz="0"/></inertial>
  <collision><origin xyz="0.3 0 0"/><geometry><box size="0.5 0.02 0.02"/></geometry></collision>
</link>
<joint name="swing" type="revolute"><parent link="base"/><child link="bar"/><origin xyz="0 0 0.2"/>
  <axis xyz="0 1 0"/><limit lower="-3" upper="3" velocity="3" effort="20"/>
  <dynamics friction="{FRICTION}"/></joint>
</robot>"""
GRAVITY = 9.81
# Where the bar's lower far edge comes to the floor.
TOUCHES = math.asin(0.2 / math.hypot(0.55, 0.01)) - math.atan2(0.01, 0.55)


def checks(drive=None, tool="", payload=0.0, allowed=(), **settings):
    arm = read_urdf(BAR)
    drive = drive or DriveRatings(20.0, 4.0)
    mechanics = Mechanics(arm, ("swing",), {"swing": drive.rotor_inertia}, tool, payload, allowed)
    return GoalChecks(mechanics, {"swing": drive}, CheckSettings(**settings))


def swing(*points, start=0.0):
    times, positions = zip(*points, strict=True)
    goal = Trajectory.from_rows(("swing",), times, [[p] for p in positions], [[0.0] for _ in positions])
    return goal.starting_from(State.at_rest([start]))


def passes(made, plan, slice_=50):
    check = made.begin(plan)
    while not check.advance(slice_):
        pass
    return check


def test_an_arm_that_stands_in_collision_is_told_with_the_pair_and_to_jog_it_out():
    with pytest.raises(
        GoalRefused, match=r"bar to floor .*they are -0\.0\d+ m apart where the arm stands: jog them apart first"
    ):
        passes(checks(), swing((2.0, TOUCHES + 0.2), start=TOUCHES + 0.1))
    passes(checks(), swing((2.0, 0.0), start=TOUCHES + 0.1))  # what leads out of it is free


def test_a_free_way_passes_and_tells_how_near_and_how_hard_it_was():
    check = passes(checks(margin=0.1), swing((2.0, 0.15)))
    assert 0.05 < check.nearest <= 0.101
    assert MASS * GRAVITY * ARM / 20.0 * 0.9 < check.highest_torque < 0.5


def test_a_way_into_the_floor_is_refused_with_time_pair_and_distance():
    with pytest.raises(GoalRefused, match=r"distance of bar to floor at 1\.\d+ s: .*0\.005 m at least"):
        passes(checks(torque=False), swing((2.0, 0.6)))


@given(depth=st.floats(0.01, 0.5), seconds=st.floats(0.5, 20.0))
def test_the_place_that_a_refusal_names_is_where_the_way_ends(depth, seconds):
    plan = swing((seconds, TOUCHES + depth))
    with pytest.raises(GoalRefused) as told:
        passes(checks(torque=False, margin=0.0), plan)
    at = float(told.value.where.split(" at ")[1].split()[0])
    reached = plan.sample(at).position[0]
    assert TOUCHES - 0.001 <= reached <= TOUCHES + CheckSettings.turn + 0.001


@given(start=st.floats(TOUCHES + 0.01, 1.2), way=st.floats(0.05, 0.5))
def test_an_arm_in_collision_may_move_out_and_not_deeper(start, way):
    made = checks(torque=False)
    passes(made, swing((1.0, start - way), start=start))
    with pytest.raises(GoalRefused, match="bar to floor"):
        passes(made, swing((1.0, start + way), start=start))


def test_goal_by_goal_an_arm_within_the_margin_comes_no_nearer():
    made, gap = checks(torque=False), TOUCHES - 0.008  # 4.4 mm over the floor
    assert 0.0 < made.clearances.at([gap])["bar", "floor"] < CheckSettings.margin
    passes(made, swing((1.0, gap), start=gap))
    with pytest.raises(GoalRefused, match=r"bar to floor .* jog them apart first"):
        passes(made, swing((1.0, gap + 0.001), start=gap))


def test_once_out_it_stays_out():
    start = TOUCHES + 0.2
    plan = swing((1.0, TOUCHES - 0.2), (2.0, TOUCHES + 0.1), start=start)
    with pytest.raises(GoalRefused, match=r"at 1\.\d"):
        passes(checks(torque=False), plan)


def test_an_allowed_pair_may_touch():
    passes(checks(torque=False, allowed=[("bar", "floor")]), swing((2.0, 0.6)))


def test_the_margin_is_kept():
    near = TOUCHES - 0.03
    passes(checks(torque=False, margin=0.005), swing((1.0, near)))
    with pytest.raises(GoalRefused, match=r"0\.03 m at least"):
        passes(checks(torque=False, margin=0.03), swing((1.0, near)))


def test_what_is_switched_off_is_not_checked():
    passes(checks(collision=False, torque=False, drive=DriveRatings(0.1, 4.0)), swing((1.0, 1.0)))


@given(
    angle=st.floats(-1.5, 1.5),
    velocity=st.floats(-2.0, 2.0),
    acceleration=st.floats(-10.0, 10.0),
    load=st.floats(0.0, 1.0),
)
def test_torques_are_those_of_a_pendulum(angle, velocity, acceleration, load):
    drive = DriveRatings(20.0, 4.0)
    made = checks(drive, tool="bar", payload=load)
    torque = made.torques.required(State(np.array([angle]), np.array([velocity]), np.array([acceleration])))[0]
    inertia = INERTIA + MASS * ARM**2 + drive.rotor_inertia
    gravity = -MASS * GRAVITY * ARM * math.cos(angle)  # the load hangs in the axis itself
    assert torque == pytest.approx(inertia * acceleration + gravity + FRICTION * np.sign(velocity), abs=1e-5)


def test_a_payload_counts_where_it_is():
    arm = read_urdf(ARMATURE6)
    joints = tuple(joint.name for joint in arm.driven if joint.kind == "revolute")
    rest = State.at_rest(np.array([0.0, 1.5, -1.5, 0.0, 0.0, 0.0]))
    needed = []
    for load in (0.0, 0.25):
        mechanics = Mechanics(arm, joints, tool="tool0", payload=load)
        needed.append(Torques(mechanics, ratings_from_urdf(arm)).required(rest)[1])
        mechanics.set_position(rest.position)
        reach = mechanics.translation(mechanics.frame("tool0"))[0]
    assert needed[1] - needed[0] == pytest.approx(-0.25 * GRAVITY * reach, rel=1e-6)


def test_too_much_torque_is_refused_with_time_joint_value_and_bound():
    with pytest.raises(
        GoalRefused, match=r"torque of swing at .*-5\.\d+.*up to 5\.\d+ N·m .*\(90% of .*carry less"
    ):
        passes(checks(DriveRatings(6.0, 4.0), collision=False), swing((2.0, 0.0), start=-1.2))


def test_a_fast_motor_gives_less():
    torques = checks(DriveRatings(10.0, 4.0)).torques
    velocity = np.array([2.0])
    assert torques.available(np.array([1.0]), velocity) == pytest.approx(5.0)
    assert torques.available(np.array([-1.0]), velocity) == pytest.approx(10.0)
    assert torques.available(np.array([1.0]), np.array([9.0])) == pytest.approx(0.0)


def test_an_arm_that_asks_too_much_where_it_stands_may_move_to_where_it_asks_less():
    weak = checks(DriveRatings(5.0, 40.0), collision=False)
    passes(weak, swing((4.0, -1.4), start=0.0))
    with pytest.raises(GoalRefused, match="torque of swing"):
        passes(weak, swing((4.0, 0.0), start=-1.0))


def test_goal_by_goal_an_arm_that_asks_too_much_comes_to_no_place_where_it_asks_more():
    weak = checks(DriveRatings(5.0, 40.0), collision=False)
    passes(weak, swing((4.0, -0.6), start=-0.5))
    with pytest.raises(GoalRefused, match=r"torque of swing at 4\.000 s"):
        passes(weak, swing((4.0, -0.45), start=-0.5))


def test_a_step_of_velocity_is_spread_as_a_servo_spreads_it():
    line = Trajectory.from_rows(("swing",), [0.5, 1.0], [[-0.2], [-0.5]]).starting_from(State.at_rest([0.0]))
    passes(checks(DriveRatings(15.0, 6.0)), line)


def test_a_long_check_goes_on_in_slices_and_ends_as_a_whole_one():
    plan = swing(*((0.1 * k, -0.05 * math.sin(0.1 * k)) for k in range(1, 400)))
    made = checks()
    whole, sliced = made.begin(plan), made.begin(plan)
    assert whole.advance(100_000)
    slices = 1
    while not sliced.advance(7):
        slices += 1
    assert slices > 100
    assert (sliced.nearest, sliced.highest_torque) == (whole.nearest, whole.highest_torque)


def test_a_goal_that_would_take_for_ever_to_check_is_refused():
    with pytest.raises(GoalRefused, match="send it in parts"):
        checks().begin(swing((1e6, 0.1))).advance(10)


@pytest.mark.parametrize(
    ("name", "value"),
    [("margin", -0.1), ("margin", 1.0), ("turn", 0.0), ("torque_share", 1.5), ("turn", math.nan)],
)
def test_a_setting_out_of_bounds_is_an_error(name, value):
    with pytest.raises(ConfigError, match=f"checks.{name}.*within"):
        CheckSettings(**{name: value})


def test_unknown_frames_and_links_are_errors_that_name_those_there_are():
    with pytest.raises(ConfigError, match=r"hand.*not in the URDF"):
        checks(tool="hand", payload=1.0)
    with pytest.raises(ConfigError, match=r"hand.*links are base, bar.*floor"):
        checks(allowed=[("hand", "floor")])
    with pytest.raises(ConfigError, match="frames are base, bar"):
        checks().mechanics.frame("hand")


def test_a_urdf_that_mujoco_cannot_read_is_an_error():
    text = BAR.replace('<box size="0.5 0.02 0.02"/>', '<mesh filename="package://nowhere/bar.stl"/>')
    with pytest.raises(ConfigError, match="MuJoCo must be able to read it"):
        Mechanics(read_urdf(text), ("swing",))


def test_parts_that_no_joint_moves_apart_are_not_watched():
    arm = read_urdf(ARMATURE6)
    joints = tuple(joint.name for joint in arm.driven if joint.kind == "revolute")
    found = Clearances(Mechanics(arm, joints), 1.0).at(np.zeros(6))
    assert ("gripper_left_finger", "gripper_right_finger") not in found
    assert ("gripper_link", "floor") in found
    assert ("base_link", "floor") not in found


def test_fingers_that_touch_where_the_gripper_is_closed_are_not_watched():
    box = '<collision><origin xyz="0.6 0 0"/><geometry><box size="0.1 0.02 0.02"/></geometry></collision>'
    joint = '<parent link="bar"/><child link="SIDE_finger"/><axis xyz="0 1 0"/>'
    joint += '<limit lower="0" upper="0.03" velocity="1" effort="1"/>'
    fingers = "".join(
        f'<link name="SIDE_finger">{box}</link><joint name="SIDE" type="prismatic">{joint}{mimic}</joint>'.replace(
            "SIDE", side
        )
        for side, mimic in (("left", ""), ("right", '<mimic joint="left" multiplier="-1"/>'))
    )
    arm = read_urdf(BAR.replace("</robot>", f"{fingers}</robot>"))
    assert arm.gripper == ("left",)
    clearances = Clearances(Mechanics(arm, ("swing", "left")), 0.02)
    assert not clearances.at(np.array([0.0, 0.0]))
    assert set(clearances.at(np.array([TOUCHES, 0.0]))) > {("left_finger", "floor"), ("right_finger", "floor")}


def test_a_passage_remembers_the_nearest():
    clearances = checks().clearances
    passage = Passage(clearances, np.array([0.0]), 0.001)
    assert passage.find_collision(np.array([TOUCHES - 0.007])) is None
    assert passage.nearest == pytest.approx(0.55 * math.cos(TOUCHES) * 0.007, rel=0.1)
    (pair, distance) = passage.find_collision(np.array([TOUCHES + 0.01]))
    assert pair == ("bar", "floor")
    assert distance < 0.0


NEAR = TOUCHES - 0.005  # 2.7 mm over the floor


def test_a_named_pose_is_reached_though_parts_are_nearer_there_than_the_margin():
    made = checks()
    with pytest.raises(GoalRefused, match=r"it must be 0\.005 m at least; .* end elsewhere"):
        passes(made, swing((1.0, NEAR)))
    made.admit({"swing": NEAR})
    passes(made, swing((1.0, NEAR)))
    with pytest.raises(GoalRefused, match=r"it must be 0\.00[12]\d* m at least"):  # 1 mm less than there
        passes(made, swing((1.0, NEAR + 0.004)))
    made.survey(swing((1.0, NEAR)))


def test_a_named_pose_in_which_parts_overlap_lets_them_come_no_nearer():
    made = checks()
    made.admit({"swing": TOUCHES + 0.02})
    with pytest.raises(GoalRefused, match=r"it must be 0\.005 m at least"):
        passes(made, swing((1.0, NEAR)))


@pytest.mark.parametrize(
    ("start", "points", "remedy"),
    [
        (
            0.0,
            [TOUCHES + 0.1],
            r'and end elsewhere, or if .*, write "bar floor" in checks\.allowed_pairs',
        ),
        (0.0, [TOUCHES + 0.1, 0.0], "go around it, over a point between"),
        (
            NEAR,
            [NEAR + 0.1, 0.0],
            r"they are 0\.002\d m apart where the arm stands: jog them apart first",
        ),
    ],
)
def test_what_would_work_depends_on_where_parts_are_too_near(start, points, remedy):
    with pytest.raises(GoalRefused, match=remedy):
        passes(checks(), swing(*enumerate(points, 1), start=start))


# Ahead of a motion

LONG = [(float(k), -0.2 * (k % 2)) for k in range(1, 15)]


def test_a_check_goes_on_from_the_begin_and_tells_how_far_it_has_come():
    made = checks()
    check, before = made.begin(swing(*LONG)), -math.inf
    while not check.advance(5):
        assert before <= check.checked < 14.0
        before = check.checked
    assert check.checked == math.inf


def test_a_check_takes_no_more_samples_than_to_the_time_that_is_asked_for():
    check = checks().begin(swing(*LONG))
    assert not check.advance(1000, 3.0)
    assert 3.0 <= check.checked <= 3.2


@pytest.mark.parametrize("settings", [{"collision": False}, {"torque": False}, {}])
def test_a_check_fails_where_the_way_does_and_not_before(settings):
    way = swing(*LONG, (16.0, TOUCHES + 0.1), (18.0, 0.0)) if settings.get("collision", True) else swing(*LONG)
    drive = DriveRatings(20.0, 4.0)
    if not settings.get("collision", True):
        way, drive = swing(*[(t, p - 1.2) for t, p in LONG], (17.0, 0.0), start=-1.2), DriveRatings(5.0, 40.0)
    check = checks(drive, **settings).begin(way)
    assert not check.advance(10_000, 14.0)
    with pytest.raises(GoalRefused, match=r"at 1[45]\.\d+ s"):
        check.advance(10_000)
    assert 14.0 <= check.checked < 16.0


def test_of_two_things_that_are_wrong_the_one_that_comes_first_is_told():
    late_and_low = swing((4.0, -1.4), (8.0, TOUCHES + 0.1), start=-1.4)
    with pytest.raises(GoalRefused, match=r"torque of swing at [5-6]\."):
        passes(checks(DriveRatings(5.0, 40.0)), late_and_low)


def test_a_place_is_told_in_the_time_of_the_goal():
    with pytest.raises(GoalRefused, match=r"distance of bar to floor at -8\.\d+ s"):
        passes_check(checks(torque=False).begin(swing((2.0, 0.6)), zero=10.0))


def passes_check(check):
    while not check.advance(50):
        pass


def test_an_end_where_parts_are_nearer_than_at_a_begin_that_is_too_near_is_refused_first():
    made, gap = checks(torque=False), TOUCHES - 0.008
    plan = swing(*((t, gap - 0.1 * (k % 2)) for k, (t, _) in enumerate(LONG, 1)), (20.0, gap + 0.001), start=gap)
    with pytest.raises(GoalRefused, match=r"bar to floor at 20\.000 s"):
        made.begin(plan).advance(1)


def test_an_end_that_asks_more_than_a_begin_that_asks_too_much_is_refused_first():
    weak = checks(DriveRatings(5.0, 40.0), collision=False)
    plan = swing(*((t, -0.5 - 0.2 * (k % 2)) for k, (t, _) in enumerate(LONG, 1)), (20.0, -0.45), start=-0.5)
    with pytest.raises(GoalRefused, match=r"torque of swing at 20\.000 s"):
        weak.begin(plan).advance(1)


def test_a_way_that_begins_later_is_not_looked_at_before():
    rest = swing((5000.0, 0.0), (5002.0, -0.2))
    check = checks().begin(rest)
    assert check.advance(500)


def test_a_way_that_does_not_move_is_looked_at_once():
    assert checks().begin(swing((50_000.0, 0.0))).advance(10)
