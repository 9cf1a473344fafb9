from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.core.model.arm import Limit
from armature.dynamixel.motion.feedforward import Feedforward, Stiffness
from armature.dynamixel.motion.setpoints import Setpoint
from armature.dynamixel.tables.registry import servo_model
from armature.dynamixel.wiring.servo import ServoWiring

LIMITS = {"elbow": Limit(-2.0, 2.0, 2.0, 10.0)}
STIFF = Stiffness(torque=40.0, lag=0.06, max_deflection=0.15)
PERIOD = 0.01
SERVO = ServoWiring("elbow", 3, servo_model("XM540-W270"), 1, math.pi, 1.0)


def still(position, effort=math.nan):
    return {"elbow": Setpoint(position, 0.0, 0.0, effort)}


def after(feedforward, targets, cycles, begin=0.0):
    """Goals of so many cycles."""
    return [feedforward.goals(targets, begin + PERIOD * cycle)["elbow"] for cycle in range(cycles)]


@pytest.fixture
def feedforward():
    return Feedforward({"elbow": STIFF}, LIMITS)


def test_without_a_load_a_resting_joint_is_sent_to_its_set_point(feedforward):
    assert after(feedforward, still(0.3), 20) == [0.3] * 20


def test_a_load_comes_on_slowly_and_then_stays(feedforward):
    goals = after(feedforward, still(0.3, effort=1.2), 60)
    assert goals[0] == 0.3
    assert max(b - a for a, b in pairwise(goals)) <= 0.05 * 2.0 * PERIOD + 1e-12
    assert goals[-1] == pytest.approx(0.3 + 1.2 / 40.0)
    assert after(feedforward, still(0.3), 5, begin=1.0)[-1] == goals[-1]


def test_a_moving_joint_is_led_by_what_it_lags(feedforward):
    target = {"elbow": Setpoint(0.3, 0.5, 0.0)}
    assert after(feedforward, target, 3)[-1] == pytest.approx(0.3 + 0.5 * (0.06 + PERIOD))


def test_joints_whose_goals_were_set_begin_without_a_lead(feedforward):
    after(feedforward, still(0.3, effort=1.2), 60)
    feedforward.reset(["elbow"])
    assert feedforward.goals(still(0.35), 0.6)["elbow"] == pytest.approx(0.35)


@given(st.floats(-2.1, 2.1), st.floats(-2.0, 2.0), st.floats(-1e4, 1e4))
def test_no_goal_lies_beyond_the_limits_nor_further_than_a_load_may_deflect_it(position, velocity, effort):
    feedforward = Feedforward({"elbow": STIFF}, LIMITS)
    goals = after(feedforward, {"elbow": Setpoint(position, velocity, 0.0, effort)}, 300)
    assert all(min(-2.0, position) <= goal <= max(2.0, position) for goal in goals)
    assert abs(goals[-1] - position) <= 0.15 + 2.0 * 0.07 + 1e-9


def test_a_joint_that_is_not_known_goes_exactly_to_its_set_point():
    assert after(Feedforward({}, LIMITS), {"elbow": Setpoint(0.3, 0.5, 0.0, 3.0)}, 5) == [0.3] * 5


def test_stiffness_follows_from_the_gain_and_the_ratings():
    # KP = 800 / 128 = 6.25 a tick; 651.9 ticks a radian; 885 for the whole voltage; 10.6 N·m and 30 rev/min.
    found = Stiffness.of(SERVO, 800)
    duty = 6.25 * 4096 / (2.0 * math.pi) / 885.0
    assert found.torque == pytest.approx(10.6 * duty, rel=1e-3)
    assert found.lag == pytest.approx(1.0 / (30.0 * 2.0 * math.pi / 60.0) / duty, rel=1e-3)
    assert Stiffness.of(SERVO, 400).torque == pytest.approx(found.torque / 2.0)
