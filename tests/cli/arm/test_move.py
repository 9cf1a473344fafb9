"""`armature move`: from words to a goal of an action."""

from __future__ import annotations

import pytest

from armature.cli.arm.move import _lines
from armature.cli.arm.move_goal import move_goal
from armature.cli.main import parse
from armature.nodes.common import topics
from armature.nodes.common.conversions import to_seconds


def goal_of(*words):
    return move_goal(parse(["move", *words]))


def transforms(goal):
    return [point.transforms[0] for point in goal.multi_dof_trajectory.points]


def place(transform):
    return (transform.translation.x, transform.translation.y, transform.translation.z)


def test_named_poses_are_the_joint_names_of_a_goal():
    service, goal = goal_of("home", "up", "--seconds", "3")
    assert service is topics.MOVE_JOINTS
    assert list(goal.trajectory.joint_names) == ["home", "up"]
    assert to_seconds(goal.trajectory.points[-1].time_from_start) == 3.0


def test_joint_values_may_be_given_several_times():
    service, goal = goal_of("--joints", "elbow=0.5,waist=-1", "--joints", "elbow=0, waist=0")
    assert service is topics.MOVE_JOINTS
    assert list(goal.trajectory.joint_names) == ["elbow", "waist"]
    assert [list(point.positions) for point in goal.trajectory.points] == [[0.5, -1.0], [0.0, 0.0]]


def test_a_place_leaves_the_orientation_free_unless_it_is_given():
    service, goal = goal_of("--to", "0.2", "-0.1", "0.3")
    assert service is topics.MOVE_TO
    assert goal.multi_dof_trajectory.header.frame_id == ""
    (free,) = transforms(goal)
    assert place(free) == (0.2, -0.1, 0.3)
    assert free.rotation.w == 0.0
    (turned,) = transforms(goal_of("--to", "0.2", "0", "0.3", "0", "1.5707963", "0")[1])
    assert (turned.rotation.y, turned.rotation.w) == pytest.approx((0.7071068, 0.7071068))


@pytest.mark.parametrize(("words", "frame"), [((), "tool/base"), (("--frame", "tool"), "tool")])
def test_a_line_is_an_offset_along_the_axes_of_base_or_tool(words, frame):
    service, goal = goal_of("--line", "0", "0", "-0.05", *words)
    assert service is topics.MOVE_LINE
    assert goal.multi_dof_trajectory.header.frame_id == frame
    assert transforms(goal)[0].rotation.w == 1.0


def test_a_line_may_have_a_speed_of_the_tool():
    goal = goal_of("--line", "0", "0", "-0.05", "--speed", "0.02")[1]
    assert goal.multi_dof_trajectory.points[-1].velocities[0].linear.x == 0.02


def test_to_with_the_tools_frame_is_an_offset():
    assert goal_of("--to", "0.1", "0", "0", "--frame", "tool")[1].multi_dof_trajectory.header.frame_id == "tool"


def test_an_arc_has_a_place_to_pass_and_an_end():
    service, goal = goal_of("--arc", "0.1", "0.1", "0", "0", "0.2", "0")
    assert service is topics.MOVE_ARC
    assert [place(transform) for transform in transforms(goal)] == [(0.1, 0.1, 0.0), (0.0, 0.2, 0.0)]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "give one of"),
        (("home", "--to", "0", "0", "0"), "give one of"),
        (("--to", "1", "2"), "x y z roll pitch yaw"),
        (("--to", "up"), "invalid float"),
        (("--joints", "elbow"), "joint=radians"),
        (("--joints", "elbow=much"), "joint=radians"),
        (("--joints", "elbow=1", "--joints", "waist=1"), "same joints"),
        (("home", "--seconds", "-1"), "0 s or more"),
        (("home", "--speed", "0.1"), "the tool's on its way, of --line and --arc"),
        (("home", "--frame", "world"), "invalid choice"),
        (("--line", "0", "0", "0", "--to", "0", "0", "0"), "not allowed with"),
    ],
)
def test_wrong_use_ends_with_2_and_says_what_is_right(words, says, capsys):
    with pytest.raises(SystemExit) as ended:
        goal_of(*words)
    assert ended.value.code == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(("given", "namespace"), [("left", "left"), ("/cell/left/", "cell/left"), ("", "")])
def test_a_namespace_is_taken_with_slashes_and_without(given, namespace):
    assert parse(["move", "home", "--namespace", given]).namespace == namespace


@pytest.mark.parametrize("given", ["2nd", "left arm", "left//arm", "links-unten", "~arm", "größe"])
def test_what_is_no_namespace_of_ros_is_wrong_use(given, capsys):
    with pytest.raises(SystemExit) as ended:
        parse(["move", "home", "--namespace", given])
    assert ended.value.code == 2
    assert "write letters, digits and _" in capsys.readouterr().err


def test_the_figures_of_a_plan_are_in_plain_words_and_have_no_negative_zero():
    figures = {"duration": 2.0, "reach": 0.3, "limit_margin": -1e-9, "limit_joint": "elbow"}
    figures |= {"clearance": 0.02, "torque": 0.08, "singularity": 0.0031}
    assert _lines(figures) == [
        "duration      2.00 s",
        "reach         farthest point 0.300 m from the base",
        "joint limits  0.0 deg left at elbow",
        "clearance     20 mm",
        "torque        8% of the available torque",
        "singularity   0.0031 m/rad (0: singular)",
    ]
