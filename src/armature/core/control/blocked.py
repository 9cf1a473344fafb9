"""Joints that something is in the way of: how that is told, and that no motion presses on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from armature.core.trajectory.trajectory import Trajectory
from armature.errors import CommandRefused, GoalRefused

# A motion that goes on by less than this from where its joint is blocked is the rounding of a client [rad] or [m].
_SLACK = 0.01
_ROUNDING = 1e-4
_LOOKS = 100  # along a motion, beside its points
REMEDY = "send it the other way, or take away what is in its way and call /servo_interface/clear_faults"


@dataclass(frozen=True)
class Block:
    """Where a joint came against something."""

    place: float  # where its set-point went back to [rad] or [m]
    direction: int  # in which it does not go on, 1 or -1

    def __str__(self) -> str:
        """The side that is blocked, as the state topic has it."""
        return f"{'above' if self.direction > 0 else 'below'} {self.place:.4f}"

    @staticmethod
    def read(text: str) -> Block:
        """A block of what `str` makes of it."""
        side, place = text.split()
        return Block(float(place), 1 if side == "above" else -1)

    def leads_on(self, positions: Iterable[float]) -> bool:
        """Whether the first of some positions [rad] or [m] that is not this place lies beyond it.

        A set-point that has come beyond it already, as by a jog that turned round, is led back by any way back.
        """
        ways = [(position - self.place) * self.direction for position in positions]
        begin, slack = (ways[0], _ROUNDING) if ways[0] > _SLACK else (0.0, _SLACK)
        return next((way > begin for way in ways if abs(way - begin) > slack), False)


def describe_block(joint: str, place: float, goal: float, unit: str) -> str:
    """Where a joint is held up, in words.

    Args:
        joint: its name.
        place: where it is [rad] or [m].
        goal: where it was sent [rad] or [m].
        unit: of both.
    """
    return f"blocked at {joint}, {abs(goal - place):.2f} {unit} before {goal:.3f} {unit}"


def check_leads_away(motion: Trajectory, blocks: Mapping[str, Block]) -> None:
    """Refuse a motion that presses on.

    Args:
        motion: of some joints.
        blocks: by joint.

    Raises:
        GoalRefused: joints that are blocked would go on in that direction.
    """
    if not any(joint in blocks for joint in motion.joints):  # as nearly always
        return
    times = np.union1d(motion.times, np.linspace(0.0, motion.duration, _LOOKS))
    columns = zip(motion.joints, motion.sample_many(times)[0].T.tolist(), strict=True)
    ways = {joint: way for joint, way in columns if joint in blocks and blocks[joint].leads_on(way)}
    if ways:
        ends = {joint: f"to {way[-1]:.4f}" for joint, way in ways.items()}
        raise GoalRefused(f"motion of {_sides(ends, blocks)}", ", ".join(ends.values()), REMEDY)


def check_jog(velocities: Mapping[str, float], blocks: Mapping[str, Block]) -> None:
    """Refuse a jog that presses on.

    Args:
        velocities: by joint [rad/s] or [m/s].
        blocks: by joint.

    Raises:
        CommandRefused: joints that are blocked would go on in that direction.
    """
    on = [joint for joint, way in velocities.items() if joint in blocks and way * blocks[joint].direction > 0.0]
    if on:
        raise CommandRefused("jog", _sides(on, blocks), REMEDY)


def _sides(joints: Iterable[str], blocks: Mapping[str, Block]) -> str:
    return ", and of ".join(f"{joint}, which is blocked {blocks[joint]}" for joint in joints)
