"""What comes more often than it is needed is let through as often as it is needed, and no more."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from armature.core.rate_limit import RateLimit

BEGIN = 1.8e9  # as of ROS time, where floats are coarse [s]


def passed(rate: float, wanted: float, jitter: float = 0.0, seconds: int = 20) -> list[float]:
    """Times that are let through [s]."""
    chance = random.Random(1)
    limit = RateLimit(1.0 / wanted)
    times = [BEGIN + k / rate + chance.uniform(-jitter, jitter) for k in range(round(seconds * rate))]
    return [time for time in times if limit.is_due(time)]


@pytest.mark.parametrize("jitter", [0.0, 1e-4, 2e-3])
@pytest.mark.parametrize(
    ("rate", "wanted"), [(100, 50), (100, 20), (100, 10), (100, 100), (200, 50), (100, 40), (60, 50), (400, 50)]
)
def test_the_mean_rate_is_the_one_that_is_wanted(rate: float, wanted: float, jitter: float):
    assert len(passed(rate, wanted, jitter)) / 20.0 == pytest.approx(wanted, rel=0.01)


def test_frames_of_a_loop_of_100_hz_come_every_20_ms():
    times = passed(100, 50)
    gaps = [after - before for before, after in pairwise(times)]
    assert min(gaps) > 0.019
    assert max(gaps) < 0.021


def test_what_comes_less_often_passes_whole():
    assert len(passed(30, 50)) == 600


def test_after_a_pause_nothing_is_made_up_for():
    limit = RateLimit(0.1)
    assert limit.is_due(1.0)
    assert limit.is_due(5.0)
    assert not limit.is_due(5.01)
    assert not limit.is_due(5.05)


def test_a_clock_begun_anew_is_followed():
    limit = RateLimit(0.1)
    assert limit.is_due(100.0)
    assert limit.is_due(1.0)
    assert not limit.is_due(1.05)


def test_a_reset_lets_the_next_one_through():
    limit = RateLimit(1.0)
    assert limit.is_due(1.0)
    limit.reset()
    assert limit.is_due(1.1)
