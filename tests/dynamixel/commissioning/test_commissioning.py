from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

import pytest

from armature.bench.simulation.virtual import ARM, WIRING, Bench
from armature.core.model.arm import Limit
from armature.dynamixel.commissioning.commissioning import Commissioning, Presence, only_servo
from armature.dynamixel.commissioning.settings import Setting
from armature.dynamixel.protocol.discovery import FoundServo, Survey
from armature.dynamixel.servo.eeprom import position_limits
from armature.dynamixel.status.states import Mode
from armature.dynamixel.tables.roles import OperatingMode, Role
from armature.dynamixel.wiring.arm import ServoWiring
from armature.emulator.faults.catalogue import make
from armature.errors import BusError, CommandRefused, MuteServo, ServoRefused

from .. import twin
from ..lone_servo import LoneServo

ELBOW = next(servo for servo in WIRING.servos if servo.joint == "elbow")
XM540, XM430 = ELBOW.model.number, 1020
NEW = Presence(57_600, FoundServo(1, XM540, 48))


class Workshop(LoneServo):
    """Somebody who sets a new servo up."""

    def __init__(self, bench: Bench, wiring: ServoWiring, limit: Limit) -> None:
        super().__init__(bench, wiring.name)
        self.servo = self.bench.far.servo(wiring.name)
        self.told: list[str] = []
        self.commissioning = Commissioning(wiring, WIRING.baud_rate(wiring), limit, self.opened)

    def find(self, rates: Iterable[int] = (1_000_000, 57_600)) -> Presence:
        return super().find(rates)

    def eeprom(self) -> dict[str, int]:
        return {
            key: self.servo.registers[key] for key in (r.key for r in ELBOW.model.registers.values() if r.eeprom)
        }

    def set_up(self) -> int:
        presence = self.find()
        return self.commissioning.write(presence, self.commissioning.compare(presence), self.tell)

    def tell(self, setting: Setting) -> None:
        self.told.append(setting.role)

    def set(self, name: str, value: int) -> None:
        self.servo.write(ELBOW.model[name].address, value.to_bytes(ELBOW.model[name].size, "little"))


@pytest.fixture
def workshop():
    return Workshop(Bench(), ELBOW, ARM.limit("elbow"))


# Who is there


def surveyed(*found: FoundServo, rate: int = 57_600, damaged: int = 0) -> Survey:
    return Survey(rate, found, damaged)


def test_the_one_servo_is_found_at_whatever_rate_and_id():
    seen = [surveyed(rate=9_600), surveyed(FoundServo(77, XM540, 48), rate=4_000_000)]
    assert only_servo(seen) == Presence(4_000_000, FoundServo(77, XM540, 48))


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (
            [surveyed(FoundServo(1, XM540, 48)), surveyed(FoundServo(1, XM430, 48), rate=1_000_000)],
            "id 1 XM540-W270 at 57600 bit/s, id 1 XM430-W350 at 1000000 bit/s; connect one servo at a time",
        ),
        (
            [surveyed(FoundServo(1, XM540, 48), FoundServo(2, XM540, 48))],
            "id 1 .*, id 2 .*; connect one servo at a time",
        ),
        ([surveyed(FoundServo(1, XM540, 48, answers=2))], r"\(2 of them\); connect one servo at a time"),
        (
            [surveyed(FoundServo(1, XM540, 48), damaged=1)],
            "1 answers at 57600 bit/s are damaged; connect one servo",
        ),
        ([surveyed(damaged=3)], "3 answers at 57600 bit/s are damaged"),
        ([surveyed(), surveyed(rate=1_000_000)], "no servo answers at any baud rate; check power and cable"),
        ([], "no servo answers"),
    ],
)
def test_whoever_is_not_alone_is_refused_with_all_that_answer(seen, told):
    with pytest.raises(CommandRefused, match=told):
        only_servo(seen)


def test_another_model_than_the_wiring_files_is_refused(workshop):
    with pytest.raises(CommandRefused, match="XM430-W350 answers, the wiring file wants XM540-W270 for elbow"):
        workshop.commissioning.compare(Presence(57_600, FoundServo(1, XM430, 48)))
    assert workshop.opened_at == []


def test_two_servos_that_answer_a_ping_as_one_are_refused(workshop):
    workshop.bench.faults.inject(make("duplicate_id", "elbow", {}))
    with pytest.raises(CommandRefused, match="several servos may have this id; connect one servo at a time"):
        workshop.commissioning.compare(NEW)


@pytest.mark.parametrize("step", ["compare", "write"])
def test_with_torque_on_nothing_is_written(workshop, step):
    settings = workshop.commissioning.compare(NEW)
    workshop.set(Role.TORQUE_ENABLE, 1)
    before = workshop.eeprom()
    arguments = (NEW,) if step == "compare" else (NEW, settings, workshop.tell)
    with pytest.raises(CommandRefused, match="the torque of id 1 is on, it may hold a load; support the arm"):
        getattr(workshop.commissioning, step)(*arguments)
    assert (workshop.eeprom(), workshop.told) == (before, [])
    assert workshop.servo.drive.is_on


# What is written


def test_looking_shows_every_register_and_writes_nothing(workshop):
    before = workshop.eeprom()
    settings = {setting.role: setting for setting in workshop.commissioning.compare(NEW)}
    assert {name for name, setting in settings.items() if setting.differs} == {
        *(Role.RETURN_DELAY, Role.MIN_POSITION_LIMIT, Role.MAX_POSITION_LIMIT, Role.ID, Role.BAUD_RATE)
    }
    assert (settings[Role.ID].now, settings[Role.ID].wanted) == (1, 3)
    assert settings[Role.BAUD_RATE].meaning(settings[Role.BAUD_RATE].wanted) == "1000000 bit/s"
    assert workshop.eeprom() == before


def test_a_new_servo_is_brought_to_what_the_wiring_file_wants_and_found_again(workshop):
    assert workshop.set_up() == 5
    assert workshop.told[-2:] == [Role.ID, Role.BAUD_RATE]
    assert workshop.opened_at[-1] == 1_000_000
    assert workshop.find() == Presence(1_000_000, FoundServo(3, XM540, 48))
    assert not workshop.servo.drive.is_on


def test_nothing_is_written_twice(workshop):
    workshop.set_up()
    after = workshop.eeprom()
    assert workshop.set_up() == 0
    assert workshop.eeprom() == after


def test_what_another_arm_left_behind_is_put_right(workshop):
    for name, value in ((Role.DRIVE_MODE, 9), (Role.OPERATING_MODE, 4), (Role.HOMING_OFFSET, 500)):
        workshop.set(name, value)
    workshop.set(Role.SHADOW_ID, 7)
    workshop.set_up()
    registers = workshop.servo.registers
    assert [registers[name] for name in (Role.DRIVE_MODE, Role.OPERATING_MODE, Role.HOMING_OFFSET)] == [0, 3, 0]
    assert registers[Role.SHADOW_ID] == 255


def test_every_value_that_switches_a_shadow_off_will_do(workshop):
    workshop.set(Role.SHADOW_ID, 253)
    shadow = next(s for s in workshop.commissioning.compare(NEW) if s.role is Role.SHADOW_ID)
    assert not shadow.differs


@pytest.mark.parametrize("failing", range(5))
def test_what_was_interrupted_goes_on_where_it_was(workshop, failing):
    class Interrupted(Exception):
        pass

    def interrupt(setting: Setting) -> None:
        workshop.tell(setting)
        if len(workshop.told) > failing:
            raise Interrupted

    presence = workshop.find()
    with pytest.raises(Interrupted):
        workshop.commissioning.write(presence, workshop.commissioning.compare(presence), interrupt)
    assert workshop.set_up() == 4 - failing
    assert workshop.find() == Presence(1_000_000, FoundServo(3, XM540, 48))


@pytest.mark.parametrize(("role", "lost"), [(Role.ID, 1), (Role.BAUD_RATE, 8)])
def test_answers_that_are_lost_while_the_address_changes_do_no_harm(workshop, role, lost):
    write = workshop.bench.bus.write

    def losing(servo_id, item, value):
        if item.role is role:
            workshop.bench.port.lost_answers = lost
        write(servo_id, item, value)

    workshop.bench.bus.write = losing
    workshop.set_up()
    assert workshop.find() == Presence(1_000_000, FoundServo(3, XM540, 48))


def test_a_servo_that_does_not_keep_a_value_is_told(workshop):
    presence = workshop.find()
    settings = workshop.commissioning.compare(presence)
    kept = [setting for setting in settings if setting.role is not Role.RETURN_DELAY]
    with pytest.raises(ServoRefused, match="servo 3 refused Return Delay Time := 0: it reads back 250"):
        workshop.commissioning.write(presence, kept, workshop.tell)


def test_a_servo_that_is_not_found_again_is_told(workshop):
    presence = workshop.find()
    settings = workshop.commissioning.compare(presence)
    write = workshop.bench.bus.write

    def deaf(servo_id, item, value):
        if item.role is not Role.ID:
            write(servo_id, item, value)

    workshop.bench.bus.write = deaf
    with pytest.raises(BusError, match="no answer to calls after its address was changed from id 3"):
        workshop.commissioning.write(presence, settings, workshop.tell)
    assert Role.ID not in workshop.told


def test_another_servo_that_was_connected_at_the_question_is_left_as_it_is(workshop):
    presence = workshop.find()
    settings = workshop.commissioning.compare(presence)
    workshop.set(Role.RETURN_DELAY, 77)
    before = workshop.eeprom()
    with pytest.raises(CommandRefused, match=r"id 1 holds is no longer what was shown; nothing was written"):
        workshop.commissioning.write(presence, settings, workshop.tell)
    other = replace(presence, found=replace(presence.found, model_number=XM430))
    with pytest.raises(CommandRefused, match="no longer what was shown"):
        workshop.commissioning.write(other, workshop.commissioning.compare(presence), workshop.tell)
    assert (workshop.eeprom(), workshop.told) == (before, [])


def test_a_servo_that_is_gone_is_told(workshop):
    settings = workshop.commissioning.compare(NEW)
    workshop.bench.faults.inject(make("silence", "elbow", {}))
    with pytest.raises(BusError, match=r"no answer to read .* from id 1"):
        workshop.commissioning.write(NEW, settings, workshop.tell)


def test_a_joints_second_servo_is_set_up_by_its_own_name():
    second = twin.WIRING.servos[1].second
    workshop = Workshop(twin.twin(), second, twin.ARM.limit("boom"))
    workshop.set_up()
    assert workshop.find().found.servo_id == 12


def test_in_a_mode_that_counts_turns_position_limits_are_left_alone():
    spindle = replace(ELBOW, mode=OperatingMode.EXTENDED_POSITION)
    workshop = Workshop(Bench(), spindle, ARM.limit("elbow"))
    workshop.set_up()
    assert workshop.servo.registers[Role.OPERATING_MODE] == 4
    assert Role.MAX_POSITION_LIMIT not in workshop.told


# Position limits


def test_the_servo_takes_the_urdfs_limits_and_a_little_more():
    limit = ARM.limit("elbow")
    lowest, highest = position_limits(ELBOW, limit)
    ends = sorted((ELBOW.to_ticks(limit.lower), ELBOW.to_ticks(limit.upper)))
    slack = 0.05 * (limit.upper - limit.lower) / ELBOW.model.position_unit
    assert (ends[0] - lowest, highest - ends[1]) == pytest.approx((slack, slack), abs=1)


@pytest.mark.parametrize("servo", WIRING.servos, ids=WIRING.joints)
def test_the_limits_of_every_joint_are_within_a_turn(servo):
    lowest, highest = position_limits(servo, ARM.limit(servo.joint))
    assert 0 <= lowest < highest <= 4_095


def test_limits_end_where_the_register_does():
    wide = replace(ARM.limit("elbow"), lower=-3.1, upper=3.1)
    assert position_limits(ELBOW, wide) == (0, 4_095)


def test_a_joint_without_limits_takes_the_whole_turn():
    assert position_limits(ELBOW, Limit(-math.inf, math.inf, 1.0, 1.0)) == (0, 4_095)


@pytest.mark.parametrize(
    ("role", "value", "words"),
    [
        (Role.BAUD_RATE, 1, "57600 bit/s"),
        (Role.BAUD_RATE, 200, "unknown"),
        (Role.RETURN_DELAY, 250, "500 µs"),
        (Role.OPERATING_MODE, 3, "position"),
        (Role.OPERATING_MODE, 9, "unknown"),
        (Role.SHADOW_ID, 255, "off"),
        (Role.SHADOW_ID, 7, ""),
        (Role.ID, 7, ""),
    ],
)
def test_values_are_told_in_the_manuals_words(role, value, words):
    assert ELBOW.model.meaning(role, value) == words


@pytest.mark.parametrize("pose", ["park", "home"])
def test_an_arm_of_servos_that_were_set_up_is_enabled_where_it_rests(pose):
    bench = Bench(pose)
    for servo in WIRING.servos:
        registers = bench.servo(servo.joint).registers
        limits = position_limits(servo, ARM.limit(servo.joint))
        registers[Role.MIN_POSITION_LIMIT], registers[Role.MAX_POSITION_LIMIT] = limits
    bench.enabled()
    assert bench.mode() is Mode.ENABLED
    assert all(bench.servo(joint).drive.is_on for joint in WIRING.joints)


# An assembled arm


def test_of_a_mounted_servo_what_moves_its_joints_zero_or_sign_stays(workshop):
    workshop.set_up()
    for name, value in ((Role.DRIVE_MODE, 9), (Role.RETURN_DELAY, 250), (Role.HOMING_OFFSET, 500)):
        workshop.set(name, value)
    presence, settings = workshop.commissioning.compare_mounted()
    assert {s.role: s.wanted for s in settings if s.differs} == {Role.DRIVE_MODE: 1, Role.RETURN_DELAY: 0}
    written = workshop.commissioning.write(presence, settings, workshop.tell, is_mounted=True)
    assert written == 2
    registers = workshop.servo.registers
    assert [registers[name] for name in (Role.DRIVE_MODE, Role.RETURN_DELAY, Role.HOMING_OFFSET)] == [1, 0, 500]


@pytest.mark.parametrize(
    ("role", "value"),
    [(Role.PWM_LIMIT, 300), (Role.VELOCITY_LIMIT, 10), (Role.SHUTDOWN, 0), (Role.MOVING_THRESHOLD, 0)],
)
def test_what_weakens_a_servo_or_its_protection_is_put_right(workshop, role, value):
    workshop.set(role, value)
    workshop.set_up()
    assert workshop.servo.registers[role] == ELBOW.model.default(role)


@pytest.mark.parametrize("role", [Role.CURRENT_LIMIT, Role.TEMPERATURE_LIMIT, Role.MAX_VOLTAGE_LIMIT])
def test_limits_that_guard_a_servo_stay(workshop, role):
    value = ELBOW.model.default(role) - 5
    workshop.set(role, value)
    workshop.set_up()
    assert workshop.servo.registers[role] == value


def test_a_servo_that_answers_pings_alone_is_told_and_woken(workshop):
    workshop.servo.registers[Role.STATUS_RETURN_LEVEL] = 0
    with pytest.raises(MuteServo, match="answers pings and nothing else"):
        workshop.commissioning.compare(NEW)
    workshop.commissioning.wake(NEW)
    assert workshop.servo.registers[Role.STATUS_RETURN_LEVEL] == 2
    assert workshop.set_up() == 5


def test_one_that_answers_reading_alone_is_set_up_too(workshop):
    workshop.servo.registers[Role.STATUS_RETURN_LEVEL] = 1
    assert workshop.set_up() == 6
    assert workshop.servo.registers[Role.STATUS_RETURN_LEVEL] == 2
