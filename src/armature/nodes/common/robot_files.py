"""The files of a robot as the processes read them; the bus process too, which knows no rclpy."""

from __future__ import annotations

from pathlib import Path

from armature.core.model.arm import ArmModel
from armature.core.model.urdf import read_urdf
from armature.nodes.common.files import read_file


def read_arm(name: str, path: str | Path) -> ArmModel:
    """The model of a URDF that a parameter names, or an option, which begins with a dash.

    Raises:
        ConfigError: it cannot be read or used.
    """
    return read_urdf(read_file(name, path), Path(path).name)
