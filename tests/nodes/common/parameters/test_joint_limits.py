"""Limits until directions and zeros are confirmed: one place makes them a tenth for all nodes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from armature.bench.simulation.virtual import ARM, JOINTS, WIRING
from armature.core.trajectory.stopping import Dynamics
from armature.nodes.common.parameters.joint_limits import ArmLimits

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
