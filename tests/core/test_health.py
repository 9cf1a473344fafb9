from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.core.health import ConditionTimer, MeanSquare, Stage, ThermalModel, Thresholds
from armature.errors import ConfigError

WARM = Thresholds(warn=60.0, slow=65.0, stop=70.0, hysteresis=3.0)


@pytest.mark.parametrize(
    ("value", "stage"),
    [(59.9, Stage.NORMAL), (60.0, Stage.WARN), (64.9, Stage.WARN), (65.0, Stage.SLOW), (70.0, Stage.STOP)],
)
def test_each_stage_begins_at_its_threshold(value, stage):
    assert WARM.stage(value, Stage.NORMAL) is stage


@pytest.mark.parametrize(
    ("value", "present", "stage"),
    [
        (68.0, Stage.STOP, Stage.STOP),
        (66.9, Stage.STOP, Stage.SLOW),
        (63.0, Stage.SLOW, Stage.SLOW),
        (61.9, Stage.SLOW, Stage.WARN),
        (57.0, Stage.WARN, Stage.WARN),
        (56.9, Stage.WARN, Stage.NORMAL),
    ],
)
def test_a_stage_ends_by_the_hysteresis_below_where_it_began(value, present, stage):
    assert WARM.stage(value, present) is stage


@given(st.lists(st.floats(50.0, 80.0), min_size=1))
def test_a_value_never_leaves_a_stage_that_it_has_reached_anew(values):
    present = Stage.NORMAL
    for value in values:
        present = WARM.stage(value, present)
        assert present >= WARM.stage(value, Stage.NORMAL)


def test_what_was_not_read_changes_no_stage():
    assert WARM.stage(math.nan, Stage.SLOW) is Stage.SLOW


def test_where_a_stage_ends_is_told():
    assert WARM.release(Stage.STOP) == 67.0
    assert WARM.release(Stage.NORMAL) == -math.inf


@pytest.mark.parametrize("stages", [(2.0, 1.0, 3.0), (1.0, 3.0, 2.0), (1.0, 2.0, math.inf), (math.nan, 1.0, 2.0)])
def test_stages_out_of_order_are_refused(stages):
    with pytest.raises(ConfigError, match="each must be at least the one before it"):
        Thresholds(*stages, hysteresis=0.0)


@pytest.mark.parametrize("hysteresis", [-1.0, math.nan, math.inf])
def test_a_hysteresis_that_is_none_is_refused(hysteresis):
    with pytest.raises(ConfigError, match="hysteresis"):
        Thresholds(1.0, 2.0, 3.0, hysteresis)


def test_the_mean_square_of_a_lasting_load_is_the_load():
    mean = MeanSquare(1.0)
    for cycle in range(1_000):
        mean.add(-0.5, cycle * 0.01)
    assert mean.root == pytest.approx(0.5, rel=1e-3)


def test_a_short_peak_weighs_little():
    mean = MeanSquare(1.0)
    mean.add(0.0, 0.0)
    mean.add(1.0, 0.01)
    assert mean.root == pytest.approx(math.sqrt(1.0 - math.exp(-0.01)))


def test_a_load_that_was_not_read_is_left_out():
    mean = MeanSquare(1.0)
    mean.add(0.5, 0.0)
    mean.add(math.nan, 1.0)
    mean.add(0.5, 2.0)
    assert mean.root == pytest.approx(0.5 * math.sqrt(1.0 - math.exp(-2.0)))


@given(st.floats(20.0, 60.0), st.floats(0.45, 1.0))
def test_the_time_to_a_limit_is_when_the_model_is_there(temperature, load):
    model = ThermalModel()
    left = model.time_to(75.0, temperature, load)
    assert model.temperature_after(temperature, load, left) == pytest.approx(75.0, abs=1e-6)


@given(st.floats(20.0, 70.0), st.floats(0.0, 0.3))
def test_a_load_that_ends_below_the_limit_may_last_for_ever(temperature, load):
    assert ThermalModel().time_to(75.0, temperature, load) == math.inf


def test_a_limit_that_is_reached_leaves_no_time():
    assert ThermalModel().time_to(75.0, 75.0, 0.0) == 0.0


@pytest.mark.parametrize(("temperature", "load"), [(math.nan, 0.5), (40.0, math.nan)])
def test_nobody_knows_how_long_what_was_not_read_can_last(temperature, load):
    assert math.isnan(ThermalModel().time_to(75.0, temperature, load))


def test_a_load_of_40_per_cent_ends_55_kelvin_above_the_room():
    assert ThermalModel().steady_temperature(0.4) == pytest.approx(25.0 + 54.4)


def test_what_is_so_without_a_break_counts_from_its_begin():
    timer = ConditionTimer()
    assert [timer.update(True, now) for now in (1.0, 1.5, 3.0)] == [0.0, 0.5, 2.0]
    assert math.isnan(timer.update(False, 3.5))
    assert timer.update(True, 4.0) == 0.0
    timer.reset()
    assert timer.update(True, 5.0) == 0.0
