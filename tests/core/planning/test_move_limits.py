"""Whatever move is asked for keeps velocity, acceleration and jerk."""

from __future__ import annotations

import numpy as np
import pytest

from armature.core.planning import paths
from armature.core.planning.timing import time_path
from armature.core.steps import run_to_end

from .random_moves import KINDS, random_move, shares

MOVES = 10_000


@pytest.mark.soak
@pytest.mark.parametrize("name", ["six", "four"])
def test_random_moves_of_every_kind_keep_every_limit(request, soak, name):
    arm, draw, count = request.getfixturevalue(name), np.random.default_rng(13), soak.count(MOVES) // 2
    planned = dict.fromkeys(KINDS, 0)
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        if (motion := random_move(arm, kind, draw)) is not None:
            assert max(shares(motion, arm.limits)) <= 1.01
            planned[kind] += 1
        soak.show(number, count, "moves")
    assert min(planned.values()) > 0.1 * count / len(KINDS), planned


def test_corners_are_as_quick_as_the_jerk_allows_them_to_be(six):
    """The limits are kept by what a corner needs, and not by slowness: each section is timed by its own joints."""
    draw = np.random.default_rng(4)
    motions = [motion for _ in range(24) if (motion := random_move(six, "corners", draw)) is not None]
    assert min(max(shares(motion, six.limits)) for motion in motions) > 0.99
    # Without a timing of its own for each section they take 12.7 s together.
    assert sum(motion.duration for motion in motions) < 12.2


def test_where_a_path_bends_at_once_the_jerk_stays_within_its_limit(six):
    """The third derivative of its path steps between two points of the motion."""
    at = np.linspace(0.0, 1.0, 7)
    rows = np.outer(np.maximum(at - 0.5, 0.0) ** 3, np.ones(6)) + np.outer(at, np.ones(6))
    path = paths.interpolate(six.joints, at, rows)
    motion = run_to_end(time_path(path, six.limits, [0.0, 1.0]))
    assert max(shares(motion, six.limits)) < 1.01


def test_lines_of_four_joints_are_not_slow_for_an_orientation_that_they_can_hardly_keep(four):
    draw = np.random.default_rng(4)
    motions = [motion for _ in range(24) if (motion := random_move(four, "line", draw)) is not None]
    assert len(motions) > 18
    # Kept to the last they take 34 s together; caught up with afterwards, 31 s.
    assert sum(motion.duration for motion in motions) < 28.0
