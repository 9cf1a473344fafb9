from __future__ import annotations

import re
from dataclasses import replace

import pytest

from armature.bench.simulation.virtual import ARM, POSES, WIRING, Bench
from armature.core.health import Thresholds
from armature.dynamixel.commissioning import bus_inspection, inspection
from armature.dynamixel.commissioning.inspection import Verdict
from armature.dynamixel.faults.policy import FaultPolicy
from armature.dynamixel.protocol.discovery import FoundServo, Survey, survey
from armature.dynamixel.status.cause import Cause, Reaction
from armature.dynamixel.tables.roles import Role
from armature.emulator.faults.catalogue import make

ELBOW = next(servo for servo in WIRING.servos if servo.joint == "elbow")


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.setattr(bus_inspection, "_CYCLES", 20)
    bench = Bench()
    bench.bus.open()
    return bench


def elbow(bench):
    """What is found about the elbow's servo."""
    present = FoundServo(ELBOW.servo_id, ELBOW.model.number, 48)
    return list(inspection.check_servo(bench.bus, ELBOW, present, ARM.limit("elbow")))


def write(bench, name, value):
    bench.bus.write(ELBOW.servo_id, ELBOW.model[name], value)


# The survey


def test_every_servo_answers_one_broadcast_ping_with_its_model_and_firmware(bench):
    seen = survey(bench.port)
    assert {found.servo_id: found.model for found in seen.found} == {
        servo.servo_id: servo.model.name for servo in WIRING.servos
    }
    assert {found.answers for found in seen.found} == {1}
    assert (seen.damaged, seen.baud_rate) == (0, WIRING.buses[""])


def test_a_silent_servo_is_absent_and_noise_is_counted_never_believed(bench):
    bench.faults.inject(make("silence", "elbow", {}))
    bench.faults.inject(make("corrupt", "waist", {}))
    seen = survey(bench.port)
    assert {found.servo_id for found in seen.found} == set(WIRING.ids) - {1, ELBOW.servo_id}
    assert seen.damaged == 1


def test_a_model_without_a_control_table_is_shown_by_its_number():
    assert FoundServo(1, 65_000, 1).model == "model number 65000"


# The roll


def answered(**changes):
    found = [FoundServo(servo.servo_id, servo.model.number, 48) for servo in WIRING.servos]
    return [replace(servo, **changes) if servo.servo_id == ELBOW.servo_id else servo for servo in found]


def test_a_complete_bus_gives_no_cause_for_complaint():
    assert list(bus_inspection.check_ids(WIRING, Survey(1_000_000, tuple(answered()), 0))) == []


@pytest.mark.parametrize(
    ("found", "subject", "verdict", "told"),
    [
        (answered(servo_id=33), "id 3 elbow", Verdict.FAILURE, "does not answer"),
        (answered(servo_id=33), "id 33", Verdict.WARNING, "which the wiring file does not name"),
        (
            answered(model_number=1060),
            "id 3 elbow",
            Verdict.FAILURE,
            "it is XL430-W250, the wiring file says XM540",
        ),
        (answered(answers=2), "id 3", Verdict.FAILURE, "duplicate id"),
        ([*answered(), FoundServo(3, 1060, 48)], "id 3", Verdict.FAILURE, "duplicate id"),
    ],
)
def test_who_is_missing_strange_or_double_is_named_with_a_remedy(found, subject, verdict, told):
    findings = list(bus_inspection.check_ids(WIRING, Survey(1_000_000, tuple(found), 0)))
    fitting = [finding for finding in findings if finding.subject == subject]
    assert [finding.verdict for finding in fitting] == [verdict]
    assert told in fitting[0].detail
    assert fitting[0].remedy


# One servo


def test_a_good_servo_is_summed_up_and_nothing_is_written_to_it(bench):
    before = settings(bench)
    (finding,) = elbow(bench)
    assert finding.verdict is Verdict.OK
    assert finding.detail.startswith("XM540-W270 firmware 48, 12.0 V, 25 °C, torque off")
    assert settings(bench) == before


def settings(bench):
    """All that can be written."""
    registers = bench.servo("elbow").registers
    return {item.key: registers[item.key] for item in ELBOW.model.registers.values() if item.access == "RW"}


RANGED = replace(ELBOW, range=(-1.0, 0.6))


@pytest.fixture
def within():
    """An arm whose elbow stands in that range."""
    bench = Bench({**POSES["home"], "elbow": 0.2})
    bench.bus.open()
    return bench


def test_a_range_that_is_smaller_than_the_urdfs_limits_is_a_warning_with_both(within):
    present = FoundServo(ELBOW.servo_id, ELBOW.model.number, 48)
    (finding,) = inspection.check_servo(within.bus, RANGED, present, ARM.limit("elbow"))
    assert finding.verdict is Verdict.WARNING
    assert "range of motion leaves -1.0000 to 0.6000 of the URDF's limits -1.9200 to 1.0480" in finding.detail
    assert "narrow the URDF's limits" in finding.remedy
    whole = replace(ELBOW, range=(-2.0, 1.1))
    assert [found.verdict for found in inspection.check_servo(within.bus, whole, present, ARM.limit("elbow"))] == [
        Verdict.OK
    ]


def test_a_servo_need_not_accept_what_lies_beyond_the_range(within):
    write(within, Role.MIN_POSITION_LIMIT, 1600)  # 0.69 rad of the elbow
    present = FoundServo(ELBOW.servo_id, ELBOW.model.number, 48)
    assert Verdict.FAILURE in {found.verdict for found in elbow(within)}
    found = inspection.check_servo(within.bus, RANGED, present, ARM.limit("elbow"))
    assert [finding.verdict for finding in found] == [Verdict.WARNING]


@pytest.mark.parametrize(
    ("register", "value", "verdict", "told"),
    [
        (
            Role.MAX_POSITION_LIMIT,
            2100,
            Verdict.FAILURE,
            r"the joint's limits are ticks \d+ to \d+, the servo takes 0 to 2100",
        ),
        (Role.HOMING_OFFSET, 100, Verdict.WARNING, "its Homing Offset of 100 shifts positions by 0.153"),
        (Role.OPERATING_MODE, 4, Verdict.FAILURE, r"its operating mode is 4, the wiring wants 3 \(position\)"),
        (Role.SHADOW_ID, 2, Verdict.FAILURE, r"it obeys id 2 too, its Secondary\(Shadow\) ID"),
        (Role.DRIVE_MODE, 1, Verdict.WARNING, "its Drive Mode is reverse"),
        (Role.DRIVE_MODE, 8, Verdict.FAILURE, "its Drive Mode is 8, not 0"),
        (Role.RETURN_DELAY, 250, Verdict.FAILURE, "its Return Delay Time is 250, not 0"),
        (Role.STATUS_RETURN_LEVEL, 1, Verdict.FAILURE, "its Status Return Level is 1: it does not answer when"),
        (Role.PWM_LIMIT, 300, Verdict.WARNING, "its PWM Limit is 300, less than the factory's 885"),
        (Role.VELOCITY_LIMIT, 0, Verdict.FAILURE, "its Velocity Limit is 0, less than the factory's"),
        (Role.CURRENT_LIMIT, 50, Verdict.WARNING, "its Current Limit is 50, less than the factory's"),
        (Role.SHUTDOWN, 0, Verdict.WARNING, "its Shutdown is 0, the factory's is 52"),
        (Role.TEMPERATURE_LIMIT, 40, Verdict.WARNING, "25 °C, its limit is 40 °C, a fault from 35 °C on"),
        (Role.TEMPERATURE_LIMIT, 30, Verdict.FAILURE, "25 °C, its limit is 30 °C, a fault from 25 °C on"),
        (Role.MIN_VOLTAGE_LIMIT, 125, Verdict.FAILURE, "12.0 V, it takes 12.5 to"),
    ],
)
def test_what_does_not_fit_is_told_with_the_value_the_bound_and_a_remedy(bench, register, value, verdict, told):
    write(bench, register, value)
    findings = [finding for finding in elbow(bench) if "hardware error" not in finding.detail]
    assert [finding.verdict for finding in findings] == [verdict]
    assert re.search(told, findings[0].detail)
    assert findings[0].remedy


@pytest.mark.parametrize(
    ("stop", "reaction", "verdict"),
    [
        (-3.0, Reaction.STOP, Verdict.WARNING),
        (-5.0, Reaction.SLOW, Verdict.WARNING),
        (-6.0, Reaction.HOLD, Verdict.FAILURE),
    ],
)
def test_what_is_too_hot_is_what_the_parameters_say(bench, stop, reaction, verdict):
    write(bench, Role.TEMPERATURE_LIMIT, 30)
    thresholds = Thresholds(warn=-15.0, slow=-10.0, stop=stop, hysteresis=2.0)
    policy = FaultPolicy(temperature=thresholds, reactions={Cause.TEMPERATURE: reaction})
    present = FoundServo(ELBOW.servo_id, ELBOW.model.number, 48)
    (finding,) = inspection.check_servo(bench.bus, ELBOW, present, ARM.limit("elbow"), policy)
    assert finding.verdict is verdict


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("duplicate_id", r"duplicate id: \d+ of 20 answers are damaged, though each ping is answered well"),
        ("electrical_shock", "hardware error: electrical shock"),
        ("silence", "no answer to"),
    ],
)
def test_a_servo_with_a_fault_fails_with_its_cause(bench, fault, told):
    bench.faults.inject(make(fault, "elbow", {}))
    bench.far.advance(bench.port.time + 5.0)
    bench.port.time += 5.0
    findings = elbow(bench)
    assert Verdict.FAILURE in {finding.verdict for finding in findings}
    assert any(re.search(told, finding.detail) for finding in findings)


@pytest.mark.parametrize(("fault", "told"), [("drop", "lost or late"), ("corrupt", "were damaged")])
def test_a_bad_cable_is_a_warning_with_the_counts(bench, fault, told):
    bench.faults.inject(make(fault, "elbow", {"probability": "0.1", "seed": "2"}))
    (finding,) = elbow(bench)
    assert finding.verdict is Verdict.WARNING
    assert told in finding.detail
    assert "check its cable" in finding.remedy


def test_a_servo_that_answers_pings_alone_is_named_with_the_cure(bench):
    bench.servo("elbow").registers[Role.STATUS_RETURN_LEVEL] = 0
    (finding,) = elbow(bench)
    assert finding.verdict is Verdict.FAILURE
    assert "answers pings and nothing else, as with a Status Return Level of 0" in finding.detail
    assert "armature setup --apply elbow" in finding.remedy


def test_a_joint_beyond_its_limits_is_told_with_the_calibration():
    bench = Bench()
    bench.faults.inject(make("encoder_slip", "elbow", {"angle": "-0.8"}))
    bench.pass_time(0.02)
    bench.bus.open()
    (finding,) = elbow(bench)
    assert finding.verdict is Verdict.FAILURE
    assert "beyond its limits -1.920 to 1.048" in finding.detail
    assert "zero_offset is wrong: armature calibrate" in finding.remedy


def test_old_firmware_has_no_watchdog(bench):
    old = FoundServo(ELBOW.servo_id, ELBOW.model.number, 37)
    (finding,) = inspection.check_servo(bench.bus, ELBOW, old, ARM.limit("elbow"))
    assert finding.verdict is Verdict.WARNING
    assert "firmware 37 has no Bus Watchdog" in finding.detail


# The cycle


@pytest.mark.parametrize(
    ("rate", "verdict"), [(100.0, Verdict.OK), (250.0, Verdict.WARNING), (400.0, Verdict.WARNING)]
)
def test_the_cycle_is_held_against_the_rate_and_a_return_delay_is_named(bench, rate, verdict):
    for servo in WIRING.servos:
        bench.bus.write(servo.servo_id, servo.model[Role.RETURN_DELAY], 250)
    finding = bus_inspection.check_cycle_time(bench.bus, WIRING, rate, bench.port.now)
    assert finding.verdict is verdict
    assert f"ms at {rate:g} Hz" in finding.detail
    assert verdict is Verdict.OK or "7 servos delay their answers" in finding.detail


@pytest.mark.parametrize(("rate", "verdict"), [(400.0, Verdict.WARNING), (1000.0, Verdict.FAILURE)])
def test_a_rate_that_the_wire_can_hardly_or_not_do_is_told(bench, rate, verdict):
    for servo in WIRING.servos:
        bench.bus.write(servo.servo_id, servo.model[Role.RETURN_DELAY], 0)
    finding = bus_inspection.check_cycle_time(bench.bus, WIRING, rate, bench.port.now)
    assert finding.verdict is verdict
    assert "lower rate" in finding.remedy


def test_a_busy_computer_is_no_failure_of_the_cycle(bench):
    for servo in WIRING.servos:
        bench.bus.write(servo.servo_id, servo.model[Role.RETURN_DELAY], 0)
    late = iter([0.0, *[0.0, 0.05, 0.0, 0.0] * 100])  # every other answer comes after another program's turn

    def now():
        bench.port.time += next(late)
        return bench.port.now()

    finding = bus_inspection.check_cycle_time(bench.bus, WIRING, 100.0, now)
    assert finding.verdict is Verdict.WARNING
    assert "the computer was busy" in finding.detail
    assert "docs/howto/computer.md" in finding.remedy


def test_a_bus_that_does_not_answer_has_no_cycle(bench):
    bench.faults.inject(make("silence", "elbow", {}))
    finding = bus_inspection.check_cycle_time(bench.bus, WIRING, 100.0, bench.port.now)
    assert finding.verdict is Verdict.FAILURE
    assert "no answer" in finding.detail
