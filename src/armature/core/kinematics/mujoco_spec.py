"""A URDF as MuJoCo reads it: where every model that MuJoCo computes begins."""

from __future__ import annotations

from typing import Any

import mujoco

from armature.core.model.arm import ArmModel


def read_spec(arm: ArmModel) -> Any:
    """The arm as a specification of MuJoCo's, to be completed and compiled.

    Raises:
        ValueError: MuJoCo cannot read it.
    """
    spec = mujoco.MjSpec.from_string(arm.urdf)
    # Links without mass, such as tool0, stay bodies of their own, and the base is not the world.
    spec.compiler.fusestatic = False
    return spec
