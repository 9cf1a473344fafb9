"""The set-points of every joint: time-stamped segments, each ending at rest."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from armature.core.arrays import Array
from armature.core.jog_limits import LEASE
from armature.core.model.arm import Limit
from armature.core.recovery_commands import ENABLE
from armature.core.trajectory.segments import LoopTime, Segment
from armature.core.trajectory.stopping import Dynamics, retreat, stop
from armature.core.trajectory.trajectory import State, Trajectory
from armature.errors import GoalRefused, apart, bounds, listed

# A segment must begin where the set-point is. The bounds allow for the rounding of stamps, not for a jump:
# promise 2 counts half a degree as one.
_POSITION_STEP = 0.5 * np.pi / 180.0  # [rad]; the same figure in metres for a prismatic joint's span
_VELOCITY_STEP_TIME = 0.1  # [s] of the joint's acceleration limit
# Beyond a limit by less than this is the rounding of encoders and of joints resting on their stops.
_LIMIT_MARGIN = 0.02  # of the joint's span
_VELOCITY_MARGIN = 1.05
_STOP_MARGIN = 0.01  # of the joint's span: what a stop may take of the margin of the limit
_SAMPLES = 4  # of each spline, since it may go beyond its ends
_INSTANT = 1e-6  # [s]
_MOST_EFFORT = 1e4  # beyond which a number was meant in other units [N·m] or [N]


@dataclass(frozen=True)
class Setpoint:
    """One joint's set-point at one time."""

    position: float  # [rad] or [m]
    velocity: float  # [rad/s] or [m/s]
    acceleration: float  # [rad/s²] or [m/s²]
    effort: float = math.nan  # load of the joint, where it is known [N·m] or [N]
    is_followed: bool = True  # whether the joint is to move along; not where its set-point goes back to it


class Setpoints:
    """The newest segment of each joint, and where it rests when there is none."""

    def __init__(self, limits: Mapping[str, Limit], dynamics: Mapping[str, Dynamics]) -> None:
        self._limits = limits
        self._dynamics = dynamics
        self._rest: dict[str, float] = {}
        self._present: dict[str, Segment[LoopTime]] = {}
        self._upcoming: dict[str, list[Segment[LoopTime]]] = {}  # by their begins, all of them to come
        self._delays: dict[tuple[str, ...], float] = {}  # by the joints of a segment [s]
        self._newly_held: set[str] = set()
        self.start_delay = 0.0  # how long after its stamp the last motion began [s]

    def hold(self, positions: Mapping[str, float]) -> None:
        """Rest at these positions [rad] or [m], to which the servos' goals have just been set."""
        self.rest(positions)
        self._newly_held.update(positions)

    def pop_newly_held(self) -> set[str]:
        """Joints that were set to hold since the last call."""
        joints, self._newly_held = self._newly_held, set()
        return joints

    def rest(self, positions: Mapping[str, float]) -> None:
        """Rest at these set-points [rad] or [m]; whatever those joints were doing is over."""
        for joint, position in positions.items():
            self._rest[joint] = position
            self._present.pop(joint, None)
            self._upcoming.pop(joint, None)

    def sample(self, now: float) -> dict[str, Setpoint]:
        """Set-points of all joints at a monotonic time [s]."""
        self._advance(now)
        segments = {id(segment): segment for segment in self._present.values()}
        states = {key: (segment.setpoint(now), segment.loads_at(now)) for key, segment in segments.items()}
        return {joint: self._setpoint(joint, states) for joint in self._rest}

    def is_in_motion(self, now: float) -> bool:
        """Whether some segment that goes anywhere has not ended."""
        return any(now < segment.end and segment.moves for segment in self._segments())

    def is_moving(self, now: float) -> bool:
        """Whether some segment has not ended, be it that it stands."""
        return any(now < segment.end for segment in self._segments())

    def is_under_way(self, now: float) -> bool:
        """Whether a motion is being commanded that goes anywhere but back to its joint."""
        return any(now < segment.end and not segment.backs_off for segment in self._segments())

    def _segments(self) -> Iterable[Segment[LoopTime]]:
        return chain(self._present.values(), *self._upcoming.values())

    def accept(self, segment: Segment[LoopTime], now: float) -> Segment[LoopTime]:
        """Follow a segment from its start on, or from now on if it has started already.

        Returns:
            The segment as it is followed, which may begin and end later.

        Raises:
            GoalRefused: an unknown joint, a value beyond a limit, an end that is not at rest, a jump.
        """
        self._check_limits(segment.trajectory)
        _check_loads(segment)
        self._check_rest(segment.trajectory)
        segment = self._delay(segment, now)
        self._check_continuity(segment, max(now, segment.begin))
        for joint in segment.trajectory.joints:
            # One that begins sooner is still followed until this one begins: a delay may be longer than the time
            # between two segments.
            sooner = [coming for coming in self._upcoming.get(joint, ()) if coming.begin < segment.begin]
            self._upcoming[joint] = [*sooner, segment]
        self._advance(now)
        return segment

    def stop(self, now: float) -> None:
        """Bring every joint to rest within its acceleration and jerk; harder where it would leave its range.

        A set-point that goes back to its joint does so to its end, which is near: it would come to rest beyond it.
        """
        present = self.sample(now)
        moving = [joint for joint, segment in self._present.items() if not segment.backs_off]
        resting = present.keys() - self._present.keys()
        self.rest({joint: present[joint].position for joint in (*moving, *resting)})
        self._upcoming.clear()  # also what was to follow on a way back
        if moving:
            state = _state([self._limit_acceleration(joint, present[joint]) for joint in moving])
            dynamics = {joint: self._stop_dynamics(joint, present[joint]) for joint in moving}
            with suppress(GoalRefused):  # where no gentle stop exists, the hold above is one at once
                segment = Segment(0, "", LoopTime(now), stop(moving, state, dynamics))
                self._present.update(dict.fromkeys(moving, segment))

    def retreat(self, targets: Mapping[str, float], now: float) -> None:
        """Bring the set-points of joints that do not follow to positions [rad] or [m], as fast as joints move."""
        present = self.sample(now)
        joints = [joint for joint, target in targets.items() if target != present[joint].position]
        self.rest(targets)
        if joints:
            state = _state([self._limit_acceleration(joint, present[joint]) for joint in joints])
            velocities = {joint: self._limits[joint].velocity for joint in joints}
            with suppress(GoalRefused):  # where there is no such way, they are there at once
                way = retreat(joints, state, targets, velocities)
                segment = Segment(0, "", LoopTime(now), way, backs_off=True)
                self._present.update(dict.fromkeys(joints, segment))

    def _limit_acceleration(self, joint: str, setpoint: Setpoint) -> Setpoint:
        """Without an acceleration beyond the joint's own, which a segment may have: a stop would carry it on."""
        bound = self._dynamics[joint].acceleration
        return replace(setpoint, acceleration=max(-bound, min(bound, setpoint.acceleration)))

    def _stop_dynamics(self, joint: str, setpoint: Setpoint) -> Dynamics:
        """The joint's own dynamics, or harder ones where they would take it beyond its limit.

        A stop with acceleration a and jerk j goes v²/(2a) + v·a/(2j) further. What may still accelerate goes
        v·t + a·t²/3 before, in t = a/j, and is faster by a·t/2 then.
        """
        own, limit, speed = self._dynamics[joint], self._limits[joint], abs(setpoint.velocity)
        ahead = limit.upper - setpoint.position if setpoint.velocity > 0.0 else setpoint.position - limit.lower
        room = max(ahead, 0.0) + _STOP_MARGIN * limit.span
        rise = own.acceleration / own.jerk  # [s]
        fastest = speed + own.acceleration * rise / 2.0
        before = speed * rise + own.acceleration * rise**2 / 3.0
        if before + fastest**2 / (2.0 * own.acceleration) + fastest * rise / 2.0 <= room:
            return own
        harder = max(own.acceleration, 2.0 * fastest**2 / room)
        return Dynamics(harder, max(own.jerk, 4.0 * fastest * harder / room))

    def _delay(self, segment: Segment[LoopTime], now: float) -> Segment[LoopTime]:
        """The segment as it can be played: where the first one from rest came late, all begin as much later.

        So a motion starts without a step, though its writer, the network or this process took their time. One that
        comes later than a jog's lease is not what anybody wants any more.
        """
        joints = segment.trajectory.joints
        self._advance(now)
        if not any(joint in self._present or joint in self._upcoming for joint in joints):
            late = now - segment.begin
            self._delays[joints] = late if 0.0 < late <= LEASE else 0.0
            self.start_delay = max(0.0, late)
        return replace(segment, begin=LoopTime(segment.begin + self._delays.get(joints, 0.0)))

    def _advance(self, now: float) -> None:
        for joint, coming in list(self._upcoming.items()):
            while coming and now >= coming[0].begin:
                self._present[joint] = coming.pop(0)
            if not coming:
                del self._upcoming[joint]
        for joint, segment in list(self._present.items()):
            if now >= segment.end:
                last = segment.trajectory.sample(segment.trajectory.duration)
                self._rest[joint] = float(last.position[segment.trajectory.joints.index(joint)])
                del self._present[joint]

    def _setpoint(self, joint: str, states: Mapping[int, tuple[State, Array]]) -> Setpoint:
        segment = self._present.get(joint)
        if segment is None:
            return Setpoint(self._rest[joint], 0.0, 0.0)
        state, loads = states[id(segment)]
        column = segment.trajectory.joints.index(joint)
        setpoint = _column(state, column, float(loads[column]))
        return replace(setpoint, is_followed=False) if segment.backs_off else setpoint

    def _check_limits(self, trajectory: Trajectory) -> None:
        unknown = next((joint for joint in trajectory.joints if joint not in self._limits), None)
        if unknown is not None:
            raise GoalRefused("set-point: joint", unknown, listed("joints", self._limits))
        positions, velocities, _ = trajectory.sample_many(_between(trajectory.knots))
        for column, joint in enumerate(trajectory.joints):
            limit = self._limits[joint]
            margin = _LIMIT_MARGIN * limit.span
            where, bound = f"set-point: {joint}", _VELOCITY_MARGIN * limit.velocity
            _check_range(f"{where} position", positions[:, column], limit.lower - margin, limit.upper + margin)
            _check_range(f"{where} velocity", velocities[:, column], -bound, bound)

    def _check_rest(self, trajectory: Trajectory) -> None:
        """A segment ends at rest, so that a writer that dies leaves the arm at rest."""
        last = trajectory.sample(trajectory.duration - _INSTANT)
        for joint, velocity in zip(trajectory.joints, last.velocity, strict=True):
            change = _VELOCITY_STEP_TIME * self._dynamics[joint].acceleration
            if not abs(velocity) <= change:
                raise GoalRefused(
                    f"set-point: {joint} velocity at the end",
                    float(velocity),
                    f"end within {apart(change, abs(velocity))} of rest",
                )

    def _check_continuity(self, segment: Segment[LoopTime], at: float) -> None:
        present = self.sample_plan(segment.trajectory.joints, at)
        first = segment.setpoint(at)
        for column, joint in enumerate(segment.trajectory.joints):
            limit, was = self._limits[joint], present[joint]
            step = _POSITION_STEP * min(1.0, limit.span)
            _check_step(f"set-point: {joint} position", float(first.position[column]), was.position, step)
            change = _VELOCITY_STEP_TIME * self._dynamics[joint].acceleration
            _check_step(f"set-point: {joint} velocity", float(first.velocity[column]), was.velocity, change)

    def sample_plan(self, joints: Iterable[str], at: float) -> dict[str, Setpoint]:
        """Where joints will be at a time that has not come, by the segments known now."""
        plan: dict[str, Setpoint] = {}
        for joint in joints:
            begun = [segment for segment in self._upcoming.get(joint, ()) if at >= segment.begin]
            segment = begun[-1] if begun else self._present.get(joint)
            if segment is None:
                plan[joint] = Setpoint(self._rest[joint], 0.0, 0.0)
                continue
            state = segment.setpoint(at)
            plan[joint] = _column(state, segment.trajectory.joints.index(joint))
        return plan


def _between(knots: np.ndarray) -> np.ndarray:
    """Times of the knots and between them [s]."""
    if len(knots) == 1:
        return knots
    steps = np.linspace(0.0, 1.0, _SAMPLES, endpoint=False)
    inner = knots[:-1, None] + np.diff(knots)[:, None] * steps
    return np.append(inner.ravel(), knots[-1])


def _check_loads(segment: Segment[LoopTime]) -> None:
    if segment.loads is not None:
        for joint, column in zip(segment.trajectory.joints, segment.loads.T, strict=True):
            if not np.isnan(column).all():
                _check_range(f"set-point: {joint} effort", column, -_MOST_EFFORT, _MOST_EFFORT)


def _column(state: State, column: int, effort: float = math.nan) -> Setpoint:
    position, velocity, acceleration = state.position[column], state.velocity[column], state.acceleration[column]
    return Setpoint(float(position), float(velocity), float(acceleration), effort)


def _state(setpoints: list[Setpoint]) -> State:
    return State(*np.array([(each.position, each.velocity, each.acceleration) for each in setpoints]).T)


def _check_range(where: str, values: np.ndarray, lower: float, upper: float) -> None:
    bad = values[~((values >= lower) & (values <= upper))]  # NaN is in no range
    if bad.size:
        raise GoalRefused(where, float(bad[0]), f"it must be within {bounds(lower, upper, bad[0], word='and')}")


def _check_step(where: str, value: float, present: float, bound: float) -> None:
    if not abs(value - present) <= bound:
        allowed = (
            f"the set-point is at {apart(present, value)}; begin within {apart(bound, abs(value - present))} of it"
        )
        raise GoalRefused(where, value, f"{allowed} (was the computer too busy? run {ENABLE}, then send it again)")
