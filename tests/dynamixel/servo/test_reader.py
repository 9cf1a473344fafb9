"""What is read beside the states: slow values in turn, alerts at once, missing servos when they answer a call."""

from __future__ import annotations

import pytest

from armature.dynamixel.protocol.packet import Instruction
from armature.dynamixel.tables.roles import Role
from armature.errors import PortError, ServoTimeout

from ..line import ALL, COUNT, MISSES, Line


def test_a_missing_servo_is_called_at_a_low_rate_and_found_when_it_answers():
    line = Line().start()
    line.silence(3)
    for _ in range(MISSES + 2 * COUNT):
        line.cycle()
    line.sent.clear()
    for _ in range(4 * COUNT):
        line.cycle()
    assert line.sent.count(Instruction.PING) == 2
    line.speak(3)
    for _ in range(2 * COUNT + 1):
        line.cycle()
    assert line.axes[2].misses == 0
    assert line.cycle()[0] == ALL
    assert line.reader.instruction.startswith("Fast Sync Read")


def test_a_returned_servo_is_believed_only_once_its_status_was_read():
    line = Line().start()
    line.silence(3)
    for _ in range(MISSES + 2 * COUNT):
        line.cycle()
    line.far.servos[2].registers[Role.TORQUE_ENABLE] = 1
    line.speak(3)
    while line.axes[2].misses:
        assert line.axes[2].torque is False
        line.cycle()
    assert line.axes[2].torque is True


def test_an_alert_is_looked_into_in_the_same_cycle():
    line = Line().start()
    line.far.servos[4].registers[Role.HARDWARE_ERROR] = 0x20
    line.cycle()
    assert line.axes[4].alert
    assert line.axes[4].hardware_error == 0x20
    assert line.axes[4].hardware_error_names() == "overload"


def test_an_alert_without_a_cause_does_not_keep_the_others_from_their_turns():
    line = Line().start()
    line.axes[0].update_status = lambda block, now: None  # its status is never understood
    line.far.servos[0].registers[Role.HARDWARE_ERROR] = 0x20
    line.far.servos[6].registers[Role.TORQUE_ENABLE] = 1
    for _ in range(4 * COUNT):
        line.cycle()
    assert line.axes[6].torque is True


def test_status_tells_torque_error_and_watchdog_and_environment_the_rest():
    line = Line().start()
    servo = line.far.servos[1].registers
    servo[Role.TORQUE_ENABLE], servo[Role.BUS_WATCHDOG] = 1, -1
    servo[Role.PRESENT_VOLTAGE], servo[Role.PRESENT_TEMPERATURE] = 118, 41
    for _ in range(2 * COUNT):
        line.cycle()
    axis = line.axes[1]
    assert (axis.torque, axis.hardware_error, axis.watchdog, axis.is_stopped_by_watchdog) == (True, 0, -1, True)
    assert (axis.voltage, axis.temperature) == (pytest.approx(11.8), 41.0)


def test_late_cycles_leave_turns_out_but_never_many_in_a_row():
    line = Line().start()
    for _ in range(8 * COUNT):
        line.cycle(is_late=True)
    assert line.sent.count(Instruction.READ) == 2 * COUNT
    line.sent.clear()
    for _ in range(COUNT):
        line.cycle()
    assert line.sent.count(Instruction.READ) == COUNT


def test_a_late_cycle_looks_into_an_alert_all_the_same():
    line = Line().start()
    line.far.servos[4].registers[Role.HARDWARE_ERROR] = 0x20
    line.cycle(is_late=True)
    assert line.axes[4].hardware_error == 0x20


def test_a_start_names_those_that_stay_silent():
    line = Line()
    line.silence(4)
    with pytest.raises(ServoTimeout, match="id 4"):
        line.start()


def test_a_start_goes_on_without_those_that_are_expected_to_be_silent():
    line = Line()
    line.silence(4)
    line.reader.mark_missing(line.axes[3])
    line.start()
    assert line.cycle()[0] == ALL - {4}


def test_a_port_that_goes_is_told():
    line = Line().start()
    line.port.unplugged = True
    with pytest.raises(PortError, match="the port is gone"):
        line.cycle()


def test_two_buses_in_one_process_do_not_touch_each_other():
    one, other = Line().start(), Line(firmware=44).start()
    one.silence(3)
    for _ in range(20):
        one.cycle()
        assert other.cycle()[0] == ALL
    assert (one.bus.timeouts, other.bus.timeouts) == (MISSES, 0)
    one.port.unplugged = True
    with pytest.raises(PortError):
        one.cycle()
    assert other.cycle()[0] == ALL
