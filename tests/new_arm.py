"""An arm of five factory-new servos in odd conditions, and what a person does to set it up and calibrate it.

Beside an emulator in another process, what a person does goes there as a line (tests/system/workbench.py).
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from armature.core.model.poses import read_poses
from armature.dynamixel.tables.roles import Role
from armature.dynamixel.wiring.arm import Wiring
from armature.emulator.bus.bus import EmulatedBus
from armature.emulator.faults.board import FaultBoard
from armature.emulator.faults.catalogue import Place
from armature.nodes.common.robot_files import read_arm
from armature.robots import find_robot

ROBOT = find_robot("open_manipulator_x")
ARM = read_arm("URDF", ROBOT.urdf)
SHIPPED = Wiring.from_yaml(ROBOT.wiring_text, ARM)
POSES = read_poses(ROBOT.poses.read_text("utf-8"), ARM)
JOINTS = SHIPPED.joints
ZERO = dict.fromkeys(JOINTS, 0.0)
SLIP = math.radians(10.0)
# As it is built: joint2 is mirrored, and the horn of joint3 sits 10 deg from where it is thought to be.
BUILT = replace(
    SHIPPED,
    servos=tuple(
        replace(
            servo,
            direction=-servo.direction if servo.joint == "joint2" else servo.direction,
            zero_offset=servo.zero_offset + (SLIP if servo.joint == "joint3" else 0.0),
        )
        for servo in SHIPPED.servos
    ),
)
_FACTORY = 0xFF
Step = tuple[str, "str | Callable[[], object]"]


def make_new(bus: EmulatedBus) -> None:
    """Leave the servos as they come: one has had another mode, one has turned the other way round before."""
    for joint in JOINTS:
        bus.servo(joint).factory_reset(_FACTORY)
        bus.servo(joint).line_breaks = 1
    bus.servo("joint4").registers[Role.OPERATING_MODE] = 4
    bus.servo("joint1").registers[Role.DRIVE_MODE] = 9


def connect_one(bus: EmulatedBus, joint: str) -> None:
    """Have the servo of a joint alone on the bus; all of them with an empty name."""
    for name in JOINTS:
        bus.servo(name).line_breaks = int(bool(joint) and name != joint)


def put_in_pose(faults: FaultBoard, pose: dict[str, float]) -> None:
    """Put the limp arm in a pose, and hold it there."""
    for joint, position in pose.items():
        faults.inject(Place(joint, position))


def write_folder(folder: Path) -> Path:
    """The arm's files as its owner writes them first: directions and zeros guessed, poses of the arm alone."""
    folder.mkdir()
    shutil.copy(ROBOT.urdf, folder / "my_arm.urdf")
    poses = ROBOT.poses.read_text("utf-8").splitlines(keepends=True)
    (folder / "poses.yaml").write_text("".join(line for line in poses if "gripper" not in line), "utf-8")
    (folder / "servos.yaml").write_text(ROBOT.wiring_text.partition("# Directions")[0], "utf-8")
    return folder


class Person(Protocol):
    """Whose hands do what no command can."""

    def connect(self, joint: str) -> str:
        """Have this servo alone on the bus; returns what is typed then."""

    def push(self, joint: str, position: float) -> Callable[[], object]:
        """What pushes a limp joint to a position [rad] or [m]."""


def setting_up(person: Person) -> list[Step]:
    """The dialogue of the set-up, servo by servo; once the person forgets to exchange them."""
    script: list[Step] = []
    for number, joint in enumerate(JOINTS):
        if number == 1:
            script += [(f"{joint}: connect", "\n"), ("Make it that of joint2 all the same? [y/N]", "n\n")]
        script += [(f"{joint}: connect", lambda joint=joint: person.connect(joint)), ("EEPROM? [y/N]", "y\n")]
    return script


# A busy computer may lose an answer, or read too late; a person is told so, and presses Enter again.
REFUSED = "error: "


def set_up_again(left: list[Step]) -> list[Step]:
    """How the set-up goes on where a servo was refused: once more, with its question where that was answered."""
    was_asked = not left or "connect" in left[0][0]
    return [("then press Enter", "\n"), *([("EEPROM? [y/N]", "y\n")] if was_asked else []), *left]


def hold_again(left: list[Step]) -> list[Step]:
    """How the calibration goes on where a pose was refused."""
    return [("joint1", "\n"), *left]


def calibrating(person: Person) -> list[Step]:
    """The dialogue of the calibration of all joints, the mirrored one among them."""
    script: list[Step] = [("and press Enter", "\n"), ("Test the directions", "\n")]
    script += [("joint1: push it", person.push("joint1", 0.5)), ("28.", "y")]
    script += [
        ("joint2: push it", person.push("joint2", 0.5)),
        ("-28.", "f"),
        ("direction will be -1", person.push("joint2", 0.2)),
        ("11.", person.push("joint2", -0.2)),
        ("-11.", "y"),
    ]
    for joint in ("joint3", "joint4"):
        script += [(f"{joint}: push it", person.push(joint, 0.5)), ("28.", "y")]
    gripper: list[Step] = [
        ("gripper_left_joint: push it", person.push("gripper_left_joint", 0.01)),
        ("10.0 mm", "y"),
    ]
    return [*script, *gripper, ("range of motion too?", "\n"), ("Write this to", "y\n")]
