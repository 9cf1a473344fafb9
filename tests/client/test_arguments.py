"""What the verbs of an arm take, and what they refuse before anything moves."""

from __future__ import annotations

import pytest

from armature.errors import CommandRefused, GoalRefused, MotionFailed, ProcessError

pytestmark = pytest.mark.usefixtures("nothing_left")


def place(graph):
    return {joint: graph.motion.servos.position[joint] for joint in ("waist", "elbow")}


def test_what_was_read_can_be_sent_back_and_the_gripper_stays(graph, arm):
    graph.do(lambda: arm.move(waist=0.2, elbow=0.3))
    graph.do(lambda: arm.gripper(0.01))
    read = [graph.do(lambda: arm.positions)]
    graph.do(lambda: arm.move(waist=0.0, elbow=0.1))
    read.append(graph.do(lambda: arm.positions))
    graph.do(lambda: arm.gripper(0.02))
    graph.do(lambda: arm.move(read[0]))
    assert place(graph) == pytest.approx({"waist": 0.2, "elbow": 0.3}, abs=4e-3)
    graph.do(lambda: arm.follow([read[0], read[1]], [0.5, 2.0], velocities=[[0, 0]] * 2))
    assert place(graph) == pytest.approx({"waist": 0.0, "elbow": 0.1}, abs=4e-3)
    assert graph.motion.servos.position["gripper"] == pytest.approx(0.02, abs=1e-3)
    with pytest.raises(GoalRefused, match=r"arm\.gripper moves it"):
        graph.do(lambda: arm.move(gripper=0.01))
    with pytest.raises(MotionFailed, match="knee"):
        graph.do(lambda: arm.move(waist=0.1, knee=0.1))


def test_a_trajectory_of_some_joints_leaves_the_others_where_they_are(graph, arm):
    graph.do(lambda: arm.move(waist=0.2, elbow=0.3))
    graph.do(lambda: arm.follow([{"elbow": 0.1}], [0.5], velocities=[[0]]))
    assert place(graph) == pytest.approx({"waist": 0.2, "elbow": 0.1}, abs=2e-3)
    graph.do(lambda: arm.follow([[0.1]], [0.5], joints=["waist"], velocities=[[0]]))
    assert place(graph) == pytest.approx({"waist": 0.1, "elbow": 0.1}, abs=2e-3)


def test_a_motion_is_printed_with_how_it_has_ended(graph, arm):
    motion = graph.do(lambda: arm.move(waist=0.0, elbow=0.0, seconds=1.0, wait=False))
    assert str(motion) == "move: under way"
    graph.do(motion.wait)
    assert str(motion) == f"{motion!r}" == "move: goal reached"


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (lambda arm: arm.move(0.1, 0.2, 0.3, 0, 0, 0), "move_to takes a place of the tool"),
        (lambda arm: arm.move(waist=0.1, timeout="soon"), "timeout: 'soon' refused"),
        (lambda arm: arm.follow([0.1, 0.2], [1.0, 2.0]), "give a list of numbers, of waist, elbow"),
        (lambda arm: arm.follow({"waist": 0.1}, [1.0]), "rows: .* refused; give a list"),
        (lambda arm: arm.arc(0.1, 0.2), "place: 0.1 refused; give x, y, z"),
        (lambda arm: arm.jog(0.2), r"jog: 0\.2 refused; name the joints"),
        (lambda arm: arm.jog(seconds=0.1), "jog: nothing is given; name the joints"),
        (lambda arm: arm.free(), "free: nothing is given; name the joints to be guided"),
        (lambda arm: arm.free(["elbow"]), "name the joints to be guided, as in free"),
        (lambda arm: arm.payload(0.1, at=0.05), "at: 0.05 refused; give x, y, z"),
    ],
)
def test_what_is_no_argument_is_refused_with_what_would_be(graph, arm, act, says):
    with pytest.raises(GoalRefused, match=says):
        graph.do(lambda: act(arm))


@pytest.mark.parametrize("name", ["jog", "free", "twist"])
def test_what_was_asked_for_and_not_begun_is_told_at_the_end_of_the_block(graph, name):
    arm = graph.arm()
    make = {"jog": lambda: arm.jog(waist=0.2), "free": lambda: arm.free("elbow"), "twist": arm.twist}
    graph.do(make[name])
    if name == "free":
        graph.do(lambda: make[name]().__enter__())  # another one
    with pytest.raises(CommandRefused, match=rf"{name} refused: nothing was done, .* write: with arm\.{name}\("):
        graph.do(lambda: arm.__exit__(None, None, None))
    with pytest.raises(ProcessError, match="it is closed"):
        _ = arm.state
