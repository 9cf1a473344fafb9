"""The share of its speed that the servo interface asks an arm to keep to, while a servo is hot or loaded."""

from __future__ import annotations

import pytest

from armature.core.control.goal import End

from .test_group import Bench


def test_a_bound_slows_the_running_goal_on_its_path_and_it_still_arrives():
    bench = Bench()
    bench.follow()
    bench.run(0.8)
    bench.control.bound_speed(0.3, bench.now)
    bench.run(0.6)
    assert bench.control.state.rate(bench.now) == pytest.approx(0.3)
    bench.run(6.0)
    assert [end.end for end in bench.ends] == [End.SUCCEEDED]


@pytest.mark.parametrize(
    ("asked", "bound", "kept"), [(0.8, 0.3, 0.3), (1.5, 0.3, 0.3), (0.1, 0.3, 0.1), (0.8, 1.0, 0.8)]
)
def test_the_lower_of_what_is_asked_for_and_of_the_bound_is_kept(asked, bound, kept):
    bench = Bench()
    bench.follow(at=4.0)
    bench.run(1.0)
    bench.control.set_speed(asked, bench.now)
    bench.control.bound_speed(bound, bench.now)
    bench.run(1.0)
    assert bench.control.state.rate(bench.now) == pytest.approx(kept)


def test_a_bound_that_is_lifted_gives_back_the_speed_that_was_asked_for():
    bench = Bench()
    bench.follow(at=4.0)
    bench.control.bound_speed(0.3, bench.now)
    bench.run(1.0)
    bench.control.bound_speed(1.0, bench.now)
    bench.run(1.0)
    assert bench.control.state.rate(bench.now) == pytest.approx(1.0)


def test_a_bound_holds_for_goals_to_come():
    bench = Bench()
    bench.control.bound_speed(0.5, bench.now)
    bench.follow()
    bench.run(2.2)
    assert bench.ends == []
    bench.run(3.0)
    assert [end.end for end in bench.ends] == [End.SUCCEEDED]
