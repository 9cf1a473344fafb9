"""The files of a robot as the processes read them; the bus process too, which knows no rclpy."""

from __future__ import annotations

import os
from collections.abc import ItemsView, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from armature.core.kinematics.drive_ratings import DriveRatings
from armature.core.model.arm import ArmModel
from armature.core.model.poses import read_poses
from armature.core.model.urdf import read_urdf
from armature.core.model.xml_text import decode
from armature.description.files import XML, read_bytes, read_text
from armature.description.shapes import with_shapes
from armature.dynamixel.wiring.arm import Wiring
from armature.environment import config_folder
from armature.errors import ConfigError
from armature.share import DEFAULT_ROBOT, share_folder

_READABLE = "a readable text file is needed"


@dataclass(frozen=True)
class DescribedRobot:
    """What the files of a robot say."""

    arm: ArmModel
    wiring: Wiring
    poses: Mapping[str, Mapping[str, float]]


def read_file(name: str, path: str | Path) -> str:
    """Text of the file that a parameter names, or an option, which begins with a dash.

    Raises:
        ConfigError: it cannot be read.
    """
    where = name if name.startswith("-") else f"parameter {name}"
    return read_text(where, path, _READABLE)


def read_arm(name: str, path: str | Path, *, with_collisions: bool = True) -> ArmModel:
    """The model of a URDF that a parameter names, or an option, which begins with a dash; as it alone has the arm.

    Args:
        name: of the parameter or option.
        path: of the URDF.
        with_collisions: whether to read the meshes too, with which it collides.

    Raises:
        ConfigError: it, or a mesh that it names, cannot be read or used.
    """
    file = Path(path)
    try:
        content = read_bytes(file, XML)
    except OSError as error:
        where = name if name.startswith("-") else f"parameter {name}"
        raise ConfigError(where, str(path), f"a readable text file is needed ({error.strerror})") from error
    arm = read_urdf(decode(content, file.name), file.name)
    return with_shapes(arm, file) if with_collisions else arm


def read_wired_arm(
    name: str, path: str | Path, text: str, source: str, *, with_collisions: bool = True
) -> tuple[ArmModel, Wiring]:
    """An arm as it is wired, and its wiring.

    Args:
        name: of the parameter or option that names the URDF.
        path: of the URDF.
        text: of the wiring file.
        source: that file's name, for errors.
        with_collisions: whether to read the meshes too, with which it collides.

    Raises:
        ConfigError: one of the files cannot be read or used for this arm.
    """
    arm = read_arm(name, path, with_collisions=False)
    wiring = Wiring.from_yaml(text, arm, source)
    wired = wiring.bound_to_reach(wiring.fit(arm))
    return (with_shapes(wired, Path(path)) if with_collisions else wired), wiring


def read_given_arm(
    urdf: str | Path, wiring: str | Path, *, with_collisions: bool = True
) -> tuple[ArmModel, Wiring | None]:
    """The arm of a node's parameters of these names: as it is wired, or as the URDF alone has it.

    Args:
        urdf: path.
        wiring: path; "" where there is no such file.
        with_collisions: whether to read the meshes too, with which it collides.

    Raises:
        ConfigError: see `read_wired_arm`.
    """
    if not wiring:
        return read_arm("urdf", urdf, with_collisions=with_collisions), None
    return read_wired_arm("urdf", urdf, read_file("wiring", wiring), str(wiring), with_collisions=with_collisions)


def own_poses_file(path: str | Path) -> Path | None:
    """Where a user's own poses of an arm that ships are; None for a file of the user's, which has them itself.

    Args:
        path: of the file of poses.
    """
    file, shipped = Path(path).resolve(), (share_folder() / "config").resolve()
    if not file.is_relative_to(shipped):
        return None
    name = DEFAULT_ROBOT if file.parent == shipped else file.parent.name
    return config_folder(os.environ) / "poses" / f"{name}.yaml"


def read_given_poses(
    path: str | Path, arm: ArmModel, where: str = "parameter poses"
) -> dict[str, dict[str, float]]:
    """The named poses of a file; over those of an arm that ships, the user's own.

    Args:
        path: of the file.
        arm: that takes them.
        where: what names the file, for errors.

    Raises:
        ConfigError: a file that cannot be read or used.
    """
    poses, own = read_poses(read_text(where, path, _READABLE), arm, str(path)), own_poses_file(path)
    if own is not None and own.exists():
        poses |= read_poses(read_text(where, own, _READABLE), arm, str(own))
    return poses


class NamedPoses(Mapping[str, Mapping[str, float]]):
    """The named poses of an arm, read anew once a file of theirs has changed.

    Args:
        path: of the file; "" where there is none, and so no pose.
        arm: that takes them.

    Raises:
        ConfigError: a file that cannot be read or used.
    """

    def __init__(self, path: str | Path, arm: ArmModel) -> None:
        self.failure = ""  # why the newest files are not in force; empty where they are
        self._path, self._arm = path, arm
        own = own_poses_file(path) if path else None
        self._files = [Path(file) for file in (path, own) if file]
        self._stamps = self._stat()
        self._poses = read_given_poses(path, arm) if path else {}

    def refresh(self) -> bool:
        """Read the files again where they have changed; returns whether the poses are others now."""
        stamps = self._stat()
        if stamps == self._stamps:
            return False
        self._stamps, before, self.failure = stamps, self._poses, ""
        try:
            self._poses = read_given_poses(self._path, self._arm)
        except ConfigError as error:
            self.failure = str(error)
        return self._poses != before

    def __getitem__(self, name: str) -> Mapping[str, float]:
        return self._poses[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._poses)

    def __len__(self) -> int:
        return len(self._poses)

    def items(self) -> ItemsView[str, Mapping[str, float]]:
        """All of one time, though another thread may refresh."""
        return self._poses.items()

    def _stat(self) -> list[tuple[int, int, int] | None]:
        return [_stamp(file) for file in self._files]


def _stamp(file: Path) -> tuple[int, int, int] | None:
    """What changes with a file; None where there is none."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def read_robot(urdf: Path, wiring: Path, poses: Path) -> DescribedRobot:
    """All files of a robot, read before any process is started that would refuse them.

    Raises:
        ConfigError: one that cannot be read or used.
    """
    # MuJoCo, 30 MB, only for commands: most processes that read an arm compute nothing with it.
    from armature.core.kinematics.mechanics import Mechanics

    arm, servos = read_wired_arm("--urdf", urdf, read_file("--wiring", wiring), str(wiring))
    try:
        Mechanics(arm, [joint.name for joint in arm.driven])
    except ConfigError as error:  # MuJoCo's, of masses and inertias
        raise ConfigError(f"{urdf}: {error.where}", error.value, error.allowed) from error
    return DescribedRobot(arm, servos, read_given_poses(poses, arm, "--poses"))


def with_allowed_pairs(arm: ArmModel, texts: Iterable[str]) -> ArmModel:
    """An arm of which pairs of parts may touch beside those that always do.

    Args:
        arm: the model.
        texts: two links each, or a link and the floor, with a space between; empty ones are passed over.

    Raises:
        ConfigError: one that is no pair.
    """
    pairs = [tuple(text.split()) for text in texts if text]
    for pair in pairs:
        if len(pair) != 2:
            allowed = 'write two links as "first second"'
            raise ConfigError("parameter checks.allowed_pairs", " ".join(pair), allowed)
    return replace(arm, touching=(*arm.touching, *((pair[0], pair[1]) for pair in pairs)))


def drive_ratings(wiring: Wiring) -> dict[str, DriveRatings]:
    """What the servos of each joint can give there, by joint."""
    return {
        servo.joint: DriveRatings(
            servo.motors * servo.model.stall_torque * servo.reduction, servo.model.no_load_speed / servo.reduction
        )
        for servo in wiring.servos
    }
