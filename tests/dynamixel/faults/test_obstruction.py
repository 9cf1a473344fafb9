from __future__ import annotations

import math

import pytest

from armature.dynamixel.faults.obstruction import Obstruction

PERIOD = 0.01


def look(obstruction, rows):
    """What is told of (set-point, place, load) a cycle each, and when [s]."""
    for index, (target, place, load) in enumerate(rows):
        if told := obstruction.update(target, place, load, index * PERIOD):
            return told, index * PERIOD
    return "", math.nan


def ramp(speed, seconds, follows, load):
    """A set-point that goes on at a speed; the joint makes a share of its way."""
    times = [index * PERIOD for index in range(round(seconds / PERIOD))]
    return [(speed * time, follows * speed * time, load(time)) for time in times]


@pytest.mark.parametrize("way", [1.0, -1.0])
def test_a_joint_that_stands_while_its_servo_gives_more_and_more_is_held_up(way):
    told, at = look(Obstruction(3.0), ramp(way * 0.3, 2.0, 0.0, lambda time: way * min(time, 1.0)))
    assert told == "it stands and gives 46% of its stall torque, 0% before"
    assert at == pytest.approx(0.36 + 0.1, abs=0.02)


def test_one_that_is_slow_and_ever_more_loaded_by_its_weight_is_not():
    assert look(Obstruction(3.0), ramp(0.03, 30.0, 1.0, lambda time: min(time / 30.0, 0.7))) == (
        "",
        pytest.approx(math.nan, nan_ok=True),
    )


def test_one_that_is_pushed_at_rest_is_not():
    rows = [(0.5, 0.5 - 0.001 * index, 0.006 * index) for index in range(100)]
    assert not look(Obstruction(3.0), rows)[0]


@pytest.mark.parametrize(("known", "is_told"), [(math.nan, True), (0.05, True), (0.4, False)])
def test_one_that_presses_at_rest_after_a_motion_is_held_up_unless_its_load_explains_it(known, is_told):
    obstruction = Obstruction(3.0)
    rows = ramp(0.3, 0.5, 1.0, lambda _time: 0.1)
    rows += [(*rows[-1][:2], 0.75)] * 50
    told = [obstruction.update(*row, index * PERIOD, known) for index, row in enumerate(rows)]
    first = next((index for index, text in enumerate(told) if text), math.inf)
    assert first == pytest.approx(50 + 20, abs=2) if is_told else first == math.inf  # after 0.2 s


def test_one_that_bore_as_much_before_its_motion_does_not_press_after_it():
    obstruction = Obstruction(3.0)
    rows = [(0.0, 0.0, 0.55)] * 120 + ramp(0.3, 0.5, 1.0, lambda _time: 0.55)
    rows += [(*rows[-1][:2], -0.6)] * 50
    assert not look(obstruction, rows)[0]


def test_one_that_speeds_up_for_a_moment_is_not():
    rows = [(0.02 * index, 0.02 * max(index - 5, 0), 0.9 if index < 9 else 0.1) for index in range(40)]
    assert not look(Obstruction(3.0), rows)[0]


def test_presses_add_up_though_each_is_short():
    obstruction, rows, sent, load = Obstruction(3.0), [], 0.0, 0.0
    for _ in range(6):
        for _ in range(10):
            sent, load = sent + 0.002, load + 0.015
            rows.append((sent, 0.0, load))
        rows += [(sent, 0.0, load)] * 20
    told, at = look(obstruction, rows)
    assert "it stands" in told
    assert at < 1.2


def test_what_was_not_read_tells_nothing():
    assert not look(Obstruction(3.0), ramp(0.3, 2.0, 0.0, lambda _time: math.nan))[0]


def test_fingers_are_given_longer_since_they_close_on_things():
    _, at = look(Obstruction(0.035, grips=True), ramp(0.02, 3.0, 0.0, lambda time: min(4.0 * time, 0.9)))
    assert at > 0.9


def test_after_it_is_forgotten_it_begins_anew():
    obstruction = Obstruction(3.0)
    look(obstruction, ramp(0.3, 0.4, 0.0, lambda time: time))
    obstruction.reset()
    assert not look(obstruction, [(0.12, 0.0, 0.6)] * 50)[0]


@pytest.mark.parametrize(("friction", "is_held_up"), [(0.0, True), (0.24, False)])
def test_one_whose_dry_friction_held_its_weight_and_resists_now_is_not(friction, is_held_up):
    """At rest friction took a quarter of the stall torque off the servo; to go on it takes as much from it."""
    rows = ramp(0.3, 0.4, 0.0, lambda time: -0.05 + min(1.6 * time, 0.55))
    obstruction = Obstruction(3.0)
    told = [obstruction.update(*row, index * PERIOD, friction=friction) for index, row in enumerate(rows)]
    assert any(told) is is_held_up


def test_one_that_stands_though_its_servo_gives_more_than_its_friction_takes_is_held_up():
    rows = ramp(0.3, 2.0, 0.0, lambda time: min(time, 1.0))
    obstruction = Obstruction(3.0)
    told = [obstruction.update(*row, index * PERIOD, friction=0.24) for index, row in enumerate(rows)]
    assert next(filter(None, told)) == "it stands and gives 76% of its stall torque, 0% before"
