"""Wiring files of tests as somebody has confirmed them, so that their arms move at full speed."""

from __future__ import annotations

from armature.core.model.arm import ArmModel
from armature.dynamixel.wiring.arm import Wiring
from armature.dynamixel.wiring.edit import with_confirmation


def confirmed(text: str, arm: ArmModel) -> str:
    """The text of a wiring file with the stamp that fits it."""
    return with_confirmation(text, Wiring.from_yaml(text, arm).digest, "servos.yaml")
