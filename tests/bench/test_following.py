"""Feed-forward on virtual time: what docs/measured.md says of it."""

from __future__ import annotations

import numpy as np
import pytest

from armature.bench.graph.tracking import WAYS, run

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def runs():
    return [run(way) for way in WAYS]


def rms(run):
    return float(np.sqrt((run.errors**2).sum(axis=1).mean()))


def test_feed_forward_halves_the_following_error_and_more_where_the_payload_is_told(runs):
    plain, untold, told = map(rms, runs)
    assert untold < 0.5 * plain
    assert told < 0.3 * plain


def test_no_joint_is_worse_off(runs):
    plain, *led = runs
    for other in led:
        assert (np.abs(other.errors[-1]) <= np.abs(plain.errors[-1]) + 0.1).all()
        assert (other.root_mean_squares <= 0.52 * plain.root_mean_squares + 0.1).all()
        assert (np.abs(np.diff(other.measured, axis=0)).max(axis=0) < 0.02).all()
