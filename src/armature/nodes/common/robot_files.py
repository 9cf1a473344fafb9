"""The files of a robot as the processes read them; the bus process too, which knows no rclpy."""

from __future__ import annotations

from pathlib import Path

from armature.core.kinematics.drive_ratings import DriveRatings
from armature.core.model.arm import ArmModel
from armature.core.model.urdf import read_urdf
from armature.dynamixel.wiring.arm import Wiring
from armature.nodes.common.files import read_file


def read_arm(name: str, path: str | Path, wiring: str | Path = "") -> ArmModel:
    """The model of a URDF that a parameter names, or an option, which begins with a dash.

    Args:
        name: of the parameter.
        path: of the URDF.
        wiring: file by which the arm is wired; "" for the arm as the URDF alone has it.

    Raises:
        ConfigError: it cannot be read or used.
    """
    arm = read_urdf(read_file(name, path), Path(path).name)
    return wire(arm, read_file("wiring", wiring), str(wiring))[0] if wiring else arm


def wire(arm: ArmModel, text: str, source: str) -> tuple[ArmModel, Wiring]:
    """An arm as it is wired, and its wiring.

    Args:
        arm: as its URDF describes it.
        text: of the wiring file.
        source: that file's name, for errors.

    Raises:
        ConfigError: it cannot be used for this arm.
    """
    wiring = Wiring.from_yaml(text, arm, source)
    return wiring.bound_continuous(wiring.fit(arm)), wiring


def drive_ratings(wiring: Wiring) -> dict[str, DriveRatings]:
    """What the servos of each joint can give there, by joint."""
    return {
        servo.joint: DriveRatings(
            servo.motors * servo.model.stall_torque * servo.reduction, servo.model.no_load_speed / servo.reduction
        )
        for servo in wiring.servos
    }
