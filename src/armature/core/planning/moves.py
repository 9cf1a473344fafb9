"""Moves planned without a planner: to joint values, to poses of the tool, along lines and arcs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from armature.core.arrays import Array
from armature.core.kinematics.inverse_kinematics import InverseKinematics, Solution
from armature.core.kinematics.kinematics import Pose, Quaternion, compose, product
from armature.core.kinematics.levenberg_marquardt import Target
from armature.core.kinematics.rotations import from_rotation_vector, invert, rotation_vector
from armature.core.kinematics.twist_servo import LEVER, TwistServo
from armature.core.planning import paths
from armature.core.planning.goal_checks import GoalChecks, times_by_angle
from armature.core.planning.timing import stretch_to, time_path
from armature.core.steps import Steps
from armature.core.trajectory import retiming
from armature.core.trajectory.limits import GroupLimits
from armature.core.trajectory.trajectory import Trajectory
from armature.errors import ConfigError, GoalRefused, bounds, listed

# The inverse is taken this often along a Cartesian way [m], [m/rad · rad], so often at most.
_STRIDE = 0.004
_MOST_STRIDES = 1000
# Farther than this between two of them, joints do not follow the tool: they jump [rad].
_JUMP = 0.3
_CHART = ("x", "y", "z", "turn_x", "turn_y", "turn_z")  # [m], and rotations from the first one as lengths [m]
_UNTURNED = (0.0, 0.0, 0.0, 1.0)
_ROUNDING = 1e-6  # of a position that meets its limit [rad]
_MOST_POINTS = 50  # of a move
_SAMPLES = 20  # of a preview at least
_MAX_COORDINATE = 100.0  # no arm comes so far: a number beyond it was meant in other units [m]


@dataclass(frozen=True)
class MoveSettings:
    """How corners are rounded."""

    blend: float = 0.1  # of joint moves, from the corner [rad]
    blend_distance: float = 0.02  # of the tool's ways, from the corner [m]

    def __post_init__(self) -> None:
        for name, most in (("blend", 1.0), ("blend_distance", 0.5)):
            if not 0.001 <= (value := getattr(self, name)) <= most:
                raise ConfigError(
                    f"parameter moves.{name}", value, f"it must be within {bounds(0.001, most, value, 'g', 'and')}"
                )


@dataclass(frozen=True)
class Waypoint:
    """A pose of the tool in a frame: the root; the tool where the move begins; or there, along the root's axes."""

    frame: str
    translation: tuple[float, float, float]  # [m]
    rotation: Quaternion | None  # None leaves it free, or as it is


@dataclass(frozen=True)
class Preview:
    """What a move would be."""

    duration: float  # [s]
    reach: float  # the farthest that the tool comes from the root [m]
    limit_margin: float  # the least distance of a joint to its limit [rad]
    limit_joint: str
    clearance: float  # the least between two parts, as far as it is measured [m]
    torque: float  # the highest, as a share of what the servo gives
    singularity: float  # the smallest singular value: 0 in a singularity [m/rad]


class Planner:
    """Plans moves of one arm from rest to rest, in steps of some milliseconds.

    Args:
        checks: of goals; with the arm and its tool.
        limits: of the joints.
        settings: of corners.
    """

    def __init__(self, checks: GoalChecks, limits: GroupLimits, settings: MoveSettings) -> None:
        mechanics = checks.mechanics
        self._checks = checks
        self._limits = limits
        self._settings = settings
        self._root, self._tool = mechanics.root, mechanics.tool
        self._tool_at_root = f"{self._tool}/{self._root}"
        clearances = checks.clearances if checks.settings.collision else None
        self._inverse = InverseKinematics(mechanics, limits, clearances, checks.settings.margin)
        self._servo = TwistServo(mechanics, limits, self._tool)

    def joints(
        self, start: Array, targets: Sequence[Mapping[str, float]], min_duration: float = 0.0
    ) -> Steps[Trajectory]:
        """To joint values, one after the other; joints that a target leaves out stay as they were.

        Args:
            start: where the joints rest [rad], Shape (n,).
            targets: positions by joint [rad].
            min_duration: that the move takes at least [s].

        Raises:
            GoalRefused: an unknown joint, a position that is not within its limits, too many of them, or a place
            on the way where the servos cannot hold the arm at any speed.
        """
        _check_number("points", targets)
        points = [start]
        for target in targets:
            points.append(self._with(points[-1], target))
        return (yield from self._straight(np.array(points), min_duration))

    def poses(self, start: Array, waypoints: Sequence[Waypoint], min_duration: float = 0.0) -> Steps[Trajectory]:
        """To poses of the tool, the joints taking their straight way; arguments as `joints`.

        Raises:
            GoalRefused: a pose that cannot be reached, with the nearest one and the reason; an unknown frame.
        """
        points = [start]
        for index, target in enumerate(self._targets(start, waypoints)):
            found = yield from self._inverse.solve(target, points[-1])
            if not found.is_reached:
                raise self._unreachable(f"pose {index + 1}", target, found)
            points.append(found.position)
        return (yield from self._straight(np.array(points), min_duration))

    def line(self, start: Array, waypoints: Sequence[Waypoint], min_duration: float = 0.0) -> Steps[Trajectory]:
        """The tool along straight lines, its orientation changing in step; arguments and errors as `poses`."""
        first, motions = self._inverse.pose(start).rotation, []
        for leg in paths.split_at_reversals(self._chart(start, waypoints)):
            path = paths.blend_corners(_CHART, leg, self._settings.blend_distance)
            motions.append((yield from self._along(path, first, start)))
            start = motions[-1].positions[-1]
        return (yield from self._timed(reduce(retiming.join, motions), min_duration))

    def arc(self, start: Array, waypoints: Sequence[Waypoint], min_duration: float = 0.0) -> Steps[Trajectory]:
        """The tool along an arc through one place to another; arguments and errors as `poses`."""
        if len(waypoints) != 2:
            raise GoalRefused("points", len(waypoints), "an arc has two: one that it passes, and its end")
        chart = self._chart(start, waypoints)
        path = paths.arc(_CHART, chart[0], chart[1, :3], chart[2])
        motion = yield from self._along(path, self._inverse.pose(start).rotation, start)
        return (yield from self._timed(motion, min_duration))

    def preview(self, motion: Trajectory) -> Steps[Preview]:
        """Figures of a motion, which is checked on the way.

        Raises:
            GoalRefused: it does not pass the checks.
        """
        check = yield from self._checks.survey(motion)
        # As many as the way is long, not as it takes long.
        times = np.append(
            times_by_angle(motion, self._checks.settings.turn), np.linspace(0.0, motion.duration, _SAMPLES)
        )
        position, _, _ = motion.sample_many(times)
        margins = np.minimum(position - self._limits.lower, self._limits.upper - position).min(axis=0)
        closest = int(np.argmin(margins))
        reach, singularity = 0.0, np.inf
        for row in position:
            reach = max(reach, float(np.linalg.norm(self._inverse.pose(row).translation)))
            singularity = min(singularity, self._servo.smallest_singular_value(row))
            yield
        return Preview(
            duration=round(motion.duration, 3),
            reach=round(reach, 4),
            limit_margin=round(float(margins[closest]), 4),
            limit_joint=self._limits.joints[closest],
            clearance=round(check.nearest, 4),
            torque=round(check.highest_torque, 3),
            singularity=round(singularity, 4),
        )

    def _with(self, before: Array, target: Mapping[str, float]) -> Array:
        after: Array = before.copy()
        for joint, position in target.items():
            if joint not in self._limits.joints:
                raise GoalRefused("joint_names", joint, listed("joints", self._limits.joints))
            index = self._limits.joints.index(joint)
            lower, upper = self._limits.lower[index], self._limits.upper[index]
            if not lower - _ROUNDING <= position <= upper + _ROUNDING:
                unit = self._limits.units[index]
                allowed = f"its limits are {bounds(lower, upper, position, 'g')} {unit}"
                raise GoalRefused(f"position of {joint}", float(position), allowed, unit)
            after[index] = position
        return after

    def _targets(self, start: Array, waypoints: Sequence[Waypoint]) -> list[Target]:
        """Waypoints in the root frame."""
        if not waypoints:
            raise GoalRefused("multi_dof_trajectory.points", 0, "one pose at least is needed")
        _check_number("multi_dof_trajectory.points", waypoints)
        for index, waypoint in enumerate(waypoints):
            _check_place(waypoint, f"pose {index + 1}")
        begin = self._inverse.pose(start)
        return [self._target(begin, waypoint) for waypoint in waypoints]

    def _target(self, begin: Pose, waypoint: Waypoint) -> Target:
        turn = waypoint.rotation
        if waypoint.frame in ("", self._root):
            return Target(waypoint.translation, turn)
        if waypoint.frame in (self._tool, "tool"):
            inner = compose(begin, Pose(waypoint.translation, turn or _UNTURNED))
            return Target(inner.translation, inner.rotation)
        if waypoint.frame in (self._tool_at_root, "tool/base"):
            x, y, z = (a + b for a, b in zip(begin.translation, waypoint.translation, strict=True))
            return Target((x, y, z), product(turn or _UNTURNED, begin.rotation))
        allowed = f"use {self._root}, {self._tool} or {self._tool_at_root}"
        raise GoalRefused("header.frame_id", waypoint.frame, allowed)

    def _chart(self, start: Array, waypoints: Sequence[Waypoint]) -> Array:
        """The poses as rows: places, and rotations from the first one; Shape (m, 6)."""
        begin = self._inverse.pose(start)
        back = invert(begin.rotation)
        rows = [np.array((*begin.translation, 0.0, 0.0, 0.0))]
        for target in self._targets(start, waypoints):
            turn = (
                rows[-1][3:]
                if target.rotation is None
                else LEVER * rotation_vector(product(target.rotation, back))
            )
            rows.append(np.concatenate((target.translation, turn)))
        return np.array(rows)

    def _straight(self, points: Array, min_duration: float) -> Steps[Trajectory]:
        """The joints along straight ways."""
        motions = []
        for leg in paths.split_at_reversals(points):
            path = paths.blend_corners(self._limits.joints, leg, self._settings.blend)
            motions.append((yield from time_path(path, self._limits, path.times.tolist())))
        return (yield from self._timed(reduce(retiming.join, motions), min_duration))

    def _timed(self, motion: Trajectory, min_duration: float) -> Steps[Trajectory]:
        """The motion in a time [s] at least, and as slow as the torques of the servos need it."""
        motion = stretch_to(motion, min_duration)
        return (yield from self._checks.shares.slow_down(motion)) if self._checks.settings.torque else motion

    def _along(self, chart: Trajectory, first: Quaternion, start: Array) -> Steps[Trajectory]:
        """The joints along a way of the tool, whose rotations are from a first one."""
        count = min(max(int(np.ceil(chart.duration / _STRIDE)), 8), _MOST_STRIDES)
        at = np.unique(np.concatenate((np.linspace(0.0, chart.duration, count + 1), chart.times)))
        at = at[np.append(True, np.diff(at) > _STRIDE * 1e-3)]
        rows, position = [], start
        for place, row in zip(at, chart.sample_many(at)[0], strict=True):
            rotation = product(from_rotation_vector(row[3:] / LEVER), first)
            target = Target((float(row[0]), float(row[1]), float(row[2])), rotation)
            found = yield from self._inverse.descend(target, position)
            where = f"the way at {place / chart.duration:.0%}"
            if not found.meets_target:
                raise self._unreachable(where, target, self._inverse.assess(found))
            if np.abs(found.position - position).max() > _JUMP:
                raise GoalRefused(
                    where,
                    [round(v, 4) for v in target.translation],
                    f"joints would jump there, at a singularity; {self._place_of(position)} can still be reached; "
                    "take another way, or move_to",
                )
            position = found.position
            rows.append(position)
            yield
        path = paths.interpolate(self._limits.joints, at, np.array(rows))
        return (yield from time_path(path, self._limits, chart.times.tolist()))

    def _unreachable(self, where: str, target: Target, found: Solution) -> GoalRefused:
        asked = [round(value, 4) for value in target.translation]
        arrival = found.arrival
        off = f"{arrival.distance:.4f} m and {np.degrees(arrival.angle):.1f} deg off"
        return GoalRefused(where, asked, f"{found.reason}; nearest is {self._place_of(found.position)}, {off}")

    def _place_of(self, position: Array) -> str:
        pose = self._inverse.pose(position)
        place = ", ".join(map(_four_digits, pose.translation))
        joints = ", ".join(
            f"{joint}={_four_digits(value)}" for joint, value in zip(self._limits.joints, position, strict=True)
        )
        return f"({place}) m at {joints}"


def _four_digits(value: float) -> str:
    return f"{round(value, 4) + 0.0:.4f}"  # without the sign of -0.0


def _check_number(where: str, points: Sequence[object]) -> None:
    if len(points) > _MOST_POINTS:
        raise GoalRefused(where, len(points), f"a move passes up to {_MOST_POINTS} points; send it in parts")


def _check_place(waypoint: Waypoint, where: str) -> None:
    if not (np.abs(waypoint.translation) <= _MAX_COORDINATE).all():
        allowed = f"each of its coordinates must be within {_MAX_COORDINATE:g} m"
        raise GoalRefused(where, list(waypoint.translation), allowed)
