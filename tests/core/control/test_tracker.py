from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from armature.core.control import jog
from armature.core.control.tracker import HORIZON, SWITCH_DELAY, Tracker
from armature.core.trajectory.limits import check_motion
from armature.core.trajectory.trajectory import State, Trajectory
from armature.errors import GoalRefused

from ..groups import JOINTS, group

LIMITS = group()
STOPPED_AT, CYCLE = 0.3, 0.01  # [s]
PLACE = st.tuples(st.floats(-1.5, 1.5), st.floats(-1.5, 1.5))
SHARE = st.floats(0.02, 0.98)
KINDS = st.sampled_from(("linear", "cubic", "quintic"))


@st.composite
def goals(draw, kinds=KINDS):
    """Goals of two joints, slow enough for the group's limits wherever they begin."""
    places = draw(st.lists(PLACE, min_size=1, max_size=3))
    kind = draw(kinds)
    still = [(0.0, 0.0)] * len(places)
    fields = {"linear": (), "cubic": (still,), "quintic": (still, still)}[kind]
    return Trajectory.from_rows(JOINTS, 4.0 * np.arange(1, len(places) + 1), places, *fields)


def blends(goal):
    """Changes of velocity at the corners of straight lines from rest at 0, and how long their blends take."""
    places = np.vstack((np.zeros(2), goal.positions))
    velocities = np.vstack((np.diff(places, axis=0) / 4.0, np.zeros(2)))
    changes = np.abs(np.diff(velocities, axis=0))
    ramps = np.maximum(np.minimum(0.1, np.sqrt(changes / 32.0)).max(axis=1), 0.005)
    rests = np.maximum(changes / 3.2, changes / (32.0 * ramps[:, None])).max(axis=1)
    return changes, ramps + np.maximum(ramps, rests)


def half_a_corner(goal):
    """How long after its time the last of several points of straight lines is reached [s]."""
    if goal.velocities is not None or len(goal.times) == 1:
        return 0.0
    changes, lengths = blends(goal)
    return lengths[-1] / 2.0 if changes[-1].max() > 1e-9 else 0.0


def corners(goal):
    """How far the corners of straight lines may be left [rad]."""
    if goal.velocities is not None:
        return 1e-6
    changes, lengths = blends(goal)
    return 1.2 * float((changes * lengths[:, None]).max()) / 8.0 + 1e-6


def tracker_of(goal, now=0.0):
    tracker = Tracker(LIMITS, np.zeros(2))
    tracker.accept(goal, now)
    return tracker


def begun(goal):
    """A tracker that has given the first segment of its motion."""
    tracker = tracker_of(goal)
    tracker.segment(0.0)
    return tracker


@given(goals(), st.floats(0.0, HORIZON))
def test_a_motion_from_rest_begins_with_its_first_segment_however_late_that_is(goal, late):
    tracker = tracker_of(goal)
    segment = tracker.segment(late)
    assert segment.begin == late
    assert np.allclose(segment.setpoint(late).position, 0.0)
    assert np.allclose(tracker.setpoint(late).position, 0.0)
    assert segment.trajectory.duration >= min(HORIZON, goal.duration) - 1e-9
    assert tracker.end == pytest.approx(late + goal.duration + half_a_corner(goal))


def fastest(tracker, begin, end):
    """Largest velocity, acceleration and slope of position between two times."""
    times = np.arange(begin, end + 0.02, 0.01)
    states = [tracker.setpoint(time) for time in times]
    slopes = np.abs(np.diff([state.position for state in states], axis=0)).max() / 0.01
    return (
        max(np.abs(state.velocity).max() for state in states),
        max(np.abs(state.acceleration).max() for state in states),
        slopes,
    )


def off_the_path(position, tracker, begin, end):
    """How far a position is from where a tracker comes between two times, about."""
    course = np.array([tracker.setpoint(time).position for time in np.linspace(begin, end, 200)])
    return np.abs(course - position).max(axis=1).min()


@given(goals())
def test_it_reaches_the_end_of_a_goal_and_rests_there(goal):
    tracker = tracker_of(goal)
    end = tracker.setpoint(tracker.end + 1e-6)
    assert np.allclose(end.position, goal.positions[-1])
    assert end.is_resting
    assert tracker.end == pytest.approx(goal.duration + half_a_corner(goal))
    assert not tracker.is_moving(tracker.end)


@given(goals())
def test_it_passes_through_the_points_of_a_goal(goal):
    tracker = tracker_of(goal)
    late = tracker.end - goal.duration - half_a_corner(goal)
    for time, position in zip(goal.times, goal.positions, strict=True):
        # A corner of straight lines is left by an eighth of its change of velocity times its length, at most.
        assert np.allclose(tracker.setpoint(late + time).position, position, atol=max(corners(goal), 1e-9))


@given(goals(), goals(), SHARE)
def test_a_replacement_is_continuous_in_position_and_velocity(first, second, share):
    tracker = tracker_of(first)
    now = share * tracker.end
    expected = [tracker.setpoint(now + d) for d in np.linspace(0.0, SWITCH_DELAY, 5)]
    tracker.accept(second, now)
    for d, state in zip(np.linspace(0.0, SWITCH_DELAY, 5), expected, strict=True):
        assert np.allclose(tracker.setpoint(now + d).position, state.position, atol=1e-9)
        assert np.allclose(tracker.setpoint(now + d).velocity, state.velocity, atol=1e-7)
    after = tracker.setpoint(now + SWITCH_DELAY + 1e-7)
    assert np.allclose(after.position, expected[-1].position, atol=1e-6)
    # Half a second of straight lines is left to turn into lines again: as fast as the rounding of a corner.
    assert np.allclose(after.velocity, expected[-1].velocity, atol=1e-3)
    assert np.allclose(tracker.setpoint(tracker.end).position, second.positions[-1])


@settings(max_examples=40)
@given(goals(), goals(), SHARE)
def test_what_was_planned_is_what_is_checked(first, second, share):
    tracker = tracker_of(first)
    now = share * tracker.end
    check_motion(tracker.plan(second, now), LIMITS)
    tracker.accept(second, now)
    _, _, slope = fastest(tracker, now, tracker.end)
    assert slope <= LIMITS.velocity.max() * 1.01


@given(goals(st.sampled_from(("cubic", "quintic"))), SHARE)
def test_a_stop_is_continuous_within_limits_and_ends_on_the_path(goal, share):
    tracker = tracker_of(goal)
    path = tracker_of(goal)
    now = share * tracker.end
    before = tracker.setpoint(now)
    tracker.stop(now)
    after = tracker.setpoint(now)
    assert np.allclose(after.position, before.position, atol=1e-9)
    assert np.allclose(after.velocity, before.velocity, atol=1e-7)
    _, acceleration, _ = fastest(tracker, now, tracker.end)
    assert acceleration <= LIMITS.acceleration.max() * 1.05
    rest = tracker.setpoint(tracker.end + 1e-6)
    assert rest.is_resting
    assert off_the_path(rest.position, path, now, tracker.end) < 5e-3


@pytest.mark.parametrize(("is_free", "stays"), [(True, False), (False, False), (True, True)])
def test_a_stop_leaves_a_path_that_has_no_room_for_it_where_that_is_free_and_it_need_not_stay(is_free, stays):
    tracker = Tracker(LIMITS, np.zeros(2))
    tracker.is_stop_free = lambda _halt: is_free
    leaves = is_free and not stays
    # The quickest motion takes all of the limits, of one joint or the other, nearly all the time.
    tracker.move(lambda state: jog.move(LIMITS, state, np.array([1.5, -0.4]), LIMITS.velocity), 0.0)
    tracker.segment(0.0)
    course = np.array([tracker.setpoint(time).position for time in np.linspace(0.0, tracker.end, 2000)])
    tracker.stop(STOPPED_AT, stays_on_path=stays)
    took = tracker.end - STOPPED_AT
    _, velocity, acceleration = tracker.segment(STOPPED_AT).trajectory.sample_many(np.arange(0.0, took, CYCLE))
    assert (np.abs(velocity) <= LIMITS.velocity).all()
    assert (np.abs(acceleration) <= LIMITS.acceleration * 1.01).all()
    assert (np.abs(np.diff(acceleration, axis=0)) <= LIMITS.jerk * CYCLE * 1.01).all()
    off = np.abs(course - tracker.setpoint(tracker.end).position).max(axis=1).min()
    assert (took < 0.6 and off > 5e-3) == leaves
    assert (took > 0.8 and off < 1e-3) != leaves


@given(goals(), SHARE, SHARE)
def test_a_second_stop_changes_nothing(goal, share, again):
    tracker = tracker_of(goal)
    now = share * tracker.end
    tracker.stop(now)
    end = tracker.end
    tracker.stop(now + again * (end - now))
    assert tracker.end == end


@example(Trajectory.from_rows(JOINTS, [4.0], [[0.0, 1.0]]), 0.9375)
@given(goals(), SHARE)
def test_a_segment_is_the_motion_and_ends_at_rest_on_the_path(goal, share):
    tracker = begun(goal)
    now = share * tracker.end
    segment = tracker.segment(now)
    for d in np.linspace(0.0, HORIZON, 9):
        state, promised = tracker.setpoint(now + d), segment.setpoint(now + d)
        assert np.allclose(promised.position, state.position, atol=1e-9)
        assert np.allclose(promised.velocity, state.velocity, atol=1e-6)
    last = segment.trajectory.duration
    assert np.allclose(segment.trajectory.points[1][-1], 0.0, atol=1e-9)
    assert off_the_path(segment.trajectory.positions[-1], tracker, now, now + last) < 5e-3


@given(goals(), SHARE, st.floats(0.0, HORIZON))
def test_newer_segments_agree_with_older_ones_outside_their_tails(goal, share, later):
    tracker = tracker_of(goal)
    now = share * tracker.end
    older, newer = tracker.segment(now), tracker.segment(now + later)
    for at in np.linspace(now + later, now + HORIZON, 7):
        assert np.allclose(newer.setpoint(at).position, older.setpoint(at).position, atol=1e-9)
        assert np.allclose(newer.setpoint(at).velocity, older.setpoint(at).velocity, atol=1e-6)


@given(goals(st.just("cubic")), SHARE)
def test_the_tail_of_a_segment_stays_within_limits(goal, share):
    tracker = tracker_of(goal)
    segment = tracker.segment(share * tracker.end)
    times = np.linspace(0.0, segment.trajectory.duration, 200)
    _, velocity, acceleration = segment.trajectory.sample_many(times)
    assert np.abs(velocity).max() <= LIMITS.velocity.max()
    assert np.abs(acceleration).max() <= LIMITS.acceleration.max() * 1.05


@settings(max_examples=50)
@given(goals(), SHARE, st.floats(0.0, 3.0))
def test_a_pause_keeps_the_goal_and_resuming_reaches_it(goal, share, wait):
    tracker = tracker_of(goal)
    now = share * tracker.end
    tracker.pause(now)
    if not tracker.is_paused:  # the path is over before it could stop: the goal is reached
        assert tracker.end <= goal.duration + HORIZON
        assert np.allclose(tracker.setpoint(tracker.end).position, goal.positions[-1], atol=1e-6)
        return
    again = now + wait
    before = tracker.setpoint(again)
    tracker.resume(again)
    assert not tracker.is_paused
    after = tracker.setpoint(again)
    assert np.allclose(after.position, before.position, atol=1e-9)
    assert np.allclose(after.velocity, before.velocity, atol=1e-6)
    assert np.allclose(tracker.setpoint(tracker.end).position, goal.positions[-1], atol=1e-6)


def test_a_controller_held_up_beyond_the_horizon_takes_its_segment_as_the_motion():
    tracker = begun(Trajectory.from_rows(JOINTS, [4.0], [[1.0, 0.0]], [[0.0, 0.0]]))
    segment = tracker.segment(1.0)
    assert tracker.catch_up(1.0 + HORIZON) == 0.0
    assert tracker.catch_up(1.5) == pytest.approx(0.5 - HORIZON)
    assert np.allclose(tracker.setpoint(1.5).position, segment.setpoint(1.5).position)
    assert tracker.end == pytest.approx(1.0 + segment.trajectory.duration)
    assert tracker.catch_up(1.6) == 0.0


@given(goals(), SHARE, st.floats(HORIZON, 3.0))
def test_after_a_delay_the_rest_of_the_motion_can_be_resumed(goal, share, delay):
    tracker = tracker_of(goal)
    given = share * tracker.end
    segment = tracker.segment(given)
    now = given + delay + 0.01
    assume(tracker.catch_up(now))
    tracker.resume(now)
    # The segment's splines meet the motion every 20 ms, and between them nearly.
    assert np.allclose(tracker.setpoint(now).position, segment.setpoint(now).position, atol=1e-5)
    assert np.allclose(tracker.setpoint(now).velocity, segment.setpoint(now).velocity, atol=2e-3)
    assert np.allclose(tracker.setpoint(tracker.end + 1e-6).position, goal.positions[-1], atol=1e-6)


def test_a_segment_whose_goal_ends_within_the_horizon_ends_with_it():
    tracker = begun(Trajectory.from_rows(JOINTS, [4.0], [[1.0, 0.0]], [[0.0, 0.0]]))
    segment = tracker.segment(tracker.end - 0.1)
    assert segment.trajectory.duration == pytest.approx(0.1)
    assert tracker.catch_up(5.0) == 0.0


def test_a_goal_without_a_future_is_refused_and_changes_nothing():
    tracker = tracker_of(Trajectory.from_rows(JOINTS, [4.0], [[1.0, 0.0]], [[0.0, 0.0]]))
    with pytest.raises(GoalRefused, match=r"time_from_start"):
        tracker.accept(Trajectory.from_rows(JOINTS, [-1.0], [[1.0, 0.0]]), 1.0)
    assert tracker.end == 4.0


def test_a_goal_without_a_duration_is_reached_as_soon_as_limits_allow():
    tracker = tracker_of(Trajectory.from_rows(JOINTS, [0.0], [[0.04, 0.0]]))
    assert 0.1 < tracker.end < 0.4
    assert tracker.setpoint(tracker.end).position == pytest.approx([0.04, 0.0])
    _, acceleration, _ = fastest(tracker, 0.0, tracker.end)
    assert acceleration <= LIMITS.acceleration.max() * 1.01


@given(goals(), st.floats(0.2, 0.9), SHARE)
def test_a_slower_speed_stays_on_the_path_and_ends_there(goal, speed, share):
    tracker = tracker_of(goal)
    path, _, _ = goal.starting_from(State.at_rest(np.zeros(2))).sample_many(np.linspace(0.0, goal.duration, 3000))
    now = share * tracker.end
    tracker.set_speed(speed, now)
    assert tracker.end >= goal.duration - 1e-9
    for time in np.linspace(now, tracker.end, 20):
        # Corners of straight lines are rounded, and the path is looked at every 4 ms.
        assert np.abs(path - tracker.setpoint(time).position).max(axis=1).min() < 1e-2
    assert np.allclose(tracker.setpoint(tracker.end).position, goal.positions[-1], atol=1e-6)


def test_half_the_speed_from_the_start_takes_twice_the_time():
    tracker = Tracker(LIMITS, np.zeros(2))
    tracker.set_speed(0.5, 0.0)
    tracker.accept(Trajectory.from_rows(JOINTS, [4.0], [[1.0, 0.0]], [[0.0, 0.0]]), 1.0)
    assert tracker.end == pytest.approx(9.0)
    assert tracker.setpoint(5.0).position[0] == pytest.approx(0.5)


def test_twice_the_speed_is_taken_where_limits_allow():
    slow = tracker_of(Trajectory.from_rows(JOINTS, [8.0], [[1.0, 0.0]], [[0.0, 0.0]]))
    slow.set_speed(2.0, 0.0)
    assert slow.end == pytest.approx(4.0, abs=0.2)
    fast = tracker_of(Trajectory.from_rows(JOINTS, [1.0], [[1.3, 0.0]], [[0.0, 0.0]]))
    end = fast.end
    fast.set_speed(2.0, 0.0)
    velocity, _, _ = fastest(fast, 0.0, fast.end)
    assert velocity <= 2.0 + 1e-9
    assert fast.end <= end


def test_at_speed_zero_it_waits_on_the_path_and_goes_on_with_a_higher_one():
    tracker = tracker_of(Trajectory.from_rows(JOINTS, [4.0], [[1.0, 0.0]], [[0.0, 0.0]]))
    tracker.set_speed(0.0, 1.0)
    assert tracker.is_paused
    waits = tracker.setpoint(9.0)
    assert waits.is_resting
    assert 0.1 < waits.position[0] < 0.9
    tracker.set_speed(1.0, 10.0)
    assert not tracker.is_paused
    assert tracker.setpoint(tracker.end).position[0] == pytest.approx(1.0)


EVENTS = st.lists(
    st.tuples(
        st.floats(0.02, 1.5),
        st.one_of(
            st.sampled_from(("pause", "resume", "stop", "segment")),
            st.sampled_from((0.0, 0.3, 1.0, 2.0)),
            goals(st.sampled_from(("cubic", "quintic"))),
        ),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=40)
@given(goals(st.sampled_from(("cubic", "quintic"))), EVENTS)
def test_whatever_is_asked_position_and_velocity_are_continuous(goal, events):
    tracker, now = begun(goal), 0.0
    for wait, event in events:
        now += wait
        before = tracker.setpoint(now)
        if isinstance(event, float):
            tracker.set_speed(event, now)
        elif isinstance(event, str):
            getattr(tracker, event)(now)
        else:
            tracker.accept(event, now)
        after = tracker.setpoint(now)
        assert np.allclose(after.position, before.position, atol=1e-9)
        assert np.allclose(after.velocity, before.velocity, atol=1e-6)
        segment = tracker.segment(now) if tracker.is_moving(now) else None
        for ahead in np.linspace(0.0, HORIZON, 7) if segment else ():
            assert np.allclose(
                segment.setpoint(now + ahead).position, tracker.setpoint(now + ahead).position, atol=1e-4
            )
    times = np.arange(now, now + 0.4, 1e-3)
    states = [tracker.setpoint(time) for time in times]
    velocity = np.array([state.velocity for state in states])
    slopes = np.diff([state.position for state in states], axis=0) / 1e-3
    assert np.abs(slopes - (velocity[1:] + velocity[:-1]) / 2.0).max() < 1e-2


def test_at_rest_nothing_moves_until_a_goal_comes():
    tracker = Tracker(LIMITS, np.array([0.3, -0.2]))
    assert not tracker.is_moving(5.0)
    assert tracker.setpoint(5.0).position.tolist() == [0.3, -0.2]
    tracker.stop(5.0)
    tracker.pause(5.0)
    assert not tracker.is_paused
    assert tracker.setpoint(6.0).position.tolist() == [0.3, -0.2]


@given(goals(), goals(), st.floats(0.05, 1.0))
def test_given_up_it_is_where_its_last_segment_leads_whatever_was_begun_since(goal, other, after):
    tracker = begun(goal)
    tracker.segment(after)
    last = tracker.segment(after + CYCLE)
    tracker.accept(other, after + CYCLE)
    tracker.give_up()
    end = last.begin + last.trajectory.duration
    assert tracker.end == pytest.approx(end, abs=1e-6) or tracker.end < end
    for time in np.linspace(after + CYCLE, end + 0.1, 20):
        assert np.allclose(tracker.setpoint(time).position, last.setpoint(time).position, atol=1e-6)
    assert not tracker.is_paused
    tracker.accept(goal, end + 0.2)
    assert np.allclose(tracker.segment(end + 0.2).setpoint(end + 0.2).position, last.setpoint(end + 0.2).position)


def test_given_up_before_its_first_segment_it_holds_where_it_was():
    tracker = tracker_of(Trajectory.from_rows(JOINTS, [2.0], [(0.5, 0.5)]))
    tracker.give_up()
    assert not tracker.is_moving(1.0)
    assert np.allclose(tracker.setpoint(1.0).position, 0.0)
    tracker.hold(np.array([0.2, 0.1]), 2.0)
    tracker.accept(Trajectory.from_rows(JOINTS, [2.0], [(0.5, 0.5)]), 3.0)
    tracker.give_up()
    assert np.allclose(tracker.setpoint(4.0).position, (0.2, 0.1))


def test_at_speed_0_a_goal_that_waits_for_a_far_stamp_is_given_in_short_segments():
    tracker = Tracker(LIMITS, np.zeros(2))
    tracker.jog(lambda state: jog.jog(LIMITS, state, np.array([0.5, 0.0]), lease=0.25, margin=np.zeros(2)), 0.0)
    tracker.segment(0.0)
    tracker.set_speed(0.0, 0.1)
    tracker.accept(Trajectory.from_rows(JOINTS, [2.0], [(0.5, 0.5)]), 0.1, 1e5)
    for now in (0.1, 0.2, 2.0, 1e3):
        segment = tracker.segment(now)
        assert segment.trajectory.duration < 5.0
        for time in np.linspace(now, now + HORIZON, 5):
            assert np.allclose(segment.setpoint(time).position, tracker.setpoint(time).position, atol=1e-6)


@pytest.mark.parametrize("speed", [0.5, 1.0])
def test_goals_that_wait_for_a_far_stamp_are_planned_like_others_whatever_the_speed(speed):
    tracker = Tracker(LIMITS, np.zeros(2))
    tracker.set_speed(speed, 0.0)
    tracker.accept(Trajectory.from_rows(JOINTS, [4.0], [[1.0, 0.0]], [[0.0, 0.0]]), 0.0)
    tracker.segment(0.0)
    for number, stamp in enumerate((1e9, 1e6)):
        now = 0.2 + 0.1 * number
        tracker.accept(Trajectory.from_rows(JOINTS, [4.0], [[0.5, 0.5]], [[0.0, 0.0]]), now, stamp)
        assert len(tracker.segment(now).trajectory.times) < 200
        assert tracker.end == pytest.approx(stamp + 4.0 / speed, abs=0.3)
    assert np.allclose(tracker.setpoint(1e5).position, (1.0, 0.0))
    assert np.allclose(tracker.setpoint(1e6 + 2.0 / speed).position, (0.75, 0.25), atol=0.1)
    assert np.allclose(tracker.setpoint(tracker.end).position, (0.5, 0.5))
