"""Limits until directions and zeros are confirmed: one place makes them a tenth for all nodes."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from armature.bench.simulation.virtual import ARM, JOINTS, WIRING
from armature.core.trajectory.limits import GroupLimits
from armature.core.trajectory.stopping import Dynamics
from armature.errors import named
from armature.nodes.common.parameters.joint_limits import ArmLimits, find_disagreement, limit_values

LIMITS = ArmLimits(ARM, {joint: Dynamics(4.0, 40.0) for joint in JOINTS})


def test_a_confirmed_wiring_leaves_them_whole():
    limits = LIMITS.within(WIRING)
    assert (limits.is_reduced, limits.note) == (False, "")
    assert limits.arm == ARM
    assert limits.dynamics == LIMITS.dynamics


def test_without_it_velocity_acceleration_and_jerk_are_a_tenth_and_ranges_stay():
    limits = LIMITS.within(replace(WIRING, confirmed=""))
    assert limits.is_reduced
    assert "armature calibrate" in limits.note
    for joint in JOINTS:
        whole, left = ARM.limit(joint), limits.arm.limit(joint)
        assert (left.lower, left.upper, left.effort) == (whole.lower, whole.upper, whole.effort)
        assert left.velocity == pytest.approx(0.1 * whole.velocity)
        assert limits.dynamics[joint] == Dynamics(pytest.approx(0.4), pytest.approx(4.0))


def of_group(limits):
    """The limits of a controller of all joints."""
    dynamics = limits.dynamics
    return GroupLimits.of(
        limits.arm,
        JOINTS,
        {joint: dynamics[joint].acceleration for joint in JOINTS},
        {joint: dynamics[joint].jerk for joint in JOINTS},
        limits.note,
    )


def told(limits):
    """What the state of a servo interface with these limits has."""
    return limit_values(limits.arm, limits.dynamics) | ({"limits": "reduced"} if limits.is_reduced else {})


def narrowed(**changes):
    joint = JOINTS[1]
    return replace(LIMITS, arm=ARM.limited({joint: replace(ARM.limit(joint), **changes)}))


WHOLE, REDUCED = LIMITS.within(WIRING), LIMITS.within(replace(WIRING, confirmed=""))
SLUGGISH = replace(LIMITS, dynamics={**LIMITS.dynamics, JOINTS[1]: Dynamics(4.0, 39.9)})


@pytest.mark.parametrize(
    ("own", "servo_interface", "why"),
    [
        (WHOLE, WHOLE, ""),
        (REDUCED, REDUCED, ""),
        (WHOLE, REDUCED, f"its velocity limit of {JOINTS[0]} is .*, the servo interface's "),
        (REDUCED, WHOLE, "it keeps limits of a tenth, and was started before the servo interface"),
        (LIMITS, narrowed(lower=-0.1), f"its lower limit of {JOINTS[1]} is .*, the servo interface's -0.1"),
        (LIMITS, narrowed(upper=0.1), f"its upper limit of {JOINTS[1]} is .*, the servo interface's 0.1"),
        (narrowed(lower=-0.1, upper=0.1, velocity=0.1), LIMITS, ""),
        (LIMITS, SLUGGISH, f"its jerk limit of {JOINTS[1]} is 40, the servo interface's 39.9"),
    ],
)
def test_a_controller_with_wider_limits_than_the_servo_interface_is_told_which(own, servo_interface, why):
    found = find_disagreement(of_group(own), own.arm, told(servo_interface))
    assert bool(found) is bool(why)
    assert re.match(why, found), found


def test_a_servo_interface_that_tells_no_limits_agrees():
    assert find_disagreement(of_group(REDUCED), ARM, {"torque": "on"}) == ""


def test_a_controller_to_which_a_joint_counts_as_fixed_that_the_servo_interface_moves_is_told():
    without = ARM.joints[[joint.name for joint in ARM.joints].index(JOINTS[1])]
    fixed = replace(
        ARM, joints=tuple(replace(each, kind="fixed") if each is without else each for each in ARM.joints)
    )
    found = find_disagreement(of_group(LIMITS), fixed, told(LIMITS))
    assert found == f"it takes {named(JOINTS[1])} for fixed, the servo interface moves it"
