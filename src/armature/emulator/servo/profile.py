"""The servo's trajectory generator: e-Manual, sections "Profile Acceleration(108)" and "Profile Velocity(112)"."""

from __future__ import annotations

import math
from enum import IntEnum

# Nearer than this the last step ends on the goal [tick].
_ARRIVED = 0.5


class ProfileType(IntEnum):
    """Bits 4 and 5 of Moving Status(123)."""

    NONE = 0x00
    RECTANGULAR = 0x10
    TRIANGULAR = 0x20
    TRAPEZOIDAL = 0x30


class Profile:
    """Moves a set-point to a goal within a velocity and an acceleration; a new goal keeps the velocity."""

    def __init__(self) -> None:
        self.position = 0.0  # [tick]
        self.velocity = 0.0  # [tick/s]
        self.acceleration = 0.0  # [tick/s²]
        self.kind = ProfileType.NONE
        self.is_ongoing = False  # the set-point is still under way
        self._goal = 0.0
        self._max_velocity = math.inf
        self._max_acceleration = math.inf

    def hold(self, position: float) -> None:
        """Rest at a position [tick]."""
        self.position = self._goal = position
        self.velocity = self.acceleration = 0.0
        self.kind = ProfileType.NONE
        self.is_ongoing = False

    def move(self, goal: float, velocity: float, acceleration: float) -> None:
        """Begin a velocity-based move; a velocity [tick/s] or acceleration [tick/s²] of 0 means without bound."""
        self._goal = goal
        self._max_velocity = velocity or math.inf
        self._max_acceleration = acceleration or math.inf
        self.kind = self._classify()
        self.is_ongoing = goal != self.position or self.velocity != 0.0

    def move_within(self, goal: float, duration: float, ramp: float) -> None:
        """Begin a time-based move of a duration [s] with acceleration and deceleration of ramp [s] each.

        Section "Profile Velocity(112)", time-based: the ramp is at most half the duration.
        """
        ramp = min(ramp, duration / 2.0)
        distance = abs(goal - self.position)
        velocity = distance / (duration - ramp) if duration > 0.0 else 0.0
        self.move(goal, velocity, velocity / ramp if ramp > 0.0 else 0.0)

    def step(self, dt: float) -> None:
        """Advance by dt [s]."""
        velocity = self._next_velocity(dt)
        if self._arrives(velocity, dt):
            kind = self.kind
            self.hold(self._goal)
            self.kind = kind
        else:
            self.acceleration = (velocity - self.velocity) / dt
            self.position += velocity * dt
            self.velocity = velocity

    def follow_velocity(self, goal: float, acceleration: float, dt: float) -> None:
        """Velocity control mode: section "Profile Velocity(112)" notes that only the acceleration counts there."""
        change = (acceleration or math.inf) * dt
        self.velocity += min(change, max(-change, goal - self.velocity))

    def _arrives(self, velocity: float, dt: float) -> bool:
        remaining = abs(self._goal - self.position)
        if math.isinf(self._max_velocity):
            return True
        if math.isinf(self._max_acceleration):
            return remaining <= abs(velocity) * dt
        change = max(abs(velocity), abs(self.velocity))
        return remaining <= _ARRIVED and change <= 2.0 * self._max_acceleration * dt

    def _next_velocity(self, dt: float) -> float:
        remaining = self._goal - self.position
        bound = self._max_acceleration
        if math.isinf(bound) or math.isinf(self._max_velocity):
            return math.copysign(self._max_velocity, remaining)
        # Fastest speed from which braking at the bound, in steps of dt, ends on the goal.
        half = 0.5 * bound * dt
        braking = 2.0 * bound * abs(remaining)
        speed = min(self._max_velocity, braking / (math.sqrt(half * half + braking) + half))
        change = math.copysign(speed, remaining) - self.velocity
        return self.velocity + min(bound * dt, max(-bound * dt, change))

    def _classify(self) -> ProfileType:
        if math.isinf(self._max_velocity):
            return ProfileType.NONE
        if math.isinf(self._max_acceleration):
            return ProfileType.RECTANGULAR
        needed = self._max_velocity**2 / self._max_acceleration
        return ProfileType.TRAPEZOIDAL if abs(self._goal - self.position) >= needed else ProfileType.TRIANGULAR
