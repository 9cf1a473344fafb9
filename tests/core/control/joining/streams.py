"""Other people's streams: messages that follow a path, and how far from it the joints are commanded."""

from __future__ import annotations

import numpy as np

from armature.core.trajectory.trajectory import Trajectory
from armature.errors import ArmatureError

from ...commanded import CYCLE, Commanded
from ...groups import JOINTS

_EASE = 0.6  # of its beginning [s]


def path(times):
    """Where two joints shall be at times of a path that begins at rest, and their velocities [rad], [rad/s]."""
    times = np.asarray(times, dtype=float)
    share = np.clip(times / _EASE, 0.0, 1.0)
    warped = np.where(times < _EASE, _EASE * share**4 * (2.5 - 3.0 * share + share**2), times - _EASE / 2.0)
    speed = np.where(times < _EASE, share**3 * (10.0 - 15.0 * share + 6.0 * share**2), 1.0)
    places = np.stack((0.4 * np.sin(1.5 * warped), 0.24 * (1.0 - np.cos(1.2 * warped))), axis=-1)
    slopes = np.stack((0.6 * np.cos(1.5 * warped), 0.288 * np.sin(1.2 * warped)), axis=-1)
    return places, slopes * speed[..., None]


class Stream:
    """An arm to which a client sends one message after the other."""

    def __init__(self):
        self.arm = Commanded()
        self.begun = self.arm.now
        self.refused = []

    def send(self, due, times, at, stamp=None, *, slopes=True):
        """Send points of the path, once it is due.

        Args:
            due: when the message arrives, since the beginning [s].
            times: of its points [s].
            at: the path's time at time 0 of the message [s].
            stamp: since the beginning [s].
            slopes: whether it has velocities.
        """
        while self.arm.now < self.begun + due - 1e-9:
            self.arm.run(CYCLE)
        places, velocities = path(at + np.asarray(times))
        goal = Trajectory.from_rows(JOINTS, times, places, *([velocities] if slopes else []))
        try:
            self.arm.follow(goal, None if stamp is None else self.begun + stamp)
        except ArmatureError as error:
            self.refused.append(str(error))

    def off(self, delay=0.0, since=0.0):
        """The largest distance from the path, which is followed so much later [s], from a time on [s]."""
        times = CYCLE * np.arange(len(self.arm.positions)) + 100.0 - self.begun
        places, _ = path(times - delay)
        return float(np.abs(np.array(self.arm.positions) - places)[times > since].max())

    def off_curve(self):
        """The largest distance from any place on the path [rad]."""
        end = CYCLE * len(self.arm.positions)
        curve, _ = path(np.arange(-0.1, end + 0.2, 0.002))
        return max(float(np.abs(curve - place).max(axis=1).min()) for place in self.arm.positions)

    def takes(self):
        """The largest acceleration and jerk so far [rad/s²], [rad/s³]."""
        accelerations = np.array(self.arm.accelerations)
        return np.abs(accelerations).max(), np.abs(np.diff(accelerations, axis=0)).max() / CYCLE
