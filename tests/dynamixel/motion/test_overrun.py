"""A loop that was held up goes on from where the arm was sent last, not from where the clock has gone."""

from __future__ import annotations

import pytest

from armature.core.model.arm import Limit
from armature.dynamixel.motion.overrun import OverrunGuard
from armature.dynamixel.motion.setpoints import Setpoint

LIMITS = {"waist": Limit(-1.5, 1.5, 2.0, 4.0)}  # span 3 rad, so that 0.09 rad is far


def at(position: float) -> dict[str, Setpoint]:
    return {"waist": Setpoint(position, 0.0, 0.0)}


def test_a_late_cycle_is_no_pause():
    guard = OverrunGuard(LIMITS)
    guard.note(at(0.1), 10.0)
    assert guard.find_pause(at(0.2), 10.05) == 0.0


def test_a_pause_in_motion_is_told_with_its_length_and_where_the_arm_was_sent():
    guard = OverrunGuard(LIMITS)
    guard.note(at(0.1), 10.0)
    assert guard.find_pause(at(0.9), 10.8) == pytest.approx(0.8)
    assert guard.positions == {"waist": 0.1}


def test_a_small_step_after_a_pause_is_caught_up_with():
    guard = OverrunGuard(LIMITS)
    guard.note(at(0.1), 10.0)
    assert guard.find_pause(at(0.18), 10.15) == 0.0


def test_a_pause_at_rest_is_of_no_consequence():
    guard = OverrunGuard(LIMITS)
    guard.note(at(0.1), 10.0)
    assert guard.find_pause(at(0.1), 99.0) == 0.0


def test_what_was_sent_before_the_torque_went_off_is_forgotten():
    guard = OverrunGuard(LIMITS)
    guard.note(at(0.1), 10.0)
    guard.reset()
    assert guard.find_pause(at(0.9), 20.0) == 0.0


@pytest.mark.parametrize("limit", [20.0, float("inf")])
def test_a_joint_of_many_turns_is_held_to_the_steps_of_one(limit):
    guard = OverrunGuard({"drum": Limit(-limit, limit, 6.0, 4.0)})
    guard.note({"drum": Setpoint(0.0, 0.0, 0.0)}, 10.0)
    assert guard.find_pause({"drum": Setpoint(0.18, 0.0, 0.0)}, 10.15) == 0.0
    assert guard.find_pause({"drum": Setpoint(0.2, 0.0, 0.0)}, 10.15) == pytest.approx(0.15)
