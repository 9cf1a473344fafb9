"""Errors of the program itself: each ends one request, and the arm comes to rest at the worst."""

from __future__ import annotations

import numpy as np
import pytest
from control_msgs.msg import JointJog
from std_srvs.srv import SetBool, Trigger

from armature.nodes.common import topics

from ..motion_graph import ABORTED, SUCCEEDED, smooth
from .test_checks import SOLID
from .test_checks_ahead import long_goal
from .test_twist import Operator, twist

ERRORS = (ValueError, OverflowError, np.linalg.LinAlgError, AssertionError)


def breaks(monkeypatch, owner, name, kind=ValueError):
    """Let a method raise what is no error of Armature's."""

    def broken(*_given, **_named):
        raise kind("broken on purpose")

    monkeypatch.setattr(owner, name, broken)


def works_again(motion, monkeypatch):
    """Nothing is left of the error: the arm rests, and follows the next goal."""
    motion.is_still()
    monkeypatch.undo()
    assert motion.follow(smooth(0.5, motion.waist + 0.1, 0.0)).status == SUCCEEDED
    assert motion.servos.refused == []


def ended_in_error(answer, kind="ValueError"):
    return answer.status == ABORTED and f"internal error: {kind}: broken" in answer.result.error_string


@pytest.mark.parametrize("kind", ERRORS)
def test_an_error_in_planning_refuses_the_goal_and_the_one_that_moves_goes_on(motion, monkeypatch, kind):
    moving = motion.send(smooth(1.0, 0.5, 0.0))
    motion.moved()
    breaks(monkeypatch, motion.arm.control, "plan", kind)
    assert ended_in_error(motion.follow(smooth(1.0, 0.0, 0.0)), kind.__name__)
    assert motion.answer(moving).status == SUCCEEDED
    works_again(motion, monkeypatch)


def test_an_error_in_a_trajectory_of_the_topic_is_told_and_the_goal_goes_on(motion, monkeypatch):
    operator, goals = Operator(motion), topics.publisher(motion.node, topics.JOINT_TRAJECTORY)
    motion.until(lambda: goals.get_subscription_count() > 0)
    moving = motion.send(smooth(1.5, 0.5, 0.0))
    motion.moved()
    breaks(monkeypatch, motion.arm.control, "plan")
    goals.publish(smooth(1.0, 0.0, 0.0))
    motion.until(lambda: any("joint_trajectory: internal error" in text for text in operator.said))
    answer = motion.answer(moving)
    assert answer.status == SUCCEEDED, (answer.result, motion.servos.refused)


def test_an_error_as_a_goal_begins_ends_it_and_the_one_before_at_rest(motion, monkeypatch):
    moving = motion.send(smooth(3.0, 1.0, 0.0))
    motion.moved()
    breaks(monkeypatch, motion.arm.control, "begin")
    assert ended_in_error(motion.follow(smooth(1.0, 0.0, 0.0)))
    assert ended_in_error(motion.answer(moving))
    works_again(motion, monkeypatch)
    assert motion.waist < 0.8


def test_an_error_in_renewing_the_motion_ends_it_at_rest(motion, monkeypatch):
    moving = motion.send(smooth(3.0, 1.0, 0.0))
    motion.moved()
    breaks(monkeypatch, motion.arm, "with_efforts", np.linalg.LinAlgError)
    assert ended_in_error(motion.answer(moving), "LinAlgError")
    works_again(motion, monkeypatch)
    assert motion.waist < 0.8


def test_an_error_in_the_first_segment_moves_nothing(motion, monkeypatch):
    breaks(monkeypatch, motion.arm, "with_efforts")
    assert ended_in_error(motion.follow(smooth(1.0, 0.5, 0.0)))
    assert motion.servos.segments == []
    motion.spin(1.1)
    works_again(motion, monkeypatch)


def test_an_error_in_checking_a_reading_ends_the_goal_at_rest(motion, monkeypatch):
    moving = motion.send(smooth(3.0, 1.0, 0.0))
    motion.moved()
    breaks(monkeypatch, motion.arm.control.state, "note_reading")
    assert ended_in_error(motion.answer(moving))
    works_again(motion, monkeypatch)


def test_an_error_in_a_check_ahead_of_the_motion_ends_it_at_rest(make_motion, monkeypatch):
    motion = make_motion(urdf=SOLID).enable_servos()
    checked = motion.send(long_goal())
    breaks(monkeypatch, motion.arm._goals._goal.check, "advance")
    assert ended_in_error(motion.answer(checked))
    works_again(motion, monkeypatch)


def test_an_error_in_a_cancel_stops_the_arm_all_the_same(motion, monkeypatch):
    moving = motion.send(smooth(3.0, 1.0, 0.0))
    motion.moved()
    breaks(monkeypatch, motion.arm.control, "cancel")
    assert motion.done(moving.cancel_goal_async()).goals_canceling == []
    assert ended_in_error(motion.answer(moving))
    works_again(motion, monkeypatch)


def test_an_error_in_a_service_stops_the_arm_and_is_answered(motion, monkeypatch):
    for client, request, name in (
        (motion.stop_client, Trigger.Request(), "stop"),
        (motion.pause_client, SetBool.Request(data=True), "pause"),
    ):
        moving = motion.send(smooth(3.0, motion.waist + 0.5, 0.0))
        motion.moved(abs(motion.waist) + 0.02)
        breaks(monkeypatch, motion.arm.control, name)
        said = motion.done(client.call_async(request))
        assert not said.success
        assert "internal error: ValueError" in said.message
        assert ended_in_error(motion.answer(moving))
        works_again(motion, monkeypatch)


def test_an_error_in_a_jog_or_a_twist_is_told_and_what_moves_comes_to_rest(motion, monkeypatch):
    operator = Operator(motion)
    moving = motion.send(smooth(3.0, 1.0, 0.0))
    motion.moved()
    breaks(monkeypatch, motion.arm.control, "jog")
    motion.jogs.publish(JointJog(joint_names=["waist"], velocities=[0.1]))
    assert ended_in_error(motion.answer(moving))
    motion.until(lambda: any("internal error: ValueError" in text for text in operator.said))
    works_again(motion, monkeypatch)
    breaks(monkeypatch, motion.arm.control, "follow_for_lease", np.linalg.LinAlgError)
    operator.press(twist(y=0.05), lambda: any("internal error: LinAlgError" in text for text in operator.said))
    works_again(motion, monkeypatch)


def test_an_error_in_telling_of_an_error_is_kept_too(motion, monkeypatch):
    moving = motion.send(smooth(3.0, 1.0, 0.0))
    motion.moved()
    breaks(monkeypatch, motion.arm.reports._diagnostics, "publish")
    motion.spin(1.2)
    motion.is_still()
    monkeypatch.undo()
    assert motion.answer(moving).status == ABORTED
