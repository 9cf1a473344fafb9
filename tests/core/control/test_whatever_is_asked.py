"""Random goals, jogs, pauses, overrides, cancels and delays at random times: what servos are told is smooth.

`make test` looks at the same few cases every time, `make soak` at a thousand new ones.
"""

from __future__ import annotations

import contextlib
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from armature.core.control.goal import End
from armature.core.trajectory.trajectory import Trajectory
from armature.errors import ArmatureError, CommandRefused

from ..commanded import CYCLE, LIMITS, Commanded
from ..groups import JOINTS

PLACE = st.floats(-1.5, 1.5)
WAIT = st.floats(0.0, 1.2)
SPEED = st.sampled_from((0.0, 0.3, 1.0, 2.0)) | st.floats(0.05, 2.0)
NAMES = st.sampled_from((JOINTS, JOINTS[::-1], JOINTS[:1], JOINTS[1:]))


class Motions(RuleBasedStateMachine):
    """Everything that can be asked of a group of joints."""

    kinds: tuple[str, ...] = ()
    step = 1e-3  # of the position, beyond what the velocity tells [rad]

    def __init__(self):
        super().__init__()
        self.arm = Commanded(allow_partial_joints_goal=True)
        self.seen = 0

    def goal(self, kind, joints, places, step):
        rows = [place[: len(joints)] for place in places]
        still = [[0.0] * len(joints)] * len(rows)
        fields = {"linear": (), "cubic": (still,), "quintic": (still, still)}[kind]
        return Trajectory.from_rows(joints, step * np.arange(1, len(rows) + 1), rows, *fields)

    @rule(
        kind=st.integers(0, 2),
        joints=NAMES,
        places=st.lists(st.tuples(PLACE, PLACE), min_size=1, max_size=3),
        step=st.floats(3.5, 5.0),
        stamp=st.none() | st.floats(-2.0, 2.0),
    )
    def follow(self, kind, joints, places, step, stamp):
        goal = self.goal(self.kinds[kind % len(self.kinds)], joints, places, step)
        with contextlib.suppress(ArmatureError):
            self.arm.follow(goal, None if stamp is None else self.arm.now + stamp)

    @rule(waist=st.floats(-2.5, 2.5), elbow=st.floats(-2.5, 2.5), lease=st.sampled_from((0.0, 0.1, 0.25)))
    def jog(self, waist, elbow, lease):
        with contextlib.suppress(CommandRefused):  # after a delay of its own the controller hears nothing yet
            self.arm.control.jog({"waist": waist, "elbow": elbow}, lease, self.arm.now)
        self.arm.go()

    @rule(name=st.sampled_from(("pause", "resume", "cancel")))
    def ask(self, name):
        with contextlib.suppress(ArmatureError):
            getattr(self.arm.control, name)(self.arm.now)
        self.arm.go()

    @rule()
    def stop(self):
        self.arm.control.stop(self.arm.now, "why")
        self.arm.go()

    @rule(speed=SPEED)
    def set_speed(self, speed):
        self.arm.control.set_speed(speed, self.arm.now)
        self.arm.go()

    @rule(bound=st.sampled_from((0.3, 1.0)))
    def bound_speed(self, bound):
        self.arm.control.bound_speed(bound, self.arm.now)
        self.arm.go()

    @rule(seconds=WAIT)
    def wait(self, seconds):
        self.arm.run(seconds)

    @rule(seconds=st.floats(0.0, 0.5))
    def hold_up(self, seconds):
        self.arm.run(seconds, held_up=True)

    @invariant()
    def is_smooth(self):
        self.arm.run(0.02)
        first = max(self.seen - 2, 0)
        p, v, a = (
            np.array(rows[first:]) for rows in (self.arm.positions, self.arm.velocities, self.arm.accelerations)
        )
        demands = self.arm.demands[first:]
        self.seen = len(self.arm.positions)
        self.check(p, v)
        self.check_steepness(a, *(np.array(rows) for rows in zip(*demands, strict=True)))

    def check(self, position, velocity):
        assert (np.abs(position) <= 2.0 + 1e-6).all()
        assert np.abs(velocity).max() <= 2.0 * 1.011
        steps = np.abs(np.diff(position, axis=0) - (velocity[1:] + velocity[:-1]) / 2.0 * CYCLE)
        assert steps.max() <= self.step

    def check_steepness(self, acceleration, own, own_jerk, is_step):
        """Within the limits, or what the path takes by itself beyond them: nothing is added to that."""
        free = ~is_step[1:, None]
        own = np.maximum(own[1:], own[:-1])
        excess = np.abs(acceleration[1:]) / np.maximum(LIMITS.acceleration, own)
        jerk = np.abs(np.diff(acceleration, axis=0)) / CYCLE
        excess_jerk = jerk / np.maximum(LIMITS.jerk, own_jerk[1:])
        worst, worst_jerk = (excess * free).max(), (excess_jerk * free).max()
        assert worst <= 1.01, f"{worst:.3f} times the acceleration"
        assert worst_jerk <= 1.01, f"{worst_jerk:.3f} times the jerk"

    def teardown(self):
        self.arm.control.set_speed(1.0, self.arm.now)
        self.arm.control.bound_speed(1.0, self.arm.now)
        with contextlib.suppress(ArmatureError):
            self.arm.control.resume(self.arm.now)
        self.arm.go()
        self.arm.finish().run(1.3)
        self.is_smooth()
        assert self.arm.control.state.goals.are_none
        assert {end.end for end in self.arm.ends} <= {End.SUCCEEDED, End.ABORTED, End.CANCELED}


class Quintics(Motions):
    """Goals whose acceleration is continuous."""

    kinds = ("quintic",)


class Cubics(Motions):
    """Accelerations step at a client's own points, and there alone; velocities nowhere."""

    kinds = ("cubic", "quintic")


class Lines(Motions):
    """Velocities step at a client's own corners; the velocity limits hold."""

    kinds = ("linear", "cubic", "quintic")
    step = 1e-2  # as far as the largest step of velocity leads within half a cycle [rad]


INTERRUPTIONS = st.lists(
    st.tuples(
        st.sampled_from(("pause", "resume", "set_speed", "bound_speed", "hold_up")), st.floats(0.05, 0.5), SPEED
    ),
    max_size=8,
)


CASES = 1_000


def often(soak, **fields):
    return settings(max_examples=soak.count(CASES), derandomize=not soak.is_whole, deadline=None, **fields)


def shown(soak, what):
    """What is to be called with each case, so that a whole run tells how far it is."""
    numbers = itertools.count()
    return lambda: soak.show(next(numbers), soak.count(CASES), what)


@pytest.mark.soak
def test_whatever_interrupts_a_goal_its_end_is_reached(soak):
    kinds = st.sampled_from(("linear", "cubic", "quintic"))
    places = st.lists(st.tuples(PLACE, PLACE), min_size=1, max_size=2)
    show = shown(soak, "interrupted goals")

    @often(soak)
    @given(kinds, places, st.floats(3.5, 5.0), INTERRUPTIONS)
    def check(kind, places, step, interruptions):
        show()
        check_end(kind, places, step, interruptions)

    check()


def check_end(kind, places, step, interruptions):
    arm = Commanded()
    still = [[0.0, 0.0]] * len(places)
    fields = {"linear": (), "cubic": (still,), "quintic": (still, still)}[kind]
    goal = Trajectory.from_rows(JOINTS, step * np.arange(1, len(places) + 1), places, *fields)
    arm.follow(goal)
    for name, seconds, speed in interruptions:
        if name == "hold_up":
            arm.run(seconds, held_up=True)
        else:
            given_too = {"set_speed": (speed,), "bound_speed": (max(min(speed, 1.0), 0.1),)}.get(name, ())
            with contextlib.suppress(ArmatureError):
                getattr(arm.control, name)(*given_too, arm.now)
            arm.go()
            arm.run(seconds)
    arm.run(0.1)  # after a delay it must hear again what is commanded before it takes commands
    arm.control.bound_speed(1.0, arm.now)
    arm.control.set_speed(1.0, arm.now)
    with contextlib.suppress(ArmatureError):
        arm.control.resume(arm.now)
    arm.go()
    arm.finish().run(0.1)
    assert [end.end for end in arm.ends] == [End.SUCCEEDED], arm.ends
    assert np.allclose(arm.positions[-1], places[-1], atol=1e-6)


def test_a_segment_that_is_asked_for_first_after_a_delay_begins_where_the_arm_has_stopped():
    arm = Commanded()
    arm.follow(Trajectory.from_rows(JOINTS, [4.0], [(0.0, 1.0)]))
    arm.run(0.5, held_up=True)
    arm.go()  # the receiver refuses a jump
    arm.finish().run(0.1)
    assert [end.end for end in arm.ends] == [End.SUCCEEDED], arm.ends


def test_a_jog_that_goes_on_until_a_goals_stamp_gets_no_faster_when_the_speed_is_raised_meanwhile():
    arm = Commanded()
    arm.control.jog({"waist": 1.0, "elbow": 0.0}, 0.0, arm.now)
    arm.go()
    arm.run(0.02)
    arm.control.set_speed(0.0, arm.now)
    arm.follow(Trajectory.from_rows(JOINTS, [4.0], [(0.0, 0.0)], [(0.0, 0.0)]), arm.now + 1.0)
    arm.run(0.02)
    arm.control.set_speed(1.0, arm.now)
    arm.go()  # the receiver refuses velocities beyond the limits
    arm.finish().run(0.1)
    assert np.abs(arm.velocities).max() <= 2.0
    assert [end.end for end in arm.ends] == [End.SUCCEEDED], arm.ends


@pytest.mark.soak
@pytest.mark.parametrize("motions", [Quintics, Cubics, Lines])
def test_whatever_is_asked_what_is_commanded_is_smooth(motions, soak):
    show = shown(soak, f"random courses, {motions.__name__}")

    class Shown(motions):
        def __init__(self):
            super().__init__()
            show()

    run_state_machine_as_test(Shown, settings=often(soak, stateful_step_count=10))
