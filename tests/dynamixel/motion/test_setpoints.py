from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from armature.core.model.arm import Limit
from armature.core.trajectory import retiming
from armature.core.trajectory.segments import Segment
from armature.core.trajectory.stopping import Dynamics
from armature.core.trajectory.trajectory import Trajectory
from armature.dynamixel.motion.setpoints import Setpoints
from armature.errors import GoalRefused

LIMITS = {"a": Limit(-2.0, 2.0, 2.0, 1.0), "b": Limit(-1.0, 1.0, 1.0, 1.0), "c": Limit(0.0, 0.03, 0.1, 1.0)}
DYNAMICS = {joint: Dynamics(4.0, 40.0) for joint in LIMITS}


@pytest.fixture
def setpoints():
    setpoints = Setpoints(LIMITS, DYNAMICS)
    setpoints.hold({"a": 0.0, "b": 0.5, "c": 0.01})
    return setpoints


def quintic(joint, begin, end, seconds, start=0.0, velocity=0.0):
    """A motion of one joint that ends at rest."""
    motion = Trajectory((joint,), [0.0, seconds], [[begin], [end]], [[velocity], [0.0]], [[0.0], [0.0]])
    return Segment(1, "s", start, motion)


def linear(joint, times, positions, start=0.0):
    return Segment(1, "s", start, Trajectory((joint,), times, [[position] for position in positions]))


def test_what_is_held_stays(setpoints):
    assert {joint: point.position for joint, point in setpoints.sample(7.0).items()} == {
        "a": 0,
        "b": 0.5,
        "c": 0.01,
    }
    assert not setpoints.is_moving(7.0)


def test_joints_follow_their_own_segments(setpoints):
    setpoints.accept(quintic("a", 0.0, 0.4, 1.0), 0.0)
    setpoints.accept(quintic("b", 0.5, 0.3, 0.5), 0.0)
    assert setpoints.is_moving(0.7)
    half = setpoints.sample(0.5)
    assert half["a"].position == pytest.approx(0.2)
    assert half["b"].position == pytest.approx(0.3)
    setpoints.sample(2.0)
    assert not setpoints.is_moving(2.0)
    assert setpoints.sample(9.0)["a"].position == pytest.approx(0.4)


def test_a_segment_of_the_future_waits_for_its_time(setpoints):
    setpoints.accept(quintic("a", 0.0, 0.4, 1.0, start=5.0), 0.0)
    assert setpoints.is_moving(1.0)
    assert setpoints.sample(4.9)["a"].position == 0.0
    assert setpoints.sample(5.5)["a"].position == pytest.approx(0.2)


@settings(deadline=None, max_examples=60)
@given(at=st.floats(0.05, 0.95), end=st.floats(-0.3, 0.3))
def test_a_segment_that_takes_over_in_motion_is_continuous_in_position_and_velocity(at, end):
    setpoints = Setpoints(LIMITS, DYNAMICS)
    setpoints.hold({"a": 0.0, "b": 0.0, "c": 0.0})
    setpoints.accept(quintic("a", 0.0, 0.4, 1.0), 0.0)
    now = setpoints.sample(at)["a"]
    setpoints.accept(quintic("a", now.position, end, 1.0, start=at, velocity=now.velocity), at)
    path = [setpoints.sample(at + step)["a"] for step in (-1e-4, 0.0, 1e-4)]
    assert abs(path[1].position - path[0].position) < 1e-3
    assert abs(path[2].velocity - path[1].velocity) < 1e-2


@settings(deadline=None, max_examples=60)
@given(at=st.floats(0.0, 1.2))
def test_a_stop_at_any_time_is_continuous_and_comes_to_rest(at):
    setpoints = Setpoints(LIMITS, DYNAMICS)
    setpoints.hold({"a": 0.0, "b": 0.0, "c": 0.0})
    setpoints.accept(quintic("a", 0.0, 0.4, 1.0), 0.0)
    before = setpoints.sample(at)["a"]
    setpoints.stop(at)
    path = np.array([[setpoints.sample(at + t)[j].position for j in LIMITS] for t in np.arange(0.0, 2.0, 0.01)])
    assert path[0][0] == pytest.approx(before.position, abs=1e-9)
    velocity = np.diff(path, axis=0) / 0.01
    assert abs(velocity[0][0] - before.velocity) < 0.05
    assert np.abs(np.diff(velocity, axis=0)).max() / 0.01 < 1.1 * 4.0
    assert np.abs(velocity[-1]).max() == 0.0
    assert not setpoints.is_moving(at + 2.0)


def test_a_stop_forgets_a_segment_that_was_to_come(setpoints):
    setpoints.accept(quintic("a", 0.0, 0.4, 1.0, start=5.0), 0.0)
    setpoints.stop(1.0)
    assert setpoints.sample(6.0)["a"].position == 0.0


def test_a_stop_forgets_what_was_to_follow_on_a_way_back(setpoints):
    setpoints.hold({"a": 0.3})
    setpoints.retreat({"a": 0.1}, 0.0)
    setpoints.accept(quintic("a", 0.1, 0.4, 1.0, start=0.5), 0.0)
    setpoints.stop(0.05)
    assert setpoints.sample(2.0)["a"].position == pytest.approx(0.1)


def loaded(efforts):
    motion = Trajectory(("a",), [0.0, 1.0], [[0.0], [0.0]], [[0.0], [0.0]], [[0.0], [0.0]])
    return Segment(1, "s", 0.0, motion, np.array(efforts)[:, None])


def test_loads_that_a_segment_tells_lie_on_lines_between_its_points(setpoints):
    setpoints.accept(loaded([1.0, 3.0]), 0.0)
    assert [setpoints.sample(at)["a"].effort for at in (0.0, 0.25, 0.9)] == pytest.approx([1.0, 1.5, 2.8])
    assert math.isnan(setpoints.sample(0.5)["b"].effort)


def test_a_segment_without_loads_does_not_make_them_up(setpoints):
    setpoints.accept(quintic("a", 0.0, 0.4, 1.0), 0.0)
    assert math.isnan(setpoints.sample(0.5)["a"].effort)


# Refusals


@pytest.mark.parametrize(
    ("segment", "told"),
    [
        (linear("knee", [0.0], [0.0]), "set-point: joint: 'knee' refused; joints are a, b, c"),
        (linear("a", [0.0, 1.0], [0.0, 2.2]), "a position: 2.2 refused; it must be within -2.0800 and 2.0800"),
        (linear("a", [0.0, 0.5], [0.0, 1.5]), r"a velocity: 3.0.* within -2.1000 and 2.1000"),
        (quintic("a", 0.0, 1.2, 0.9), r"a velocity: 2\.\d+ refused"),
        (quintic("a", 0.1, 0.4, 1.0), r"a position: 0.1 refused; the set-point is at 0.0000; begin within 0.0087"),
        (quintic("a", 0.0, 0.4, 1.0, velocity=0.5), r"a velocity: 0.5 refused; the set-point is at 0.0000"),
        (linear("c", [0.0], [0.011]), r"c position: 0.011 refused; .* begin within 0.0003"),
        (loaded([0.0, 1e5]), r"a effort: 100000.0 refused; it must be within -10000"),
        (loaded([math.nan, 0.0]), r"a effort: nan refused"),
        (linear("a", [0.0, 1.0], [0.0, 0.5]), r"a velocity at the end: 0.5.* end within 0.4000 of rest"),
    ],
    ids=["joint", "limit", "speed", "peak", "jump", "kick", "small span", "effort", "no number", "no rest"],
)
def test_a_segment_that_may_not_be_followed_is_told_with_the_numbers_and_nothing_changes(setpoints, segment, told):
    before = {joint: point.position for joint, point in setpoints.sample(0.0).items()}
    with pytest.raises(GoalRefused, match=told):
        setpoints.accept(segment, 0.0)
    assert {joint: point.position for joint, point in setpoints.sample(0.5).items()} == before
    assert not setpoints.is_moving(0.0)


def test_a_spline_that_leaves_the_limits_between_its_points_is_refused(setpoints):
    # A cubic whose ends are within the limits and whose middle is not.
    over = Trajectory(("b",), [0.0, 0.3, 1.3, 2.3], [[0.5], [0.5], [0.95], [0.95]], [[0.0], [0.0], [0.9], [0.0]])
    with pytest.raises(GoalRefused, match=r"b position: 1\.\d+ refused; it must be within -1.0400 and 1.0400"):
        setpoints.accept(Segment(1, "s", 0.0, over), 0.0)


def test_a_segment_that_is_over_is_a_jump_to_its_end(setpoints):
    with pytest.raises(GoalRefused, match="begin within"):
        setpoints.accept(quintic("a", 0.0, 0.4, 1.0, start=-3.0), 0.0)


def test_a_first_segment_that_comes_late_begins_at_its_beginning_and_those_after_it_follow(setpoints):
    setpoints.accept(quintic("a", 0.0, 0.4, 1.0, start=-0.05), 0.0)
    assert setpoints.start_delay == pytest.approx(0.05)
    assert setpoints.sample(0.0)["a"].position == 0.0
    assert setpoints.sample(0.5)["a"].position == pytest.approx(0.2)
    whole = quintic("a", 0.0, 0.4, 1.0)
    rest = Trajectory(("a",), [0.0, 0.3], *([[v] for v in row] for row in _ends(whole, 0.7)))
    setpoints.accept(Segment(2, "s", 0.65, rest), 0.69)
    assert setpoints.sample(0.69)["a"].position == pytest.approx(float(whole.trajectory.sample(0.69).position[0]))
    assert setpoints.sample(1.0)["a"].position == pytest.approx(0.4)


@given(st.floats(0.01, 0.2), st.floats(0.005, 0.05))
def test_segments_renewed_sooner_than_their_delay_are_followed_without_a_step(late, every):
    setpoints = Setpoints(LIMITS, DYNAMICS)
    setpoints.hold({"a": 0.0, "b": 0.5, "c": 0.01})
    motion, begin = quintic("a", 0.0, 0.8, 2.0).trajectory, 0.0
    for number in range(30):
        sent = number * every
        if number == 4:  # another motion takes its place
            state = motion.sample(sent)
            rows = (
                [[float(value[0])], [end]]
                for value, end in zip(vars(state).values(), (0.1, 0.0, 0.0), strict=True)
            )
            motion, begin = Trajectory(("a",), [0.0, 2.0], *rows), sent
        segment = retiming.cut(motion, sent - begin, motion.duration)
        # Each takes as long as the first one, or is with us at once.
        setpoints.accept(Segment(number, "s", sent, segment), sent + (late if number == 0 else 0.0))
        if begin:
            later = sent + every
            expected = float(motion.sample(later - late - begin).position[0])
            if later - late > begin:
                assert setpoints.sample(later)["a"].position == pytest.approx(expected, abs=1e-6)


def test_at_rest_the_delay_is_forgotten(setpoints):
    setpoints.accept(quintic("a", 0.0, 0.4, 1.0, start=-0.05), 0.0)
    setpoints.sample(1.1)
    setpoints.accept(quintic("a", 0.4, 0.0, 1.0, start=2.0), 1.9)
    assert setpoints.sample(2.5)["a"].position == pytest.approx(0.2)


def test_a_first_segment_that_comes_much_later_is_refused_by_where_it_would_begin(setpoints):
    with pytest.raises(GoalRefused, match="begin within"):
        setpoints.accept(linear("a", [0.0, 1.0], [0.0, 0.4], start=-0.3), 0.0)


def _ends(segment, begin):
    """Positions, velocities and accelerations at a time of a motion and at its end."""
    states = [segment.trajectory.sample(begin), segment.trajectory.sample(segment.trajectory.duration)]
    fields = ("position", "velocity", "acceleration")
    return [[float(getattr(state, field)[0]) for state in states] for field in fields]


def test_the_margin_lets_a_joint_rest_on_its_stop(setpoints):
    setpoints.hold({"a": 2.05})
    setpoints.accept(linear("a", [0.0], [2.05]), 0.0)
    assert not math.isnan(setpoints.sample(1.0)["a"].position)


@settings(deadline=None, max_examples=200)
@given(
    begin=st.floats(-1.9, 1.9), way=st.floats(-4.0, 4.0), seconds=st.floats(0.05, 4.0), share=st.floats(0.0, 0.999)
)
@example(1.625, 0.25, 0.375, 0.375)
def test_a_stop_from_anywhere_in_any_motion_stays_within_the_limits(begin, way, seconds, share):
    """Also from an acceleration or a speed that only other writers than our controller ask for."""
    setpoints = Setpoints(LIMITS, DYNAMICS)
    setpoints.hold({"a": begin})
    try:
        setpoints.accept(quintic("a", begin, begin + way, seconds), 0.0)
    except GoalRefused:
        return
    at = share * seconds
    before = setpoints.sample(at)["a"]
    setpoints.stop(at)
    after = [setpoints.sample(at + 0.01 * step)["a"] for step in range(300)]
    assert after[0].position == pytest.approx(before.position, abs=1e-6)
    assert after[0].velocity == pytest.approx(before.velocity, abs=1e-6)
    assert all(-2.08 <= point.position <= 2.08 for point in after)
    assert max(abs(point.velocity) for point in after) <= abs(before.velocity) + 0.21
    assert after[-1].velocity == 0.0
