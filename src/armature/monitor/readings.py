"""Joint values as they were read; old ones are absent."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from armature.monitor.gateway import JointView

# A value older than this is shown as absent [s]. Joint states come at 100 Hz, dynamic ones at 10 Hz.
FRESH = 0.5
DYNAMIC_FRESH = 1.0

Values = Mapping[str, float]  # by interface: position, velocity, effort, current, …


class NewestReadings:
    """Newest values of each joint, from the two topics that carry them."""

    def __init__(self, joints: Iterable[str]) -> None:
        """Start without any reading of these joints."""
        self._joints = tuple(joints)
        self._states: dict[str, tuple[float, Values]] = {}
        self._dynamic: dict[str, tuple[float, Values]] = {}
        self._commanded: tuple[float, Values] = (-math.inf, {})

    def update_joint_states(self, now: float, values: Mapping[str, Values]) -> None:
        """Store position, velocity and effort by joint; a joint that is missing was not read."""
        self._states.update({name: (now, item) for name, item in values.items()})

    def update_dynamic_joint_states(self, now: float, values: Mapping[str, Values]) -> None:
        """Store the slower values by joint: current, temperature, voltage and so on."""
        self._dynamic.update({name: (now, item) for name, item in values.items()})

    def update_commanded(self, now: float, positions: Values) -> None:
        """Store the commanded positions [rad] or [m] by joint."""
        self._commanded = (now, positions)

    def at(self, now: float) -> tuple[JointView, ...]:
        """The values that are fresh enough to be shown at this moment."""
        return tuple(self._reading(name, now) for name in self._joints)

    def _reading(self, name: str, now: float) -> JointView:
        read, values = self._states.get(name, (-math.inf, {}))
        fast = _fresh(values, now - read, FRESH)
        slow_read, slow_values = self._dynamic.get(name, (-math.inf, {}))
        slow = _fresh(slow_values, now - slow_read, DYNAMIC_FRESH)
        commanded_at, commanded = self._commanded
        torque, error = slow.get("torque_enabled"), slow.get("hardware_error")
        return JointView(
            name=name,
            age=_age(now - read, slow_values.get("age", math.inf) + now - slow_read),
            position=fast.get("position"),
            velocity=fast.get("velocity"),
            effort=fast.get("effort"),
            commanded=_fresh(commanded, now - commanded_at, FRESH).get(name),
            current=slow.get("current"),
            load=slow.get("load"),
            temperature=slow.get("temperature"),
            voltage=slow.get("voltage"),
            torque_enabled=None if torque is None else bool(torque),
            hardware_error=None if error is None else int(error),
        )


def _age(received: float, reported: float) -> float | None:
    """Time since the joint was read last [s], the shorter of two; None if neither is known.

    Args:
        received: since it was in a joint state [s].
        reported: the age that came with the slower values, plus the time since [s].
    """
    age = min(received, reported)
    return age if math.isfinite(age) else None


def _fresh(values: Values, age: float, limit: float) -> Values:
    if age > limit:
        return {}
    return {name: value for name, value in values.items() if math.isfinite(value)}
