from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from armature.core.trajectory.segments import Segment
from armature.core.trajectory.trajectory import Trajectory
from armature.dynamixel.status.states import Mode
from armature.dynamixel.tables.roles import Role
from armature.errors import CommandRefused, GoalRefused

from ..virtual import JOINTS, Bench


def move(
    bench: Bench, distance: float, seconds: float, session: str = "s1", *, joint="waist", delay=0.0
) -> Segment:
    """A quintic from where the set-point is, over a distance [rad], from rest to rest."""
    begin = bench.loop.state.setpoints(bench.now)[joint].position
    motion = Trajectory((joint,), [0.0, seconds], [[begin], [begin + distance]], [[0.0]] * 2, [[0.0]] * 2)
    return Segment(1, session, bench.now + delay, motion)


@pytest.fixture
def bench():
    return Bench("park").enabled()


def test_a_segment_is_followed_to_its_end(bench):
    goal = bench.positions()["waist"] + 0.2
    bench.loop.follow(move(bench, 0.2, 0.5), bench.now)
    assert bench.mode() is Mode.MOVING
    bench.run(0.7)
    assert bench.mode() is Mode.ENABLED
    assert bench.positions()["waist"] == pytest.approx(goal, abs=0.02)


def test_a_segment_begins_at_its_stamp(bench):
    bench.loop.follow(move(bench, 0.2, 0.5, delay=0.2), bench.now)
    begin = bench.positions()["waist"]
    bench.run(0.19)
    assert bench.positions()["waist"] == pytest.approx(begin, abs=0.002)
    bench.run(0.5)
    assert bench.positions()["waist"] > begin + 0.1


def test_a_segment_of_another_session_is_refused_and_the_motion_goes_on(bench):
    bench.loop.follow(move(bench, 0.2, 0.5), bench.now)
    bench.run(0.1)
    with pytest.raises(
        CommandRefused, match="it is of session other, the present one is s1; run armature enable, then"
    ):
        bench.loop.follow(move(bench, 0.2, 0.5, "other"), bench.now)
    assert bench.mode() is Mode.MOVING


@pytest.mark.parametrize("session", ["s1", ""])
def test_no_segment_is_followed_while_holding(bench, session):
    bench.loop.hold("test", bench.now)
    with pytest.raises(CommandRefused, match="the state is HOLDING"):
        bench.loop.follow(move(bench, 0.2, 0.5, session), bench.now)


def test_no_segment_is_followed_while_disabled():
    bench = Bench("park").start()
    with pytest.raises(CommandRefused, match="the state is DISABLED"):
        bench.loop.follow(move(bench, 0.2, 0.5, ""), bench.now)


def test_a_jump_is_refused_with_the_numbers_and_the_arm_stops_and_holds(bench):
    bench.loop.follow(move(bench, 0.3, 0.6), bench.now)
    bench.run(0.3)
    jump = Trajectory(JOINTS[:1], [0.0, 1.0], [[1.0], [1.0]])
    with pytest.raises(GoalRefused, match=r"waist position: 1.0 refused; the set-point is at .*begin within"):
        bench.loop.follow(Segment(2, "s1", bench.now, jump), bench.now)
    assert bench.mode() is Mode.HOLDING
    assert "begin within" in bench.loop.state.why
    bench.run(0.5)
    rest = bench.positions()["waist"]
    bench.run(0.2)
    assert bench.positions()["waist"] == pytest.approx(rest, abs=0.002)
    assert rest < 0.5


def test_the_set_point_stays_continuous_when_a_motion_is_stopped(bench):
    bench.loop.follow(move(bench, 0.5, 0.8), bench.now)
    path, times = [], []
    for index in range(100):
        bench.cycle()
        times.append(bench.now)  # cycles read this and that, and so end sooner or later
        path.append(bench.loop.state.setpoints(bench.now)["waist"].position)
        if index == 40:
            bench.loop.hold("test", bench.now)
    velocity = np.diff(path) / np.diff(times)
    assert np.abs(np.diff(velocity)).max() / 0.01 < 1.1 * max(4.0, 0.5 * 5.8 / 0.8**2)
    assert abs(velocity[-1]) < 1e-9


def test_a_stop_while_nothing_moves_changes_nothing(bench):
    before = {joint: point.position for joint, point in bench.loop.state.setpoints(bench.now).items()}
    bench.loop.hold("test", bench.now)
    assert {joint: point.position for joint, point in bench.loop.state.setpoints(bench.now).items()} == before
    assert not bench.loop.state.is_moving(bench.now)


@pytest.mark.parametrize("begin", [0.0, 0.2], ids=["at rest", "moving"])
def test_a_protective_stop_stops_latches_and_releases_to_holding(bench, begin):
    bench.loop.follow(move(bench, 0.3, 0.6), bench.now)
    bench.run(begin)
    bench.loop.protective_stop(True, bench.now)
    assert bench.mode() is Mode.PROTECTIVE_STOP
    assert bench.loop.state.session == ""
    with pytest.raises(CommandRefused, match="run armature release"):
        bench.loop.enable("s2", bench.now)
    bench.run(0.6)
    rest = bench.positions()["waist"]
    bench.loop.protective_stop(False, bench.now)
    bench.run(0.2)
    assert bench.mode() is Mode.HOLDING
    assert bench.positions()["waist"] == pytest.approx(rest, abs=0.002)
    assert bench.loop.state.torque() == "on"


def test_a_protective_stop_of_a_disabled_arm_latches_and_releases_to_disabled():
    bench = Bench("park").start()
    bench.loop.protective_stop(True, bench.now)
    bench.run(0.05)
    assert bench.mode() is Mode.PROTECTIVE_STOP
    assert bench.loop.state.torque() == "off"
    bench.loop.protective_stop(False, bench.now)
    assert bench.mode() is Mode.DISABLED


def test_a_protective_stop_outlives_the_bus_and_shows_again_when_it_is_back(bench):
    bench.loop.protective_stop(True, bench.now)
    bench.port.unplugged = True
    bench.run(0.05)
    assert bench.mode() is Mode.DISCONNECTED
    assert bench.loop.state.protective_stop_latched
    bench.port.unplugged = False
    bench.start()
    assert bench.mode() is Mode.PROTECTIVE_STOP


def test_a_protective_stop_of_a_loop_before_this_one_stays_latched():
    bench = Bench("park", protective_stop=True).start()
    assert bench.mode() is Mode.PROTECTIVE_STOP


def test_releasing_what_is_not_latched_changes_nothing_and_says_so(bench):
    said = bench.loop.protective_stop(False, bench.now)
    assert said == "there is no protective stop to release"
    assert bench.mode() is Mode.ENABLED


def test_an_orphan_ends_its_motion_at_rest_and_holds(bench):
    goal = bench.positions()["waist"] + 0.2
    bench.loop.follow(move(bench, 0.2, 0.4), bench.now)
    bench.run(0.1)
    bench.loop.lose_parent()
    assert bench.mode() is Mode.HOLDING
    with pytest.raises(CommandRefused):
        bench.loop.follow(move(bench, 0.1, 0.4), bench.now)
    bench.run(0.6)
    assert bench.positions()["waist"] == pytest.approx(goal, abs=0.02)
    assert bench.loop.state.torque() == "on"


def test_an_orphan_that_is_disabled_stays_disabled():
    bench = Bench("park").start()
    bench.loop.lose_parent()
    assert bench.mode() is Mode.DISABLED


# Parking


def park(bench: Bench, distance: float = 0.1, seconds: float = 0.4) -> None:
    bench.loop.park(move(bench, distance, seconds, ""), bench.now)


def test_parking_ends_with_torque_off_where_it_was_asked_to(bench):
    goal = bench.positions()["waist"] + 0.1
    park(bench)
    assert bench.mode() is Mode.PARKING
    bench.run(0.3)
    assert bench.loop.state.torque() == "on"
    bench.run_until(lambda: bench.mode() is Mode.DISABLED)
    assert not any(servo.registers[Role.TORQUE_ENABLE] for servo in bench.far.servos)
    assert bench.positions()["waist"] == pytest.approx(goal, abs=0.1)


@pytest.mark.parametrize("late", [0.05, 0.24])
def test_a_way_to_park_that_begins_late_keeps_its_torque_until_its_real_end(bench, late):
    begun = bench.now
    way = move(bench, 0.15, 0.6, "")
    bench.loop.park(replace(way, begin=begun - late), begun)
    bench.run_until(lambda: bench.loop.state.torque() == "off")
    assert bench.now >= begun + 0.6
    assert bench.mode() is Mode.DISABLED


def test_parking_that_does_not_arrive_holds_and_says_who_is_away():
    bench = Bench("park", following_error={"waist": 0.0}).enabled()
    bench.servo("waist").registers[Role.POSITION_P_GAIN] = 0
    bench.servo("waist").drive.configure(bench.servo("waist").registers)
    park(bench, distance=0.5, seconds=1.0)
    bench.run_until(lambda: bench.mode() is not Mode.PARKING)
    assert bench.mode() is Mode.HOLDING
    assert bench.loop.state.torque() == "on"
    assert "parking was interrupted: waist is 0." in bench.loop.state.why
    assert "torque stays on" in bench.loop.state.why


def test_a_gripper_counts_as_arrived_by_its_own_span(bench):
    gripper = bench.servo("gripper")
    gripper.registers[Role.POSITION_P_GAIN] = 0
    gripper.drive.configure(gripper.registers)
    bench.loop.park(move(bench, 0.015, 0.6, "", joint="gripper"), bench.now)
    bench.run_until(lambda: bench.mode() is not Mode.PARKING)
    assert "parking was interrupted: gripper is 0.01" in bench.loop.state.why


@pytest.mark.parametrize("interrupt", ["hold", "protective_stop"])
def test_parking_can_be_stopped_and_torque_stays_on(bench, interrupt):
    park(bench, distance=0.3, seconds=0.8)
    bench.run(0.2)
    if interrupt == "hold":
        bench.loop.hold("test", bench.now)
    else:
        bench.loop.protective_stop(True, bench.now)
    bench.run(1.0)
    assert bench.mode() is (Mode.HOLDING if interrupt == "hold" else Mode.PROTECTIVE_STOP)
    assert bench.loop.state.torque() == "on"


def test_parking_that_begins_elsewhere_is_refused_and_the_arm_stays_enabled(bench):
    jump = Trajectory(("waist",), [0.0, 1.0], [[1.0], [1.0]])
    with pytest.raises(GoalRefused, match="begin within"):
        bench.loop.park(Segment(1, "", bench.now, jump), bench.now)
    assert bench.mode() is Mode.ENABLED


@pytest.mark.parametrize("state", ["disabled", "moving", "stopped", "parking"])
def test_parking_is_refused_where_it_cannot_be(state):
    bench = Bench("park").start() if state == "disabled" else Bench("park").enabled()
    if state == "moving":
        bench.loop.follow(move(bench, 0.1, 0.5), bench.now)
    elif state == "stopped":
        bench.loop.protective_stop(True, bench.now)
    elif state == "parking":
        park(bench)
    with pytest.raises(CommandRefused, match="disable refused: the state is"):
        park(bench)


def test_torque_that_one_servo_keeps_when_parked_goes_off_in_the_next_cycles(bench):
    elbow, port = bench.servo("elbow"), bench.port
    take, losses = elbow.write, [2]

    def lose(address, data):
        if address == 64 and not data[0] and losses[0]:
            losses[0] -= 1
            return 1
        return take(address, data)

    elbow.write = lose
    park(bench)
    bench.run_until(lambda: bench.mode() is Mode.DISABLED)
    bench.run(0.1)
    assert losses == [0]
    assert elbow.registers[Role.TORQUE_ENABLE] == 0
    assert bench.mode() is Mode.DISABLED
    assert port.is_open


def test_a_loop_that_was_held_up_holds_where_it_sent_the_arm_last(bench):
    bench.loop.follow(move(bench, 0.5, 2.0), bench.now)
    bench.run(1.0)
    sent = bench.loop.state.setpoints(bench.now)["waist"].position
    bench.port.time += 0.8  # the process was stopped, and goes on
    bench.run(0.3)
    assert bench.mode() is Mode.HOLDING
    assert bench.loop.state.setpoints(bench.now)["waist"].position == pytest.approx(sent, abs=0.01)
    assert "the bus cycle was delayed by 0.8" in bench.loop.state.why


@pytest.mark.parametrize(("seconds", "delay"), [(300.0, 0.0), (0.5, 3600.0)])
def test_a_segment_that_looks_far_ahead_is_refused_and_the_arm_holds(bench, seconds, delay):
    with pytest.raises(GoalRefused, match="at most 5 s may lie ahead"):
        bench.loop.follow(move(bench, 0.2, seconds, delay=delay), bench.now)
    assert bench.mode() is Mode.HOLDING


def test_a_segment_that_stands_is_no_motion(bench):
    bench.loop.follow(move(bench, 0.0, 5.0), bench.now)
    assert bench.mode() is Mode.ENABLED
    bench.loop.follow(move(bench, 0.1, 1.0), bench.now)
    assert bench.mode() is Mode.MOVING
