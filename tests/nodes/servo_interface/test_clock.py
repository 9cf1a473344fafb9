from __future__ import annotations

from itertools import pairwise

import pytest

from armature.dynamixel.loop import link
from armature.errors import CommandRefused
from armature.nodes.bus_process.clock import LoopClock
from armature.nodes.servo_interface.clock import SimulatedClock, SystemClock

# The system's clock


class Clocks:
    """A ROS time and a monotonic time that a test moves."""

    def __init__(self):
        self.ros, self.monotonic, self.pause = 1000.0, 5.0, 0.0
        self.map = SystemClock(lambda: self.ros, self._tick)

    def _tick(self):
        self.monotonic += self.pause
        return self.monotonic

    def pass_time(self, seconds, jump=0.0):
        self.monotonic += seconds
        self.ros += seconds + jump


def test_a_stamp_is_mapped_by_the_difference_of_the_clocks():
    assert Clocks().map.to_loop(1000.2) == pytest.approx(5.2)


@pytest.mark.parametrize("jump", [0.051, -0.051, 3600.0])
def test_a_jump_is_refused_once_with_its_size_and_the_next_stamp_is_mapped_anew(jump):
    clocks = Clocks()
    clocks.map.to_loop(1000.0)
    clocks.pass_time(1.0, jump)
    with pytest.raises(CommandRefused, match=f"jumped by {jump:.3f} s"):
        clocks.map.to_loop(clocks.ros)
    assert clocks.map.to_loop(clocks.ros) == pytest.approx(clocks.monotonic)


@pytest.mark.parametrize("drift", [0.049, -0.049, 0.0])
def test_a_drift_is_followed(drift):
    clocks = Clocks()
    clocks.map.to_loop(1000.0)
    for _ in range(5):
        clocks.pass_time(1.0, drift)
        assert clocks.map.to_loop(clocks.ros) == pytest.approx(clocks.monotonic)


# A simulation's clock


class Simulation:
    """A simulated time and a monotonic time that a test moves; it ticks as /clock does."""

    def __init__(self):
        self.simulated, self.monotonic = 10.0, 5.0
        self.clock = SimulatedClock()
        self.clock.tick(self.simulated, self.monotonic)

    def tick(self, simulated, monotonic):
        """Let both pass by so much; returns how far the loop's time went, and the jump."""
        before = self.clock.to_loop(self.simulated)
        self.simulated += simulated
        self.monotonic += monotonic
        time, jump = self.clock.tick(self.simulated, self.monotonic)
        return time - before, jump


def test_before_the_simulation_tells_its_time_no_stamp_can_be_mapped():
    with pytest.raises(CommandRefused, match="no time has come on /clock yet; start the simulation"):
        SimulatedClock().to_loop(10.0)


@pytest.mark.parametrize("factor", [0.01, 0.2, 1.0, 3.0])
def test_the_loop_lives_on_a_simulation_of_any_speed_without_a_jump(factor):
    simulation = Simulation()
    for _ in range(500):
        passed, jump = simulation.tick(0.01 * factor, 0.01)
        assert passed == pytest.approx(0.01 * factor)
        assert jump == 0.0


@pytest.mark.parametrize("pause", [0.06, 10.0, 3600.0])
def test_a_pause_is_no_jump_and_the_loop_stands_still_meanwhile(pause):
    simulation = Simulation()
    passed, jump = simulation.tick(0.001, pause)
    assert (passed, jump) == (pytest.approx(0.001), 0.0)


def test_ticks_that_were_held_up_and_thinned_out_are_no_jump():
    simulation = Simulation()
    simulation.tick(0.01, 0.3)
    passed, jump = simulation.tick(0.28, 0.001)
    assert (passed, jump) == (pytest.approx(0.28), 0.0)


@pytest.mark.parametrize("step", [-0.001, -10.0, 0.2, 490.0])
def test_back_or_far_ahead_is_a_jump_and_the_loop_does_not_follow_it(step):
    simulation = Simulation()
    passed, jump = simulation.tick(step, 0.1)
    assert passed == 0.0
    assert jump == pytest.approx(step)
    assert simulation.tick(0.01, 0.01) == (pytest.approx(0.01), 0.0)


def test_another_ros_half_goes_on_from_the_time_of_the_loop():
    clock = SimulatedClock()
    clock.attach(77.0)
    assert clock.tick(3.0, 0.0) == (77.0, 0.0)
    assert clock.to_loop(3.5) == pytest.approx(77.5)
    clock.attach(88.0)
    assert clock.to_loop(3.5) == pytest.approx(88.5)


# The loop's clock


@pytest.fixture
def mailbox():
    return link.Mailbox(memoryview(bytearray(link.CLOCK_SIZE)))


def test_the_loop_of_real_servos_lives_on_monotonic_time(mailbox):
    mailbox.write(link.pack_clock(99.0))
    assert LoopClock(mailbox, is_simulated=False).at(5.0, has_client=True) == 5.0


def test_the_loop_of_simulated_servos_lives_on_what_is_told_and_never_goes_back(mailbox):
    clock = LoopClock(mailbox, is_simulated=True)
    assert clock.at(5.0, has_client=True) == 0.0
    mailbox.write(link.pack_clock(7.0))
    assert clock.at(5.1, has_client=True) == 7.0
    assert clock.at(9.0, has_client=True) == 7.0
    mailbox.write(link.pack_clock(6.0))
    assert clock.at(9.1, has_client=True) == 7.0


def test_what_was_told_late_the_loop_catches_up_with_and_does_not_leap(mailbox):
    clock = LoopClock(mailbox, is_simulated=True)
    mailbox.write(link.pack_clock(7.0))
    clock.at(5.0, has_client=True)
    mailbox.write(link.pack_clock(7.3))
    times = [clock.at(5.3 + 0.01 * cycle, has_client=True) for cycle in range(10)]
    assert times[0] == pytest.approx(7.3)  # as much time has passed here
    mailbox.write(link.pack_clock(7.6))
    times = [clock.at(5.4 + 0.01 * cycle, has_client=True) for cycle in range(10)]
    assert max(b - a for a, b in pairwise(times)) <= 0.0501
    assert times[-1] == pytest.approx(7.6)


def test_far_behind_the_loop_leaps(mailbox):
    clock = LoopClock(mailbox, is_simulated=True)
    mailbox.write(link.pack_clock(7.0))
    clock.at(5.0, has_client=True)
    mailbox.write(link.pack_clock(9.0))
    assert clock.at(5.01, has_client=True) == 9.0


def test_a_cycle_is_stamped_with_the_simulated_time_of_the_loop():
    clock = SimulatedClock()
    assert clock.to_simulated(1.0) is None
    clock.attach(77.0)
    clock.tick(3.0, 0.0)
    assert clock.to_simulated(77.4) == pytest.approx(3.4)


def test_without_a_ros_half_what_is_under_way_still_comes_to_its_end(mailbox):
    clock = LoopClock(mailbox, is_simulated=True)
    mailbox.write(link.pack_clock(7.0))
    clock.at(5.0, has_client=True)
    assert clock.at(5.5, has_client=False) == pytest.approx(7.5)


def test_time_that_has_passed_is_not_counted_again_where_the_loop_asks_for_when_a_cycle_was_due(mailbox):
    clock = LoopClock(mailbox, is_simulated=True)
    mailbox.write(link.pack_clock(7.0))
    clock.at(5.0, has_client=True)
    clock.at(5.2, has_client=False)
    clock.at(5.1, has_client=False)  # due before the present
    assert clock.at(5.3, has_client=False) == pytest.approx(7.3)
