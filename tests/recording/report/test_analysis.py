from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.recording.report.analysis import Series, delay, following_error, rate, series, within

COMMANDED = np.arange(0.0, 10.0, 0.05)
MEASURED = np.arange(0.0, 10.0, 0.01)


def motion(times):
    return 0.8 * np.sin(1.3 * times) + 0.2 * np.sin(3.1 * times)


@given(lag=st.floats(0.0, 0.4), offset=st.floats(-0.1, 0.1), scale=st.floats(0.2, 3.0))
def test_a_delay_is_found_whatever_the_offset_and_the_size(lag, offset, scale):
    commanded = Series(COMMANDED, scale * motion(COMMANDED))
    measured = Series(MEASURED, scale * motion(MEASURED - lag) + offset)
    assert delay(commanded, measured, 0.02) == pytest.approx(lag, abs=5e-4)


def test_noise_moves_the_delay_by_little():
    noise = np.random.default_rng(1).normal(0.0, 0.0015, len(MEASURED))
    found = delay(Series(COMMANDED, motion(COMMANDED)), Series(MEASURED, motion(MEASURED - 0.08) + noise), 0.02)
    assert found == pytest.approx(0.08, abs=0.002)


@pytest.mark.parametrize(
    ("commanded", "measured"),
    [
        (Series(COMMANDED, np.full_like(COMMANDED, 0.3)), Series(MEASURED, motion(MEASURED))),
        (Series(COMMANDED, motion(COMMANDED)), Series(MEASURED, np.zeros_like(MEASURED))),
        (Series(COMMANDED[:5], motion(COMMANDED[:5])), Series(MEASURED, motion(MEASURED))),
        (Series(COMMANDED, motion(COMMANDED)), Series(MEASURED[:2], motion(MEASURED[:2]))),
        (Series(COMMANDED, COMMANDED), Series(MEASURED, MEASURED - 3.0)),
    ],
    ids=["still", "deaf", "short", "unmeasured", "ramp"],
)
def test_no_delay_is_told_where_none_can_be_known(commanded, measured):
    assert delay(commanded, measured, 0.02) is None


@given(offset=st.floats(-1.0, 1.0))
def test_the_following_error_is_commanded_minus_measured(offset):
    error = following_error(Series(COMMANDED, 0.5 * COMMANDED), Series(MEASURED, 0.5 * MEASURED - offset))
    assert np.allclose(error.values, offset, atol=1e-9)


def test_nothing_is_compared_where_commands_are_missing():
    asked = COMMANDED[((COMMANDED < 3.0) | (COMMANDED > 4.0)) & (COMMANDED > 1.0) & (COMMANDED < 8.0)]
    error = following_error(Series(asked, motion(asked)), Series(MEASURED, motion(MEASURED)))
    assert error.times.min() > 1.0
    assert error.times.max() < 8.0
    assert not within(error.times, [(3.01, 3.99)]).any()


def test_a_single_wrong_reading_is_not_overlooked():
    values = motion(MEASURED)
    values[333] = -np.pi
    error = following_error(Series(COMMANDED, motion(COMMANDED)), Series(MEASURED, values))
    assert np.abs(error.values).max() > 2.0


def test_known_velocities_make_commands_exact_between_their_samples():
    slopes = 1.04 * np.cos(1.3 * COMMANDED) + 0.62 * np.cos(3.1 * COMMANDED)
    measured = Series(MEASURED, motion(MEASURED))
    exact = following_error(Series(COMMANDED, motion(COMMANDED), slopes), measured)
    rough = following_error(Series(COMMANDED, motion(COMMANDED)), measured)
    assert np.abs(exact.values).max() < 1e-5
    assert np.abs(rough.values).max() > 3e-4


def test_the_rate_counts_gaps():
    times = np.concatenate([np.arange(0.0, 1.0, 0.01), np.arange(1.5, 2.0, 0.01)])
    found = rate(times)
    assert found is not None
    assert found.period == pytest.approx(0.01)
    assert found.longest == pytest.approx(0.51)
    assert [(gap.start, round(gap.length, 6)) for gap in found.gaps] == [(pytest.approx(0.99), 0.51)]
    assert found.mean == pytest.approx(149 / 1.99)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_rate_needs_three_messages(count):
    assert rate(np.arange(float(count))) is None


def test_a_series_is_sorted_and_holds_no_value_that_is_none():
    found = series([3.0, 1.0, 2.0, 2.0], [30.0, 10.0, 20.0, float("nan")], [3.0, 1.0, 2.0, 9.0])
    assert found.times.tolist() == [1.0, 2.0, 3.0]
    assert found.values.tolist() == [10.0, 20.0, 30.0]
    assert found.slopes is not None
    assert found.slopes.tolist() == [1.0, 2.0, 3.0]
    assert found.travel == 20.0
    assert series([], [], []).travel == 0.0


@pytest.mark.parametrize("slopes", [[], [1.0], [1.0, float("nan")]])
def test_velocities_that_are_not_all_known_are_not_used(slopes):
    assert series([1.0, 2.0], [10.0, 20.0], slopes).slopes is None
