"""Joints that something blocks in one direction, and the refusal of motions that would press against it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from armature.core.recovery_commands import CLEAR
from armature.core.trajectory.trajectory import Trajectory
from armature.errors import CommandRefused, GoalRefused

# A motion further into the blocked direction by less than this is the rounding of a client [rad] or [m].
_SLACK = 0.01
_ROUNDING = 1e-4
_SAMPLES = 100  # along a motion, beside its points
REMEDY = f"send it the other way, or take away what is in its way and run {CLEAR}"


@dataclass(frozen=True)
class BlockedDirection:
    """Where a joint met an obstacle, and the direction in which it cannot go on."""

    position: float  # that its set-point backed off to [rad] or [m]
    direction: int  # 1 or -1

    def __str__(self) -> str:
        """The side that is blocked, as the state topic has it."""
        return f"{'above' if self.direction > 0 else 'below'} {self.position:.4f}"

    @staticmethod
    def parse(text: str) -> BlockedDirection:
        """Parse what `str` makes of it."""
        side, position = text.split()
        return BlockedDirection(float(position), 1 if side == "above" else -1)

    def presses_on(self, positions: Iterable[float]) -> bool:
        """Whether a motion through these positions [rad] or [m] begins in the blocked direction.

        A set-point that is beyond the position already, as by a jog that turned round, may go back.
        """
        depths = [(position - self.position) * self.direction for position in positions]
        begin, slack = (depths[0], _ROUNDING) if depths[0] > _SLACK else (0.0, _SLACK)
        return next((depth > begin for depth in depths if abs(depth - begin) > slack), False)


def describe_block(joint: str, position: float, goal: float, unit: str) -> str:
    """Where a joint is blocked, in words.

    Args:
        joint: its name.
        position: where it is [rad] or [m].
        goal: where it was sent [rad] or [m].
        unit: of both.
    """
    return f"blocked at {joint}, {abs(goal - position):.2f} {unit} before {goal:.3f} {unit}"


def check_motion_unblocked(motion: Trajectory, blocks: Mapping[str, BlockedDirection]) -> None:
    """Refuse a motion that would press against what blocks a joint.

    Args:
        motion: of some joints.
        blocks: by joint.

    Raises:
        GoalRefused: a blocked joint would move in its blocked direction.
    """
    if not any(joint in blocks for joint in motion.joints):  # as nearly always
        return
    times = np.union1d(motion.times, np.linspace(0.0, motion.duration, _SAMPLES))
    columns = zip(motion.joints, motion.sample_many(times)[0].T.tolist(), strict=True)
    pressing = {joint: path for joint, path in columns if joint in blocks and blocks[joint].presses_on(path)}
    if pressing:
        ends = {joint: f"to {path[-1]:.4f}" for joint, path in pressing.items()}
        raise GoalRefused(f"motion of {_sides(ends, blocks)}", ", ".join(ends.values()), REMEDY)


def check_jog_unblocked(velocities: Mapping[str, float], blocks: Mapping[str, BlockedDirection]) -> None:
    """Refuse a jog that would press against what blocks a joint.

    Args:
        velocities: by joint [rad/s] or [m/s].
        blocks: by joint.

    Raises:
        CommandRefused: a blocked joint would move in its blocked direction.
    """
    pressing = [
        joint
        for joint, velocity in velocities.items()
        if joint in blocks and velocity * blocks[joint].direction > 0.0
    ]
    if pressing:
        raise CommandRefused("jog", _sides(pressing, blocks), REMEDY)


def _sides(joints: Iterable[str], blocks: Mapping[str, BlockedDirection]) -> str:
    return ", and of ".join(f"{joint}, which is blocked {blocks[joint]}" for joint in joints)
