"""Ratings of a servo at its output shaft, and the inertia of its rotor there."""

from __future__ import annotations

import math
from dataclasses import dataclass

from armature.core.model.arm import ArmModel

# Mechanical time constant of such motors, typically 5 ms to 20 ms. It gives the inertia of the rotor:
# time constant = inertia · no-load speed / stall torque.
_MECHANICAL_TIME = 12e-3  # [s]


@dataclass(frozen=True)
class DriveRatings:
    """Ratings of a servo at its output shaft, behind the gear."""

    stall_torque: float  # [N·m]
    no_load_speed: float  # [rad/s]; infinite where it is not known

    @property
    def rotor_inertia(self) -> float:
        """Inertia of its rotor, reflected to the joint [kg·m²]."""
        return _MECHANICAL_TIME * self.stall_torque / self.no_load_speed


def ratings_from_urdf(arm: ArmModel) -> dict[str, DriveRatings]:
    """Ratings as far as a URDF gives them: the effort limit of each joint, at any speed."""
    return {
        joint.name: DriveRatings(joint.limit.effort, math.inf) for joint in arm.driven if joint.limit is not None
    }
