"""The files of a robot as the processes read them; the bus process too, which knows no rclpy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from armature.core.kinematics.mechanics import Mechanics
from armature.core.model.arm import ArmModel
from armature.core.model.poses import read_poses
from armature.core.model.urdf import read_urdf
from armature.core.model.xml_text import decode
from armature.description.files import read_file
from armature.description.shapes import with_shapes
from armature.dynamixel.wiring.arm import Wiring
from armature.errors import ConfigError


@dataclass(frozen=True)
class DescribedRobot:
    """What the files of a robot say."""

    arm: ArmModel
    wiring: Wiring
    poses: Mapping[str, Mapping[str, float]]


def read_arm(name: str, path: str | Path, with_collisions: bool = True) -> ArmModel:
    """The model of a URDF that a parameter names, or an option, which begins with a dash.

    Args:
        name: of the parameter or option.
        path: of the URDF.
        with_collisions: whether to read the meshes too, with which it collides.

    Raises:
        ConfigError: it, or a mesh that it names, cannot be read or used.
    """
    file = Path(path)
    try:
        content = file.read_bytes()
    except OSError as error:
        where = name if name.startswith("-") else f"parameter {name}"
        raise ConfigError(where, str(path), f"a readable text file is needed ({error.strerror})") from error
    arm = read_urdf(decode(content, file.name), file.name)
    return with_shapes(arm, file) if with_collisions else arm


def read_robot(urdf: Path, wiring: Path, poses: Path) -> DescribedRobot:
    """All files of a robot, read before any process is started that would refuse them.

    Raises:
        ConfigError: one that cannot be read or used.
    """
    arm = read_arm("--urdf", urdf)
    try:
        Mechanics(arm, [joint.name for joint in arm.driven])
    except ConfigError as error:  # MuJoCo's, of masses and inertias
        raise ConfigError(f"{urdf}: {error.where}", error.value, error.allowed) from error
    servos = Wiring.from_yaml(read_file("--wiring", wiring), arm, str(wiring))
    return DescribedRobot(arm, servos, read_poses(read_file("--poses", poses), arm, str(poses)))
