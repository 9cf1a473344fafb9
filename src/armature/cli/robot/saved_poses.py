"""The named poses of a running graph's arm, in the file in which its user's are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sensor_msgs.msg import JointState

from armature.cli.replacing import beside, write
from armature.cli.robot.pose_text import with_pose, without_pose
from armature.client.connection import TIMEOUT, Connection, get_parameters
from armature.core.kinematics.collision import TOLERANCE, Clearances
from armature.core.kinematics.mechanics import Mechanics
from armature.core.model.arm import ArmModel
from armature.core.model.poses import read_poses
from armature.core.recovery_commands import RESTART_SERVO_INTERFACE
from armature.description.files import read_text
from armature.dynamixel.servo.torque import REST_MARGIN
from armature.errors import CommandRefused, ConfigError, ProcessError, listed, named
from armature.nodes.common import topics
from armature.nodes.common.conversions import positions_of, velocities_of
from armature.nodes.common.robot_files import (
    own_poses_file,
    read_given_arm,
    read_given_poses,
    with_allowed_pairs,
)

_NODE = "arm_controller"
_PARAMETERS = ("urdf", "wiring", "poses", "park_pose", "checks.allowed_pairs")
_MOVING = 0.05  # faster than this a joint moves [rad/s] or [m/s]
_NAME = re.compile(r"[^\W\d_][\w-]{0,39}")
_NAMES = "write a letter, then up to 39 letters, digits, _ and -"
_READABLE = "name a file that can be read as text"


@dataclass(frozen=True)
class SavedPoses:
    """Saves and removes them; the nodes read the file anew when it has changed."""

    client: Connection
    arm: ArmModel  # as it is wired
    source: Path  # the file that the graph was started with
    file: Path  # the one in which the user's are
    park: str  # name of the pose in which the arm parks

    @staticmethod
    def of(client: Connection) -> SavedPoses:
        """Those of the graph that a client is in.

        Raises:
            ProcessError: it does not answer, or has no file of poses.
            ConfigError: a file of the robot cannot be read here.
        """
        given = get_parameters(client, _NODE, _PARAMETERS)
        if not given["poses"]:
            raise ProcessError(_NODE, "it has no file of poses", "start it with the parameter poses")
        arm, _ = read_given_arm(given["urdf"], given["wiring"])
        arm = with_allowed_pairs(arm, given["checks.allowed_pairs"] or ())
        source = Path(given["poses"])
        return SavedPoses(client, arm, source, own_poses_file(source) or source.resolve(), given["park_pose"])

    def all(self) -> dict[str, dict[str, float]]:
        """Every pose, the user's over those that ship [rad] or [m]."""
        return read_given_poses(self.source, self.arm)

    def save(self, name: str, *, force: bool) -> str:
        """Save where the arm is.

        Args:
            name: of the pose.
            force: whether it may replace one.

        Returns:
            What was done, and where.

        Raises:
            CommandRefused: a name that cannot be used or is taken, an arm that moves or whose parts overlap.
            ConfigError: the file cannot be read or written, or a joint is beyond its limits.
        """
        request = f"pose {name}"
        if not _NAME.fullmatch(name):
            raise CommandRefused(request, "that is no name of a pose", _NAMES)
        if name in self.all() and not force:
            raise CommandRefused(
                request, "there is one of this name", "--force replaces it, or choose another name"
            )
        pose = self._within_limits(request, self._measured(request))
        self._require_apart(request, pose)
        text = self._text()
        self._write(text, with_pose(text or "", name, pose, self.arm, str(self.file)))
        parks = (
            f"; the arm parks there from the next start on: {RESTART_SERVO_INTERFACE}" if name == self.park else ""
        )
        return f"saved pose {name} in {self.file}; go there with: armature move {name}{parks}"

    def remove(self, name: str) -> str:
        """Remove a pose of the user's.

        Returns:
            What was done, and where.

        Raises:
            CommandRefused: there is none, it ships with the arm, or the arm parks in it.
            ConfigError: the file cannot be read or written.
        """
        request, poses, text = f"removal of pose {name}", self.all(), self._text()
        if name not in poses:
            raise CommandRefused(request, "there is no such pose", listed("poses", poses))
        shipped = self._shipped()
        if name == self.park and name not in shipped:
            raise CommandRefused(request, "the arm parks in it", "save another place for it with --force")
        own = poses.keys() if self.file == self.source.resolve() else self._own()
        if name not in own:
            raise CommandRefused(
                request, f"it ships with the arm, in {self.source}", "leave it, or save your own over it"
            )
        self._write(text, without_pose(text or "", name, self.arm, str(self.file)))
        ships = "; the one that ships counts again" if name in shipped else ""
        return f"removed pose {name} from {self.file}{ships}"

    def _measured(self, request: str) -> dict[str, float]:
        """Where every driven joint is and rests, by one reading [rad] or [m]."""
        names = [joint.name for joint in self.arm.driven]
        readings: list[JointState] = []
        self.client.subscribe(topics.JOINT_STATES, readings.append)
        is_whole = lambda: bool(readings) and set(names) <= set(readings[-1].name)  # noqa: E731
        if not self.client.wait_until(is_whole, TIMEOUT):
            unread = ", ".join(name for name in names if not readings or name not in readings[-1].name)
            raise CommandRefused(request, f"no reading of {unread}", "see why: armature status")
        positions, velocities = positions_of(readings[-1]), velocities_of(readings[-1])
        for name in names:
            if abs(velocities[name]) > _MOVING:
                why = f"{named(name)} moves at {abs(velocities[name]):.2f} {self.arm.joint(name).unit}/s"
                raise CommandRefused(request, why, "save it once the arm rests")
        return {name: positions[name] for name in names}

    def _within_limits(self, request: str, measured: Mapping[str, float]) -> dict[str, float]:
        """The pose, with joints that read a little beyond the stop on which they rest at their limit."""
        pose = {}
        for name, position in measured.items():
            limit, joint = self.arm.limit(name), self.arm.joint(name)
            pose[name] = min(max(position, limit.lower), limit.upper)
            if abs(pose[name] - position) > REST_MARGIN * limit.span:
                place = f"{named(name)} is at {position:.4f} {joint.unit}"
                why = f"{place}, its limits are {joint.bounds_beyond(position)}"
                raise CommandRefused(request, why, "bring it into its range first")
        return pose

    def _require_apart(self, request: str, pose: Mapping[str, float]) -> None:
        joints = tuple(pose)
        found = Clearances(Mechanics(self.arm, joints), TOLERANCE).at(np.array(list(pose.values())))
        pair = min(found, key=lambda each: found[each], default=None)
        if pair is not None and found[pair] < -TOLERANCE:
            why = f"{named(pair[0])} and {named(pair[1])} overlap there by {-1000.0 * found[pair]:.1f} mm"
            allowed = "disable_collisions in an SRDF beside the URDF"
            remedy = f"move them apart first, or name parts that may touch: {allowed}"
            raise CommandRefused(request, why, remedy)

    def _shipped(self) -> dict[str, dict[str, float]]:
        """Poses that are not the user's to change."""
        return {} if self.file == self.source.resolve() else _read(self.source, self.arm)

    def _own(self) -> dict[str, dict[str, float]]:
        return _read(self.file, self.arm) if self.file.exists() else {}

    def _text(self) -> str | None:
        """What is in the user's file; None where there is none yet."""
        return read_text("poses", self.file, _READABLE) if self.file.exists() else None

    def _write(self, before: str | None, text: str) -> None:
        """Replace the user's file, or make it; one without a pose left is removed."""
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(
                str(self.file), error.strerror, "nothing was saved; its folder cannot be made"
            ) from error
        with beside(self.file) as fresh:
            if self._text() != before:
                raise ConfigError(
                    str(self.file), "a file that has changed meanwhile", "nothing was saved; try again"
                )
            if not text.strip():
                self.file.unlink()
                return
            write(fresh, text.encode("utf-8"), self.file if before is not None else None)
            fresh.replace(self.file)


def _read(file: Path, arm: ArmModel) -> dict[str, dict[str, float]]:
    return read_poses(read_text("poses", file, _READABLE), arm, str(file))
