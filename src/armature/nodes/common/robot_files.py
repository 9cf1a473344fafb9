"""The files of a robot as the processes read them; the bus process too, which knows no rclpy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from armature.core.kinematics.mechanics import Mechanics
from armature.core.model.arm import ArmModel
from armature.core.model.poses import read_poses
from armature.core.model.urdf import read_urdf
from armature.description.files import read_file
from armature.dynamixel.wiring.arm import Wiring
from armature.errors import ConfigError


@dataclass(frozen=True)
class DescribedRobot:
    """What the files of a robot say."""

    arm: ArmModel
    wiring: Wiring
    poses: Mapping[str, Mapping[str, float]]


def read_arm(name: str, path: str | Path) -> ArmModel:
    """The model of a URDF that a parameter names, or an option, which begins with a dash.

    Raises:
        ConfigError: it cannot be read or used.
    """
    return read_urdf(read_file(name, path), Path(path).name)


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
