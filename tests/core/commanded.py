"""A group of joints with the servo interface's own receiver of set-points, cycle by cycle, in virtual time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from armature.core.control.group import GroupControl
from armature.core.control.group_state import GroupSettings, GroupState
from armature.core.control.tolerance import Tolerance, Tolerances, TrajectoryMonitor
from armature.core.control.tracker import SWITCH_DELAY
from armature.core.model.arm import Limit
from armature.core.trajectory.retiming import STEP
from armature.core.trajectory.segments import Segment
from armature.core.trajectory.stopping import Dynamics
from armature.dynamixel.motion.setpoints import Setpoints

from .groups import JOINTS, group

CYCLE = 0.01  # [s]
LIMITS = group()
MONITOR = TrajectoryMonitor(Tolerances((Tolerance(0.2),) * 2, (Tolerance(0.05),) * 2, goal_time=1.0), LIMITS)
_RENEWED_EVERY, _TOLD_EVERY = 2, 5  # cycles


class Demand(NamedTuple):
    """What a path takes by itself, at the rate at which it is followed, within a cycle."""

    acceleration: np.ndarray
    jerk: np.ndarray
    is_step: bool  # it has a client's step, spread over some milliseconds


NO_DEMAND = Demand(np.zeros(2), np.zeros(2), False)


class Commanded:
    """An arm that is where it is commanded, and what it was commanded in every cycle so far."""

    def __init__(self, **options):
        self.cycles = 0
        self.ends = []
        self.positions, self.velocities, self.accelerations = [], [], []
        self.demands = []  # of the path itself in the cycle before
        settings = GroupSettings(start_tolerance=np.full(2, 0.05), margin=np.full(2, 0.02), **options)
        self.control = GroupControl(GroupState(LIMITS, settings))
        bounds = {joint: Limit(-2.0, 2.0, 2.0, 1.0) for joint in JOINTS}
        self.receiver = Setpoints(bounds, dict.fromkeys(JOINTS, Dynamics(4.0, 40.0)))
        self.receiver.hold(dict.fromkeys(JOINTS, 0.0))
        self._segments, self._followed = 0, None
        self.control.state.note_state("ENABLED", "s1")
        self._cycle()

    @property
    def now(self):
        """Virtual time [s]."""
        return 100.0 + self.cycles * CYCLE

    @property
    def is_moving(self):
        """Whether anything is still to be done."""
        return self.control.state.motion.is_moving(self.now) or self.receiver.is_moving(self.now)

    def follow(self, goal, stamp=None):
        """Take a goal; notes its end."""
        self.control.follow(goal, stamp, MONITOR, self.ends.append, self.now)
        self.go()

    def go(self):
        """Hand over the newest segment, as the node does; the receiver refuses jumps."""
        segment = self.control.state.segment(self.now)
        if segment is not None:
            self._segments += 1
            tracker = self.control.state.motion.tracker
            scaling = tracker._motion.scaling if tracker._tail is None else tracker._tail[0]
            # A motion on no path has nothing to take by itself, once what was followed before it has been left.
            own_until = SWITCH_DELAY if tracker._is_lease else np.inf
            self._followed = tracker._motion.motion, scaling, own_until
            self.receiver.accept(Segment(self._segments, "s1", segment.begin, segment.trajectory), self.now)

    def run(self, seconds, *, held_up=False):
        """Let time pass; while the controller is held up, the arm goes on by its last segment."""
        for _ in range(max(round(seconds / CYCLE), 1)):
            self.cycles += 1
            self._cycle(held_up=held_up)
        return self

    def finish(self):
        """Let everything come to rest."""
        for _ in range(120):  # a goal of 15 s at a speed of 0.3
            if not self.is_moving:
                return self
            self.run(0.5)
        raise AssertionError("it does not come to rest")

    def _cycle(self, *, held_up=False):
        now = self.now
        setpoints = self.receiver.sample(now)
        for rows, name in (
            (self.positions, "position"),
            (self.velocities, "velocity"),
            (self.accelerations, "acceleration"),
        ):
            rows.append([getattr(setpoints[joint], name) for joint in JOINTS])
        self.demands.append(self._demand(now) if self._is_steep() else NO_DEMAND)
        if held_up:
            return
        position, velocity = (
            dict(zip(JOINTS, rows[-1], strict=True)) for rows in (self.positions, self.velocities)
        )
        self.control.state.note_reading(now, position, velocity, now)
        if self.cycles % _TOLD_EVERY == 0:
            self.control.state.note_commanded(now, position, "s1", now)
        if self.cycles % _RENEWED_EVERY == 0:
            self.control.state.update(now)
            self.go()

    def _is_steep(self):
        """Whether anything is beyond the limits, so that it matters what the path itself takes."""
        before, last = np.array(self.accelerations[-2:])[[0, -1]]
        return (np.abs(last) > LIMITS.acceleration).any() or (np.abs(last - before) > LIMITS.jerk * CYCLE).any()

    def _demand(self, now):
        """What the path itself takes in the cycle before: accelerations, jerks, and whether a step is within."""
        motion, scaling, own_until = self._followed
        path, rate, _ = scaling.many(np.linspace(now - CYCLE, now, 9))
        if len(motion.knots) < 2 or path[0] >= min(motion.duration, own_until):
            return NO_DEMAND
        accelerations = np.abs(motion.sample_many(path)[2] * rate[:, None] ** 2)
        inside = path < motion.duration
        jerks = np.abs(motion.jerks(path[inside]) * rate[inside, None] ** 3)
        knots = motion.knots
        first, last = knots.searchsorted(path[[0, -1]], side="right") - 1
        is_step = bool((np.diff(knots)[max(first, 0) : last + 1] < STEP).any())
        return Demand(accelerations.max(axis=0), jerks.max(axis=0), is_step)
