"""Moves planned without a planner: to joint values, to poses of the tool, along lines and arcs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from armature.core.arrays import Array
from armature.core.kinematics.inverse_kinematics import InverseKinematics
from armature.core.kinematics.levenberg_marquardt import Target
from armature.core.kinematics.twist_servo import LEVER, TwistServo
from armature.core.planning import paths
from armature.core.planning.goal_checks import GoalChecks, times_by_angle
from armature.core.planning.timing import stretch_to, time_path
from armature.core.planning.tool_ways import CHART, ToolWays, Waypoint
from armature.core.steps import Steps
from armature.core.trajectory import retiming
from armature.core.trajectory.limits import GroupLimits
from armature.core.trajectory.trajectory import Trajectory
from armature.errors import ConfigError, GoalRefused, bounds, listed

_ROUNDING = 1e-6  # of a position that meets its limit [rad]
_MOST_POINTS = 50  # of a move
_SAMPLES = 20  # of a preview at least
_SMALL_LEVER = 0.01  # at which rotations count beside lengths where the tool has a speed [m/rad]
_PART = 0.1  # of an arc, with one bound of its speed [m]


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
        clearances = checks.clearances if checks.settings.collision else None
        self._inverse = InverseKinematics(mechanics, limits, clearances, checks.settings.margin)
        self._ways = ToolWays(self._inverse, limits.joints, (mechanics.root, mechanics.tool))
        self._servo = TwistServo(mechanics, limits, mechanics.tool)

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
            points.append((yield from self._ways.solve(target, f"pose {index + 1}", points[-1])))
        return (yield from self._straight(np.array(points), min_duration))

    def line(
        self, start: Array, waypoints: Sequence[Waypoint], min_duration: float = 0.0, speed: float = math.inf
    ) -> Steps[Trajectory]:
        """The tool along straight lines, its orientation changing in step; arguments and errors as `poses`.

        A speed of the tool [m/s] is not exceeded, and held where the limits allow it, however much it turns.
        """
        lever = LEVER if math.isinf(speed) else _SMALL_LEVER
        targets = self._targets(start, waypoints)
        near = start
        for index, target in enumerate(targets):
            near = yield from self._ways.check_turn(target, f"pose {index + 1}", near)
        first, motions = self._inverse.pose(start).rotation, []
        for leg in paths.split_at_reversals(self._ways.chart(start, targets, lever)):
            chart = paths.blend_corners(CHART, leg, self._settings.blend_distance)
            way = yield from self._ways.follow(chart, chart.times, first, start, lever)
            motions.append((yield from time_path(way, self._limits, chart.times.tolist(), speed)))
            start = motions[-1].positions[-1]
        yield from self._ways.check_end(targets[-1], start)
        return (yield from self._timed(reduce(retiming.join, motions), min_duration))

    def arc(
        self, start: Array, waypoints: Sequence[Waypoint], min_duration: float = 0.0, speed: float = math.inf
    ) -> Steps[Trajectory]:
        """The tool along an arc through one place to another; arguments and errors as `line`."""
        if len(waypoints) != 2:
            raise GoalRefused("points", len(waypoints), "an arc has two: one that it passes, and its end")
        via, end = self._targets(start, waypoints)
        yield from self._ways.check_turn(end, "pose 2", start)
        rows = self._ways.chart(start, [via, end])
        chart = paths.arc(CHART, rows[0], rows[1, :3], rows[2])
        parts = paths.subdivide(chart.times[[0, -1]], _PART)
        way = yield from self._ways.follow(chart, parts, self._inverse.pose(start).rotation, start)
        yield from self._ways.check_end(end, way.positions[-1])
        motion = yield from time_path(way, self._limits, parts.tolist(), speed)
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
        _check_number("multi_dof_trajectory.points", waypoints)
        return self._ways.targets(start, waypoints)

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


def _check_number(where: str, points: Sequence[object]) -> None:
    if len(points) > _MOST_POINTS:
        raise GoalRefused(where, len(points), f"a move passes up to {_MOST_POINTS} points; send it in parts")
