"""Ways of the tool: poses in several frames, and the joints that take the tool along a way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from armature.core.arrays import Array
from armature.core.kinematics.inverse_kinematics import ALL_AXES, InverseKinematics, Solution
from armature.core.kinematics.kinematics import Pose, Quaternion, compose, product
from armature.core.kinematics.levenberg_marquardt import DescentResult, Target
from armature.core.kinematics.rotations import from_rotation_vector, invert, rotation_vector
from armature.core.kinematics.twist_servo import LEVER
from armature.core.planning import paths
from armature.core.steps import Steps
from armature.core.trajectory.trajectory import Trajectory
from armature.errors import GoalRefused

# The inverse is taken this often along a way [m], [m/rad · rad], and in each part of it; about so often at most.
_STRIDE = 0.004
_MOST_STRIDES = 1000
_LEAST_STRIDES = 4
# Farther than this between two of them, joints do not follow the tool: they jump [rad].
_JUMP = 0.3
CHART = ("x", "y", "z", "turn_x", "turn_y", "turn_z")  # [m], and rotations from the first one as lengths [m]
_UNTURNED = (0.0, 0.0, 0.0, 1.0)
_ROUNDING = 1e-9  # of the w of a rotation that turns nothing
_MAX_COORDINATE = 100.0  # no arm comes so far: a number beyond it was meant in other units [m]


@dataclass(frozen=True)
class Waypoint:
    """A pose of the tool in a frame: the root; the tool where the move begins; or there, along the root's axes."""

    frame: str
    translation: tuple[float, float, float]  # [m]
    rotation: Quaternion | None  # None leaves it free, or as it is


class ToolWays:
    """Poses and ways of one arm's tool.

    An arm of fewer than six joints cannot turn its tool as it likes. Where no orientation is asked for, it keeps
    what it can of the one that it has, and the tool is where it shall be all the same.

    Args:
        inverse: of the arm.
        joints: names.
        frames: of the root and of the tool.
    """

    def __init__(self, inverse: InverseKinematics, joints: tuple[str, ...], frames: tuple[str, str]) -> None:
        self._inverse = inverse
        self._joints = joints
        self._has_few = len(joints) < ALL_AXES
        self._root, self._tool = frames
        self._tool_at_root = f"{self._tool}/{self._root}"

    def targets(self, start: Array, waypoints: Sequence[Waypoint]) -> list[Target]:
        """Waypoints in the root frame.

        Args:
            start: where the joints are [rad], Shape (n,).
            waypoints: of a move that begins there.

        Raises:
            GoalRefused: there is none, an unknown frame, or a place that nobody can mean.
        """
        if not waypoints:
            raise GoalRefused("multi_dof_trajectory.points", 0, "one pose at least is needed")
        for index, waypoint in enumerate(waypoints):
            _check_place(waypoint, f"pose {index + 1}")
        begin = self._inverse.pose(start)
        return [self._target(begin, waypoint) for waypoint in waypoints]

    def solve(self, target: Target, where: str, near: Array) -> Steps[Array]:
        """Joint positions at a target [rad], Shape (n,).

        Args:
            target: of the tool.
            where: its name in a refusal.
            near: where the joints are before [rad], Shape (n,).

        Raises:
            GoalRefused: it cannot be reached, with the nearest place and the reason.
        """
        found = yield from self._inverse.solve(target, near)
        if not found.is_reached:
            raise self._unreachable(where, target, found)
        return found.position

    def chart(self, start: Array, targets: Sequence[Target], lever: float = LEVER) -> Array:
        """Where the tool is, and targets, as rows: places, and rotations from the first one; Shape (m, 6).

        Args:
            start: where the joints are [rad], Shape (n,).
            targets: of the tool.
            lever: at which rotations count as lengths [m/rad].
        """
        begin = self._inverse.pose(start)
        back = invert(begin.rotation)
        rows = [np.array((*begin.translation, 0.0, 0.0, 0.0))]
        for target in targets:
            turn = rows[-1][3:]
            if target.rotation is not None and not target.is_relaxed:
                turn = lever * rotation_vector(product(target.rotation, back))
            rows.append(np.concatenate((target.translation, turn)))
        return np.array(rows)

    def check_turn(self, target: Target, where: str, near: Array) -> Steps[Array]:
        """Refuse an orientation that an arm of few joints cannot have there; arguments and errors as `solve`.

        Returns:
            Joint positions there [rad], Shape (n,); those near by, where nothing is to be checked.
        """
        if self._has_few and _is_turned(target):
            near = yield from self.solve(target, where, near)
        return near

    def follow(
        self, chart: Trajectory, parts: Array, first: Quaternion, start: Array, lever: float = LEVER
    ) -> Steps[Trajectory]:
        """The joints along a way of the tool.

        Args:
            chart: the way over its length, rows as of `chart`.
            parts: where its third derivative steps, from its beginning to its end, Shape (k,).
            first: the rotation that those of the way are from.
            start: where the joints are at its beginning [rad], Shape (n,).
            lever: at which rotations count as lengths [m/rad].

        Returns:
            The joints over the same length.

        Raises:
            GoalRefused: a place cannot be reached, or joints would jump.
        """
        turning = float(np.linalg.norm(chart.points[1][:, 3:], axis=1).max()) / lever
        stride = min(_STRIDE, _STRIDE / LEVER / max(turning, 1.0))
        at = paths.subdivide(parts, max(stride, chart.duration / _MOST_STRIDES), _LEAST_STRIDES)
        ways, position = chart.sample_many(at)[0] * np.array([1.0] * 3 + [1.0 / lever] * 3), start
        is_turned, rows = bool(ways[:, 3:].any()), [start]
        for place, row in zip((at[1:] / chart.duration).tolist(), ways[1:], strict=True):
            target = self._on_the_way(row, first, position, is_turned)
            position = yield from self._next(f"the way at {place:.0%}", target, position)
            rows.append(position)
            yield
        return paths.interpolate(self._joints, at, np.array(rows))

    def check_end(self, target: Target, position: Array) -> Steps[None]:
        """Refuse an end where the tool is not turned as it shall be.

        Args:
            target: of the tool.
            position: of the joints there [rad], Shape (n,).

        Raises:
            GoalRefused: with the nearest that the arm can have.
        """
        if self._has_few and _is_turned(target):
            found = yield from self._inverse.descend(target, position)
            if not _follows(found, position) or not found.meets_target:
                raise GoalRefused(
                    "the way at 100%",
                    _rounded(target),
                    "the tool can be turned so there, but in another posture, to which this way does not lead; "
                    f"it ends at {self._place_of(position)}; use move_to, or leave out roll, pitch and yaw",
                )

    def _target(self, begin: Pose, waypoint: Waypoint) -> Target:
        turn = waypoint.rotation
        if waypoint.frame in ("", self._root):
            return Target(waypoint.translation, turn)
        is_relaxed = self._has_few and (turn is None or abs(turn[3]) > 1.0 - _ROUNDING)
        if waypoint.frame in (self._tool, "tool"):
            inner = compose(begin, Pose(waypoint.translation, turn or _UNTURNED))
            return Target(inner.translation, inner.rotation, is_relaxed)
        if waypoint.frame in (self._tool_at_root, "tool/base"):
            x, y, z = (a + b for a, b in zip(begin.translation, waypoint.translation, strict=True))
            return Target((x, y, z), product(turn or _UNTURNED, begin.rotation), is_relaxed)
        allowed = f"use {self._root}, {self._tool} or {self._tool_at_root}"
        raise GoalRefused("header.frame_id", waypoint.frame, allowed)

    def _on_the_way(self, row: Array, first: Quaternion, before: Array, is_turned: bool) -> Target:
        """Where the tool shall be; an arm of few joints that is not asked to turn it goes on as it was before."""
        is_kept = self._has_few and not is_turned
        rotation = product(from_rotation_vector(row[3:]), first)
        if is_kept:
            rotation = self._inverse.pose(before).rotation
        return Target((float(row[0]), float(row[1]), float(row[2])), rotation, is_kept)

    def _next(self, where: str, target: Target, before: Array) -> Steps[Array]:
        """Joint positions a little farther; few joints come to the place, however the tool is turned."""
        found = yield from self._inverse.descend(target, before)
        if target.is_relaxed and not _follows(found, before):
            found = yield from self._inverse.descend(Target(target.translation), before)
        if not (found.is_there if self._has_few else found.meets_target):
            raise self._unreachable(where, target, self._inverse.assess(found))
        if not _follows(found, before):
            raise GoalRefused(
                where,
                _rounded(target),
                f"joints would jump there, at a singularity; {self._place_of(before)} can still be reached; "
                "take another way, or move_to",
            )
        return found.position

    def _unreachable(self, where: str, target: Target, found: Solution) -> GoalRefused:
        arrival = found.arrival
        off = f"{arrival.distance:.4f} m and {np.degrees(arrival.angle):.1f} deg off"
        nearest = f"nearest is {self._place_of(found.position)}, {off}"
        return GoalRefused(where, _rounded(target), f"{found.reason}; {nearest}")

    def _place_of(self, position: Array) -> str:
        pose = self._inverse.pose(position)
        place = ", ".join(map(_four_digits, pose.translation))
        joints = ", ".join(
            f"{joint}={_four_digits(value)}" for joint, value in zip(self._joints, position, strict=True)
        )
        return f"({place}) m at {joints}"


def _follows(found: DescentResult, before: Array) -> bool:
    """Whether the tool is where it shall be, and the joints have not jumped there."""
    return found.is_there and bool(np.abs(found.position - before).max() <= _JUMP)


def _rounded(target: Target) -> list[float]:
    return [round(value, 4) for value in target.translation]


def _is_turned(target: Target) -> bool:
    """Whether its orientation is asked for."""
    return target.rotation is not None and not target.is_relaxed


def _four_digits(value: float) -> str:
    return f"{round(value, 4) + 0.0:.4f}"  # without the sign of -0.0


def _check_place(waypoint: Waypoint, where: str) -> None:
    if not (np.abs(waypoint.translation) <= _MAX_COORDINATE).all():
        allowed = f"each of its coordinates must be within {_MAX_COORDINATE:g} m"
        raise GoalRefused(where, list(waypoint.translation), allowed)
