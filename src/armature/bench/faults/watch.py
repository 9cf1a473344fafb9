"""The effects of a fault on the arm's joints and tool, measured cycle by cycle."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from armature.bench.simulation.virtual import ARM, JOINTS, PERIOD, Bench
from armature.core.kinematics.kinematics import forward
from armature.dynamixel.tables.roles import Role

_TOOL = "tool0"
_TOOL_PERIOD = 5  # cycles


class Watch:
    """Measures a bench cycle by cycle."""

    def __init__(self, bench: Bench, ignored: Iterable[str], *, is_still: bool) -> None:
        """Args: the bench, joints that are not held to their goals, and whether nothing should move at all."""
        self.step = self.drop = self.braking = 0.0
        self._bench = bench
        self._ignored = set(ignored)
        self._places = bench.positions() if is_still else {}
        self._height = _height(bench.positions())
        self._usual: dict[str, float] = {}
        self._usual_drop = -math.inf
        self._velocities: dict[str, float] = {}
        self._cycles = 0
        self._is_learning = True

    def learn(self) -> None:
        """Learn how far the joints are from their goals before a fault."""
        self._is_learning = True
        self.update()
        self._is_learning = False

    def update(self) -> None:
        """Measure the cycle that has just ended."""
        self._cycles += 1
        goals, places = self._goals(), self._bench.positions()
        for joint in JOINTS[:-1]:  # the gripper's finger carries nothing
            self._measure_error(joint, abs(places[joint] - goals[joint]))
            self._measure_displacement(joint, places[joint])
        if self._cycles % _TOOL_PERIOD == 0 or self._is_learning:
            self._measure_sag(_height(goals), _height(places))
        self._measure_braking()

    def _goals(self) -> dict[str, float]:
        servos = {joint: self._bench.servo(joint) for joint in JOINTS}
        wirings = {joint: axis.wiring for joint, axis in self._bench.loop.state.axes.items()}
        return {joint: wirings[joint].to_position(servos[joint].registers[Role.GOAL_POSITION]) for joint in JOINTS}

    def _measure_error(self, joint: str, error: float) -> None:
        if self._is_learning:
            self._usual[joint] = max(error, self._usual.get(joint, 0.0))
        elif self._is_held(joint):
            self.step = max(self.step, math.degrees(error - self._usual[joint]))

    def _measure_displacement(self, joint: str, place: float) -> None:
        if joint in self._places and self._is_held(joint):
            self.step = max(self.step, math.degrees(abs(place - self._places[joint])))

    def _is_held(self, joint: str) -> bool:
        return bool(self._bench.servo(joint).registers[Role.TORQUE_ENABLE]) and joint not in self._ignored

    def _measure_sag(self, commanded: float, height: float) -> None:
        sag = commanded - height
        if self._is_learning:
            self._usual_drop = max(sag, self._usual_drop)
            return
        fall = self._height - height if self._places else 0.0
        self.drop = max(self.drop, 1000.0 * (sag - self._usual_drop), 1000.0 * fall)

    def _measure_braking(self) -> None:
        setpoints = self._bench.loop.state.setpoints(self._bench.cycle_at)
        velocities = {joint: setpoint.velocity for joint, setpoint in setpoints.items()}
        for joint, velocity in velocities.items() if self._bench.bus.is_open else ():
            before = self._velocities.get(joint, velocity)
            rate = abs(velocity - before) / PERIOD / self._bench.dynamics[joint].acceleration
            if not self._is_learning and joint not in self._ignored:
                self.braking = max(self.braking, rate)
        self._velocities = velocities


def _height(places: Mapping[str, float]) -> float:
    """Of the tool in the base [m]."""
    return forward(ARM, places, _TOOL).translation[2]
