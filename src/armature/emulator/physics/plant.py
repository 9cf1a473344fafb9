"""What the servos turn: a plant takes torques and yields positions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable


class Plant(Protocol):
    """Joints that move under torque, in a time of their own."""

    @property
    def joints(self) -> tuple[str, ...]:
        """Names, in the order of all sequences below."""

    @property
    def positions(self) -> Sequence[float]:
        """Joint positions [rad] or [m]. Shape (n,)."""

    @property
    def velocities(self) -> Sequence[float]:
        """Joint velocities [rad/s] or [m/s]. Shape (n,)."""

    def time(self, now: float) -> float:
        """How far it has come [s], from any origin, at a time of the computer [s]; it never goes back.

        It stands while a simulation is paused, and the servos' clocks with it.
        """

    def step(self, dt: float, torques: Sequence[float | None]) -> None:
        """Pass dt [s] of its time under torques [N·m] or [N], None where a joint turns freely. Shape (n,)."""


@runtime_checkable
class AdjustablePlant(Protocol):
    """A plant whose mechanics can be tampered with."""

    joints: tuple[str, ...]
    payload: float  # mass on the tool [kg]

    def jam(self, joint: str) -> None:
        """Let a joint stand still whatever drives it."""

    def release(self, joint: str) -> None:
        """End what jam() began."""

    def place(self, joint: str, position: float) -> None:
        """Put a joint at a position [rad] or [m], at rest, as a hand would.

        Raises:
            ConfigError: the joint does not reach it.
        """

    def set_payload(self, mass: float) -> None:
        """Hang a mass [kg] on the tool in place of the one before."""

    def push(self, joint: str, torque: float) -> None:
        """Add a torque [N·m] or force [N] to what pushes a joint from outside."""

    def build_wall(self, normal: Sequence[float], distance: float) -> None:
        """Put a wall in the arm's way in place of the one before.

        Args:
            normal: from the wall towards the arm, in the base's frame. Shape (3,).
            distance: of the wall from the base's origin [m].

        Raises:
            ConfigError: a part of the arm is in it already.
        """

    def remove_wall(self) -> None:
        """End what build_wall() began."""
