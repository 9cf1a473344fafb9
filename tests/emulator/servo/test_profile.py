"""e-Manual, sections "Profile Acceleration(108)" and "Profile Velocity(112)"."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from armature.emulator.servo.profile import Profile, ProfileType

DT = 1e-3
GOALS = st.floats(-4_000, 4_000)


def run(profile, seconds=20.0):
    """Positions and velocities until the profile has ended."""
    track = []
    for _ in range(int(seconds / DT)):
        if not profile.is_ongoing:
            return track
        profile.step(DT)
        track.append((profile.position, profile.velocity))
    raise AssertionError("the profile does not end")


@given(GOALS, st.floats(500, 5_000), st.floats(500, 50_000))
def test_a_profile_ends_at_its_goal_within_its_bounds(goal, velocity, acceleration):
    profile = Profile()
    profile.move(goal, velocity, acceleration)
    speeds = [0.0] + [speed for _, speed in run(profile)]
    assert profile.position == goal
    assert max(map(abs, speeds)) <= velocity * 1.0001
    steps = [abs(after - before) for before, after in pairwise(speeds[:-1])]
    assert max(steps, default=0.0) <= acceleration * DT * 1.0001


@given(GOALS, GOALS, st.integers(1, 400))
@example(1.0, 0.0, 3)
def test_a_new_goal_keeps_the_velocity(first, second, steps):
    profile = Profile()
    profile.move(first, 2_000, 10_000)
    for _ in range(steps):
        if profile.is_ongoing:
            profile.step(DT)
    before = profile.velocity
    profile.move(second, 2_000, 10_000)
    if profile.is_ongoing:
        profile.step(DT)
        assert abs(profile.velocity - before) <= 2.0 * 10_000 * DT + 1e-6
        run(profile)
    assert profile.position == second


@given(st.floats(100, 4_000))
def test_a_profile_does_not_overshoot(goal):
    profile = Profile()
    profile.move(goal, 3_000, 20_000)
    assert max(position for position, _ in run(profile)) <= goal + 1.0


def test_without_velocity_there_is_no_profile():
    profile = Profile()
    profile.move(1_000, 0, 500)
    profile.step(DT)
    assert (profile.position, profile.is_ongoing, profile.kind) == (1_000, False, ProfileType.NONE)


def test_without_acceleration_the_profile_is_rectangular():
    profile = Profile()
    profile.move(1_000, 500, 0)
    assert profile.kind is ProfileType.RECTANGULAR
    track = run(profile)
    assert len(track) == pytest.approx(2_000, abs=2)
    assert {speed for _, speed in track[:-1]} == {500}


@pytest.mark.parametrize(("goal", "kind"), [(1_000, ProfileType.TRAPEZOIDAL), (100, ProfileType.TRIANGULAR)])
def test_the_kind_depends_on_the_distance(goal, kind):
    """v²/a = 250 ticks are needed to reach 500 tick/s and to brake again."""
    profile = Profile()
    profile.move(goal, 500, 1_000)
    assert profile.kind is kind


@given(st.integers(50, 4_000), st.integers(100, 3_000), st.integers(0, 2_000))
def test_a_time_based_profile_takes_its_time(goal, duration, ramp):
    profile = Profile()
    profile.move_within(goal, duration * 1e-3, ramp * 1e-3)
    assert len(run(profile)) * DT == pytest.approx(duration * 1e-3, rel=0.05, abs=0.02)


def test_velocity_mode_ramps_with_the_acceleration_alone():
    profile = Profile()
    for _ in range(100):
        profile.follow_velocity(1_000.0, 2_000.0, DT)
    assert profile.velocity == pytest.approx(200.0)
    profile.follow_velocity(-1_000.0, 0.0, DT)
    assert profile.velocity == -1_000.0


def test_hold_rests():
    profile = Profile()
    profile.move(1_000, 500, 0)
    profile.step(DT)
    profile.hold(42.0)
    assert (profile.position, profile.velocity, profile.is_ongoing) == (42.0, 0.0, False)
