"""Set-point segments tell what the joints carry."""

from __future__ import annotations

from ..motion_graph import SUCCEEDED, smooth
from .test_checks import SOLID


def test_segments_of_an_arm_with_mass_tell_the_load_of_the_joint_that_lifts(make_motion):
    motion = make_motion(urdf=SOLID).enable_servos()
    assert motion.follow(smooth(0.5, 0.2, 0.0)).status == SUCCEEDED
    efforts = [point.effort for segment in motion.servos.segments for point in segment.points]
    assert all(len(row) == 2 for row in efforts)
    assert all(abs(waist) < 1e-6 < abs(elbow) for waist, elbow in efforts)
    assert motion.servos.refused == []


def test_they_are_left_out_where_nobody_wants_them(make_motion):
    motion = make_motion(urdf=SOLID, arm_parameters={"feedforward.gravity": False}).enable_servos()
    assert motion.follow(smooth(0.5, 0.2, 0.0)).status == SUCCEEDED
    assert not any(len(point.effort) for segment in motion.servos.segments for point in segment.points)
