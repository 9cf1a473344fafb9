"""Moves without a planner, through the node."""

from __future__ import annotations

import json
import re

import pytest
from control_msgs.action import FollowJointTrajectory
from geometry_msgs.msg import Quaternion, Transform, Twist, Vector3
from rclpy.action import ActionClient
from std_srvs.srv import Trigger
from trajectory_msgs.msg import MultiDOFJointTrajectoryPoint

from armature.nodes.common import topics
from armature.nodes.common.conversions import to_duration

from ..motion_graph import ABORTED, CANCELED, SUCCEEDED, URDF, smooth, trajectory
from .test_checks import SOLID
from .test_twist import Operator, twist

POSES = (
    "up: {waist: 0.4 rad, elbow: -0.5 rad, gripper: 0 mm}\nside: {waist: 0.5 rad, elbow: 0 rad, gripper: 0 mm}\n"
)
FREE = Quaternion(x=0.0, y=0.0, z=0.0, w=0.0)


def joints_goal(positions, joints=("waist", "elbow"), preview=False):
    """A goal of move_joints; one row a waypoint."""
    goal = FollowJointTrajectory.Goal(trajectory=trajectory([0.0] * len(positions), positions, joints=joints))
    goal.trajectory.header.frame_id = "preview" if preview else ""
    return goal


def poses_goal(*places, frame="base_link", rotation=FREE):
    """A goal of the other moves [m]."""
    goal = FollowJointTrajectory.Goal()
    goal.multi_dof_trajectory.header.frame_id = frame
    for x, y, z in places:
        transform = Transform(translation=Vector3(x=x, y=y, z=z), rotation=rotation)
        goal.multi_dof_trajectory.points.append(MultiDOFJointTrajectoryPoint(transforms=[transform]))
    return goal


def at_speed(goal, speed):
    """The goal with a speed of the tool [m/s]."""
    goal.multi_dof_trajectory.points[-1].velocities = [Twist(linear=Vector3(x=speed))]
    return goal


class Mover:
    """Clients of the four moves."""

    def __init__(self, motion):
        self.motion = motion
        self.paths = []
        actions = (topics.MOVE_JOINTS, topics.MOVE_TO, topics.MOVE_LINE, topics.MOVE_ARC)
        self._clients = {
            action.name.split("_", 2)[-1]: ActionClient(motion.node, action.kind, action.name)
            for action in actions
        }
        topics.subscription(motion.node, topics.PLANNED_PATH, self.paths.append)
        motion.until(lambda: all(client.server_is_ready() for client in self._clients.values()))

    def send(self, kind, goal):
        return self.motion.done(
            self._clients[kind].send_goal_async(goal, feedback_callback=self.motion.feedback.append)
        )

    def move(self, kind, goal):
        return self.motion.answer(self.send(kind, goal))

    def close(self):
        for client in self._clients.values():
            client.destroy()


@pytest.fixture
def make_mover(make_motion, tmp_path):
    poses = tmp_path / "poses.yaml"
    poses.write_text(POSES)
    made = []

    def build(**options):
        given = {"poses": str(poses), **options.pop("arm_parameters", {})}
        made.append(Mover(make_motion(arm_parameters=given, **options).enable_servos()))
        return made[-1]

    yield build
    for mover in made:
        mover.close()


@pytest.fixture
def mover(make_mover):
    return make_mover()


def at(mover):
    mover.motion.is_still()  # the goal is reached within its tolerance, a moment before
    return mover.motion.servos.position["waist"], mover.motion.servos.position["elbow"]


def test_to_joint_values_and_to_a_named_pose(mover):
    assert mover.move("joints", joints_goal([[0.3]], joints=["waist"])).status == SUCCEEDED
    assert at(mover) == pytest.approx((0.3, 0.0), abs=2e-3)
    assert mover.motion.feedback
    named = FollowJointTrajectory.Goal()
    named.trajectory.joint_names = ["side", "up"]
    assert mover.move("joints", named).status == SUCCEEDED
    assert at(mover) == pytest.approx((0.4, -0.5), abs=2e-3)
    assert mover.motion.servos.refused == []
    mover.motion.until(lambda: mover.paths)
    assert list(mover.paths[-1].points[-1].positions) == pytest.approx([0.4, -0.5], abs=2e-3)


def test_a_preview_tells_figures_and_path_and_moves_nothing(mover):
    answer = mover.move("joints", joints_goal([[0.5, 0.2]], preview=True))
    assert answer.status == SUCCEEDED
    figures = json.loads(answer.result.error_string)
    assert 0.5 < figures["duration"] < 2.0
    assert figures["limit_margin"] == pytest.approx(1.3, abs=0.01)
    mover.motion.until(lambda: mover.paths)
    assert mover.paths[-1].header.frame_id == "preview"
    assert mover.motion.servos.segments == []
    assert mover.move("joints", joints_goal([[0.2, 0.0]])).status == SUCCEEDED


def slow_goal(seconds, preview=False):
    goal = joints_goal([[1.0, 0.2]], preview=preview)
    goal.trajectory.points[-1].time_from_start = to_duration(seconds)
    return goal


def test_a_preview_of_ten_minutes_lets_a_goal_go_on_meanwhile(mover):
    preview = mover.send("joints", slow_goal(600.0, preview=True))
    result = preview.get_result_async()
    assert mover.motion.follow(smooth(0.5, 0.1, 0.0)).status == SUCCEEDED
    assert mover.motion.servos.refused == []
    mover.motion.until(result.done)
    assert json.loads(result.result().result.error_string)["duration"] == pytest.approx(600.0)


def test_a_preview_may_be_canceled_and_a_stop_ends_it_and_the_arm_goes_on(mover):
    preview = mover.send("joints", slow_goal(3600.0, preview=True))
    running = mover.motion.send(smooth(1.0, 0.1, 0.0))
    mover.motion.done(preview.cancel_goal_async())
    assert mover.motion.answer(preview).status == CANCELED
    assert mover.motion.answer(running).status == SUCCEEDED
    preview = mover.send("joints", slow_goal(3600.0, preview=True))
    mover.motion.done(mover.motion.stop_client.call_async(Trigger.Request()))
    assert "stopped by arm_controller/stop" in mover.motion.answer(preview).result.error_string


def test_a_move_that_takes_longer_than_an_hour_is_refused_with_the_bound(mover):
    assert "up to 3600 s" in mover.move("joints", slow_goal(3601.0)).result.error_string


def test_to_a_place_of_the_tool_and_beside_it(mover):
    # The arm of two joints: 0.2 m to the elbow, 0.1 m on to the tool, 0.1 m high.
    assert mover.move("to", poses_goal((0.0, 0.3, 0.1))).status == SUCCEEDED
    assert at(mover) == pytest.approx((1.5708, 0.0), abs=1e-3)


def test_an_arc_and_a_line_are_followed(mover):
    turn = Quaternion(x=0.0, y=0.0, z=0.0998334, w=0.9950042)  # 0.2 rad about z, as the waist turns it
    arc = poses_goal((0.298500, 0.029950, 0.1), (0.294020, 0.059601, 0.1), rotation=turn)
    assert mover.move("arc", arc).status == SUCCEEDED
    assert at(mover) == pytest.approx((0.2, 0.0), abs=2e-3)


@pytest.mark.parametrize(
    ("kind", "goal", "says"),
    [
        ("joints", joints_goal([[3.0]], joints=["waist"]), r"position of waist: 3\.0.*-2 to 2 rad"),
        ("joints", joints_goal([[0.1]], joints=["tail"]), r"tail"),
        (
            "joints",
            joints_goal([[0.01]], joints=["gripper"]),
            r"'gripper' refused; it is the gripper's: .*armature gripper POSITION",
        ),
        ("joints", joints_goal([], joints=["home"]), r"'home'.*side, up"),
        ("joints", poses_goal((0.2, 0.0, 0.1)), "move_to takes poses"),
        ("to", joints_goal([[0.1, 0.0]]), "move_joints takes joints"),
        (
            "to",
            poses_goal((0.9, 0.0, 0.1)),
            r"pose 1: \[0\.9, 0\.0, 0\.1\].*nearest is \(0\.3\d*, .* 0\.6\d* m and",
        ),
        (
            "to",
            poses_goal((0.2, 0.0, 0.1), frame="map"),
            r"header\.frame_id: 'map'.*base_link, tool0 or tool0/base",
        ),
        ("to", poses_goal(), "one pose at least"),
        (
            "to",
            poses_goal((0.2, 0.0, 0.1), rotation=Quaternion(x=1.0, y=1.0, z=0.0, w=0.0)),
            "rotation of length 1",
        ),
        ("line", poses_goal((0.05, 0.0, 0.0), frame="tool0"), "the way at .*nearest is"),
        ("arc", poses_goal((0.0, 0.3, 0.1)), "an arc has two"),
        ("line", at_speed(poses_goal((0.28, 0.03, 0.1)), -0.1), r"linear\.x: -0\.1 refused; give 0 .* 100 m/s"),
        ("to", at_speed(poses_goal((0.28, 0.03, 0.1)), 0.1), "a line or an arc takes a speed of the tool"),
    ],
)
def test_a_bad_move_is_refused_with_its_numbers_before_anything_moves(mover, kind, goal, says):
    answer = mover.move(kind, goal)
    assert answer.status == ABORTED
    assert re.search(says, answer.result.error_string), answer.result.error_string
    assert mover.motion.servos.segments == []


@pytest.mark.parametrize(
    ("kind", "goal", "field"),
    [
        ("joints", joints_goal([[0.3, 0.0]]), "trajectory"),
        ("joints", joints_goal([[0.3, 0.0]], preview=True), "trajectory"),
        ("to", poses_goal((0.28, 0.03, 0.1)), "multi_dof_trajectory"),
        ("line", poses_goal((0.28, 0.03, 0.1)), "multi_dof_trajectory"),
        ("arc", poses_goal((0.28, 0.03, 0.1), (0.27, 0.06, 0.1)), "multi_dof_trajectory"),
    ],
)
def test_a_move_cannot_be_put_off_by_a_stamp(mover, kind, goal, field):
    getattr(goal, field).header.stamp.sec = 2_000_000_000
    answer = mover.move(kind, goal)
    assert answer.status == ABORTED
    assert answer.result.error_string.startswith(f"{field}.header.stamp: 2000000000.0 refused; leave it 0")
    assert mover.motion.servos.segments == []


def test_a_move_is_planned_with_the_gripper_where_it_is(make_mover):
    """It hangs down by as much as it is open."""
    finger = '<link name="left"><collision><geometry><box size="0.01 0.01 0.01"/></geometry></collision></link>'
    hanging = URDF.replace('<link name="left"/>', finger).replace('upper="0.03"', 'upper="0.09"')
    hanging = hanging.replace(
        '<child link="left"/><axis xyz="0 1 0"/>', '<child link="left"/><axis xyz="0 0 -1"/>'
    )
    mover = make_mover(urdf=hanging, rest=(0.0, 0.0, 0.075))
    asked = joints_goal([[0.1, 0.0]], preview=True)
    assert json.loads(mover.move("joints", asked).result.error_string)["clearance"] == pytest.approx(
        0.02, abs=1e-3
    )
    mover.motion.servos.offset["gripper"] = -0.01
    mover.motion.until(lambda: mover.motion.arm.positions["gripper"] < 0.07)
    assert json.loads(mover.move("joints", asked).result.error_string)["clearance"] == pytest.approx(
        0.03, abs=1e-3
    )


def test_a_move_into_the_floor_is_refused(make_mover):
    mover = make_mover(urdf=SOLID)
    answer = mover.move("joints", joints_goal([[0.0, 1.0]]))
    assert "distance of lower to floor" in answer.result.error_string
    assert mover.motion.servos.segments == []


def test_a_move_that_takes_long_is_checked_to_its_end_before_anything_moves(make_mover):
    mover = make_mover(urdf=SOLID)
    goal = joints_goal([[0.0, 1.0]])
    goal.trajectory.points[-1].time_from_start = to_duration(60.0)
    answer = mover.move("joints", goal)
    assert "distance of lower to floor" in answer.result.error_string
    assert mover.motion.servos.segments == []


def test_a_jog_of_the_tool_ends_a_move_that_is_planned(mover):
    preview = mover.send("joints", slow_goal(3600.0, preview=True))
    result = preview.get_result_async()
    Operator(mover.motion).press(twist(y=0.05), result.done)
    assert "replaced by a jog" in result.result().result.error_string


def test_a_move_is_refused_while_the_arm_moves_and_while_it_is_not_enabled(mover):
    running = mover.motion.send(smooth(3.0, 0.6, 0.0))
    mover.motion.moved()
    assert "the arm moves; wait" in mover.move("joints", joints_goal([[0.0, 0.0]])).result.error_string
    mover.motion.done(running.cancel_goal_async())
    mover.motion.answer(running)
    mover.motion.servos.be("DISABLED")
    mover.motion.spin(0.2)
    answer = mover.move("joints", joints_goal([[0.0, 0.0]]))
    assert re.search("DISABLED.*run armature enable", answer.result.error_string)
    # What it would be can be asked at any time.
    assert mover.move("joints", joints_goal([[0.0, 0.0]], preview=True)).status == SUCCEEDED


def test_a_move_can_be_canceled(mover):
    handle = mover.send("joints", joints_goal([[1.5, 0.0]]))
    mover.motion.moved()
    mover.motion.done(handle.cancel_goal_async())
    assert mover.motion.answer(handle).status == CANCELED
    assert mover.motion.waist < 1.4
    mover.motion.is_still()


def test_the_tool_takes_its_arc_at_the_speed_asked_for(mover):
    arc = poses_goal((0.298500, 0.029950, 0.1), (0.294020, 0.059601, 0.1))
    arc.trajectory.header.frame_id = "preview"
    answer = mover.move("arc", at_speed(arc, 0.01))
    assert json.loads(answer.result.error_string)["duration"] == pytest.approx(6.0, abs=0.2)


def test_a_move_takes_as_long_as_it_is_asked_to(mover):
    goal = joints_goal([[0.2, 0.0]], preview=True)
    goal.trajectory.points[-1].time_from_start.sec = 7
    assert json.loads(mover.move("joints", goal).result.error_string)["duration"] == pytest.approx(7.0)


def test_a_move_of_a_disabled_arm_is_told_so_before_anything_that_is_in_its_way(make_mover):
    mover = make_mover(urdf=SOLID)
    mover.motion.servos.be("DISABLED")
    answer = mover.move("joints", joints_goal([[0.0, 1.0]]))
    assert answer.status == ABORTED
    assert re.search("DISABLED.*run armature enable", answer.result.error_string)


def test_a_park_pose_in_which_parts_overlap_is_refused_at_start(make_motion, tmp_path):
    (tmp_path / "poses.yaml").write_text("park: {waist: 0 rad, elbow: 1 rad, gripper: 0 mm}\n")
    motion = make_motion(urdf=SOLID)
    given = {"urdf": str(motion.urdf), "poses": str(tmp_path / "poses.yaml")}
    with pytest.raises(
        ValueError, match=r"park_pose: 'park' .*floor overlap there by .* mm, so the arm could not"
    ):
        motion.make(type(motion.arm), given)


# Poses that are saved while the controller runs


def test_a_pose_that_is_written_into_the_file_is_there_at_once(mover, tmp_path):
    refused = mover.move("joints", joints_goal([], joints=["low"])).result.error_string
    assert "'low' refused; without points it names poses; they are side, up; to add the present one: " in refused
    (tmp_path / "poses.yaml").write_text(f"{POSES}low: {{waist: -0.3 rad, elbow: 0.1 rad}}\n")
    assert mover.move("joints", joints_goal([], joints=["low"])).status == SUCCEEDED
    assert at(mover) == pytest.approx((-0.3, 0.1), abs=2e-3)
    (tmp_path / "poses.yaml").write_text(POSES.replace("0.4 rad", "0.1 rad"))
    assert mover.move("joints", joints_goal([], joints=["up"])).status == SUCCEEDED
    assert at(mover) == pytest.approx((0.1, -0.5), abs=2e-3)


def test_a_file_that_cannot_be_used_any_more_is_told_and_the_poses_stay(mover, tmp_path):
    (tmp_path / "poses.yaml").write_text("up: [")
    assert mover.move("joints", joints_goal([], joints=["up"])).status == SUCCEEDED
    (tmp_path / "poses.yaml").write_text("up: {waist: 9 rad, elbow: 0 rad}\n")
    warnings = []
    mover.motion.arm.reports.warn = warnings.append
    assert mover.move("joints", joints_goal([], joints=["up"])).status == SUCCEEDED
    assert at(mover) == pytest.approx((0.4, -0.5), abs=2e-3)
    assert re.search(r"poses as they were: .*poses.yaml: up.waist: '9 rad'", warnings[0])
