"""Groups of joints for the tests of motion."""

from __future__ import annotations

import numpy as np

from armature.core.trajectory.limits import GroupLimits

JOINTS = ("waist", "elbow")


def group(joints=JOINTS, unit="rad", reach=2.0, velocity=2.0, acceleration=4.0, jerk=40.0):
    n = len(joints)
    return GroupLimits(
        joints=tuple(joints),
        units=(unit,) * n,
        lower=np.full(n, -reach),
        upper=np.full(n, reach),
        velocity=np.full(n, velocity),
        acceleration=np.full(n, acceleration),
        jerk=np.full(n, jerk),
    )
