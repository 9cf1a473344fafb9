"""What a new family of servos needs: its own table, and nothing else that changes."""

from __future__ import annotations

import math

import pytest

from armature.bench.simulation.virtual import ARM, JOINTS, WIRING, Bench
from armature.core.planning.transfer import transfer
from armature.core.trajectory.segments import LoopTime, Segment
from armature.dynamixel.commissioning import bus_inspection, inspection
from armature.dynamixel.commissioning.calibration import Calibration, read_goal_range
from armature.dynamixel.commissioning.commissioning import Commissioning, Presence
from armature.dynamixel.commissioning.inspection import Verdict
from armature.dynamixel.commissioning.settings import narrow_limits
from armature.dynamixel.protocol.discovery import FoundServo
from armature.dynamixel.protocol.packet import Error, Instruction, StreamDecoder, encode
from armature.dynamixel.servo.registers import Registers
from armature.dynamixel.status.cause import Cause
from armature.dynamixel.status.states import Mode
from armature.dynamixel.tables import registry
from armature.dynamixel.tables.roles import Feature, HardwareError, Role
from armature.dynamixel.wiring.arm import Wiring
from armature.emulator.faults.catalogue import make

from ..lone_servo import LoneServo
from .tiller import BAUD_RATES, TILLER, lacking, rewired

FIRM = {joint: {Role.POSITION_P_GAIN: 120} for joint in JOINTS}
KINDS = ("TL-9", "TL-2", "mixed")


@pytest.fixture(autouse=True)
def known(monkeypatch):
    """The one line in the registry."""
    monkeypatch.setattr(registry, "FAMILIES", (*registry.FAMILIES, TILLER))


def arm(kind: str, pose: str = "home", **settings) -> Bench:
    """The arm with servos of the family, or with one beside Dynamixel's on one bus."""
    wiring = rewired(WIRING, "TL-9", ("elbow",)) if kind == "mixed" else rewired(WIRING, kind)
    settings.setdefault("registers", FIRM if kind != "mixed" else {"elbow": FIRM["elbow"]})
    return Bench(pose, wiring=wiring, **settings)


def go(bench: Bench, way: dict[str, float]) -> None:
    """Move joints by so much [rad], and wait until they should be there."""
    begin = {joint: bench.loop.state.setpoints(bench.now)[joint].position for joint in way}
    goals = {joint: begin[joint] + by for joint, by in way.items()}
    motion = transfer(list(way), begin, goals, {j: ARM.limit(j) for j in way}, bench.dynamics, 0.5)
    bench.loop.follow(Segment(1, "s1", LoopTime(bench.now), motion), bench.now)
    bench.run(motion.duration + 0.3)


# The wiring file


def test_the_wiring_file_takes_it_by_its_name():
    text = "bus: {baud_rate: 500000 bit/s}\njoints:\n" + "".join(
        f"  {servo.joint}: {{id: {servo.servo_id}, model: TL-9, direction: 1, zero_offset: 180 deg, "
        f"reduction: {'80 rad/m' if servo.joint == JOINTS[-1] else '1 rad/rad'}}}\n"
        for servo in WIRING.servos
    )
    wiring = Wiring.from_yaml(text, ARM)
    assert {servo.model.name for servo in wiring.servos} == {"TL-9"}
    assert wiring.servos[0].to_ticks(0.0) == 8_192
    with pytest.raises(ValueError, match=r"modes of TL-9 are position$"):
        Wiring.from_yaml(text.replace("model: TL-9", "model: TL-9, mode: extended position", 1), ARM)


# The loop


@pytest.mark.parametrize("kind", KINDS)
def test_it_starts_moves_and_holds_without_a_jump(kind):
    bench = arm(kind, "park").start().run(0.1)
    before = bench.positions()
    bench.loop.enable("s1", bench.now)
    bench.run(0.3)
    assert bench.mode() is Mode.ENABLED
    assert max(abs(bench.positions()[joint] - before[joint]) for joint in JOINTS) < math.radians(0.5)
    go(bench, {"waist": 0.4, "elbow": -0.3})
    moved = bench.positions()
    assert moved["waist"] - before["waist"] == pytest.approx(0.4, abs=0.01)
    assert moved["elbow"] - before["elbow"] == pytest.approx(-0.3, abs=0.02)  # by its sag: no load is told
    bench.run(1.0)
    assert bench.positions() == pytest.approx(moved, abs=1e-3)
    assert not bench.loop.state.faults


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_read_is_what_the_joint_does_in_si_units(kind):
    bench = arm(kind).enabled()
    go(bench, {"elbow": 0.2})
    axis = bench.loop.state.axes["elbow"]
    assert axis.position == pytest.approx(bench.positions()["elbow"], abs=1e-3)
    assert (axis.voltage, axis.temperature) == (pytest.approx(12.0, abs=0.3), pytest.approx(25.0, abs=1.0))
    assert math.isnan(axis.current)
    assert math.isnan(axis.load) == (kind == "TL-2")
    assert axis.protection.temperature == 80.0
    assert (axis.protection.lowest_voltage, axis.protection.highest_voltage) == (
        pytest.approx(9.0),
        pytest.approx(14.0),
    )


def test_goals_of_two_families_on_one_bus_each_go_to_where_their_register_stands():
    bench = arm("mixed").enabled()
    go(bench, {"shoulder": 0.1, "elbow": 0.1})
    for joint in ("shoulder", "elbow"):
        servo = bench.servo(joint)
        goal = bench.loop.state.axes[joint].wiring.to_position(servo.registers[Role.GOAL_POSITION])
        assert goal == pytest.approx(bench.loop.state.setpoints(bench.now)[joint].position, abs=0.1)


def test_what_it_lacks_is_left_off_and_said():
    bench = arm("TL-9").enabled()
    assert set(bench.loop.state.watchdogs.values()) == {"off: TL-9 has none"}
    assert "Sync Read (no Fast Sync Read in TL-9 firmware 48)" in bench.loop.state.instruction
    bench.port.time += 0.5  # longer than a watchdog would wait
    bench.run(0.3)
    assert bench.loop.state.watchdog_trips == 0
    assert not bench.loop.state.faults
    assert bench.loop.state.eeprom_writes == 0


@pytest.mark.parametrize(
    "lacks",
    [
        (Role.PRESENT_VELOCITY, Role.PRESENT_LOAD),
        (Role.PRESENT_VOLTAGE, Role.PRESENT_TEMPERATURE, Role.TEMPERATURE_LIMIT, Role.FIRMWARE_VERSION),
        (Role.MIN_POSITION_LIMIT, Role.MAX_POSITION_LIMIT, Role.MIN_VOLTAGE_LIMIT, Role.MAX_VOLTAGE_LIMIT),
        (Role.POSITION_P_GAIN, Role.HARDWARE_ERROR),
    ],
)
def test_one_that_lacks_still_more_starts_moves_and_comes_back_from_a_reset(lacks):
    bench = Bench("park", wiring=rewired(WIRING, lacking(*lacks))).enabled()
    before = bench.positions()["waist"]
    go(bench, {"waist": 0.4})
    assert bench.positions()["waist"] - before == pytest.approx(0.4, abs=0.01)
    bench.faults.inject(make("reset", "elbow", {}))
    bench.run_until(lambda: "elbow" in bench.loop.state.faults, 1.0)
    bench.run_until(lambda: bench.loop.state.faults["elbow"].cause is Cause.SILENT_RESET, 1.0)
    bench.loop.clear_faults(bench.now)
    bench.run_until(lambda: not bench.loop.state.faults, 3.0)
    assert bench.servo("elbow").drive.is_on
    assert [finding.verdict for finding in inspected(bench)] == [Verdict.WARNING]


def test_it_parks_and_lets_go():
    bench = arm("TL-9").enabled()
    bench.run(bench.park() + 2.0)
    assert bench.mode() is Mode.DISABLED
    assert not any(bench.servo(joint).drive.is_on for joint in JOINTS)


# Faults


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("fault", "cause", "bits"), [("overload", Cause.OVERLOAD, 0x01), ("overheat", Cause.OVERHEATING, 0x40)]
)
def test_an_error_of_its_own_bit_is_named_and_recovered(kind, fault, cause, bits):
    bench = arm(kind).enabled()
    bench.faults.inject(make(fault, "elbow", {}))
    bench.run_until(lambda: "elbow" in bench.loop.state.faults, 1.0)
    found = bench.loop.state.faults["elbow"]
    assert found.cause is cause
    assert bench.servo("elbow").registers[Role.HARDWARE_ERROR] == bits
    assert not bench.servo("elbow").drive.is_on
    bench.faults.clear()
    bench.servo("elbow").drive.motor.heat.case = 30.0
    bench.loop.clear_faults(bench.now)
    bench.run_until(lambda: not bench.loop.state.faults, 3.0)
    assert bench.servo("elbow").drive.is_on


@pytest.mark.parametrize("kind", KINDS)
def test_a_silent_one_is_missing_and_comes_back_by_itself(kind):
    bench = arm(kind).enabled()
    bench.silence("elbow")
    bench.run_until(lambda: "elbow" in bench.loop.state.faults, 0.3)
    assert bench.loop.state.faults["elbow"].cause is Cause.MISSING
    bench.speak("elbow")
    bench.run_until(lambda: not bench.loop.state.faults, 1.0)
    assert bench.servo("elbow").drive.is_on


@pytest.mark.parametrize("kind", KINDS)
def test_a_silent_reset_is_named_and_recovered_with_its_gains(kind):
    bench = arm(kind).enabled()
    bench.faults.inject(make("reset", "elbow", {}))
    bench.run_until(lambda: "elbow" in bench.loop.state.faults, 1.0)
    bench.run_until(lambda: bench.loop.state.faults["elbow"].cause is Cause.SILENT_RESET, 1.0)
    bench.loop.clear_faults(bench.now)
    bench.run_until(lambda: not bench.loop.state.faults, 3.0)
    assert bench.servo("elbow").registers[Role.POSITION_P_GAIN] == 120
    assert bench.servo("elbow").drive.is_on


# The emulator


def ask(bench: Bench, servo_id: int, instruction: Instruction, parameters: bytes = b"") -> tuple[int, bytes]:
    """Error and data of one answer."""
    sent = bench.far.transmit(encode(servo_id, instruction, parameters), bench.now)
    [packet] = StreamDecoder().feed(b"".join(item.data for item in sent))
    return packet.parameters[0], packet.parameters[1:]


def test_the_emulator_answers_bytes_by_its_table():
    bench = arm("TL-9")
    assert ask(bench, 3, Instruction.PING) == (0, (901).to_bytes(2, "little") + b"\x30")
    error, data = ask(bench, 3, Instruction.READ, bytes([56, 0, 2, 0]))
    angle = bench.loop.state.axes["elbow"].wiring.to_ticks(bench.positions()["elbow"])
    assert (error, int.from_bytes(data, "little")) == (0, pytest.approx(angle, abs=1))
    assert ask(bench, 3, Instruction.WRITE, bytes([48, 0, 77])) == (0, b"")
    assert bench.servo("elbow").registers[Role.POSITION_P_GAIN] == 77
    assert ask(bench, 3, Instruction.WRITE, bytes([72, 0, 1, 2, 3, 4])) == (0, b"")
    assert bench.servo("elbow").registers["Scratch"] == 0x04030201
    assert ask(bench, 3, Instruction.READ, bytes([90, 0, 1, 0]))[0] == Error.ACCESS
    assert ask(bench, 3, Instruction.REBOOT)[0] == Error.INSTRUCTION
    assert not bench.servo("elbow").knows(Instruction.FAST_SYNC_READ)


def test_a_register_starts_it_anew():
    bench = arm("TL-9").enabled()
    assert ask(bench, 3, Instruction.WRITE, bytes([70, 0, 1])) == (0, b"")
    servo = bench.servo("elbow")
    assert (servo.is_awake, servo.drive.is_on, servo.registers[Role.REBOOT]) == (False, False, 0)


# Before the first start


def test_it_is_found_at_a_rate_of_its_own_and_set_up():
    alone = LoneServo(arm("TL-9"), "elbow")
    elbow = next(servo for servo in rewired(WIRING, "TL-9").servos if servo.joint == "elbow")
    presence = alone.find(registry.baud_rates())
    assert presence == Presence(57_600, FoundServo(1, 901, 48))
    assert presence.found.model == "TL-9"
    assert set(BAUD_RATES) <= set(registry.baud_rates())
    commissioning = Commissioning(elbow, 1_000_000, ARM.limit("elbow"), alone.opened)
    settings = commissioning.compare(presence)
    assert [setting.register for setting in settings] == ["Lower Stop", "Upper Stop", "Bus Address", "Bus Speed"]
    assert settings[-1].meaning(settings[-1].wanted) == "1000000 bit/s"
    assert commissioning.write(presence, settings, lambda _setting: None) == 4
    assert alone.find(registry.baud_rates()) == Presence(1_000_000, FoundServo(3, 901, 48))


def inspected(bench: Bench, joint: str = "elbow"):
    """What is found about one servo."""
    servo = bench.loop.state.axes[joint].wiring
    present = FoundServo(servo.servo_id, servo.model.number, 48)
    return list(inspection.check_servo(bench.bus, servo, present, ARM.limit(joint)))


@pytest.mark.parametrize("kind", ["TL-9", "TL-2"])
def test_it_is_inspected_and_its_want_of_a_watchdog_is_a_warning(kind, monkeypatch):
    monkeypatch.setattr(bus_inspection, "_CYCLES", 20)
    bench = arm(kind)
    bench.bus.open()
    [warning] = inspected(bench)
    assert (warning.verdict, warning.detail.split(":")[0]) == (Verdict.WARNING, f"{kind} has no bus watchdog")
    assert (
        bus_inspection.check_cycle_time(bench.bus, rewired(WIRING, kind), 50.0, lambda: bench.now).verdict
        is Verdict.OK
    )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({Role.MAX_POSITION_LIMIT: 8_000}, "the servo takes 0 to 8000"),
        ({Role.HARDWARE_ERROR: 0x41}, "hardware error: overheating, overload"),
        ({Role.MIN_VOLTAGE_LIMIT: 65}, "12.0 V, it takes 13.0 to 14.0 V"),
        ({Role.TEMPERATURE_LIMIT: 50}, "its limit is 25 °C"),
    ],
)
def test_what_is_wrong_with_it_is_told_in_si_units(change, told):
    bench = arm("TL-9")
    bench.bus.open()
    for role, value in change.items():
        bench.servo("elbow").registers[role] = value
    details = [finding.detail for finding in inspected(bench) if finding.verdict is Verdict.FAILURE]
    assert any(told in detail for detail in details), details


def test_it_is_calibrated_by_hand_placing():
    bench = arm("TL-9", "park")
    bench.bus.open()
    servo = bench.loop.state.axes["elbow"].wiring
    here = bench.positions()["elbow"]
    calibration = Calibration(Registers(bench.bus), [servo], {"elbow": here})
    [placed] = calibration.compute([calibration.read() for _ in range(3)])
    assert placed.offset == pytest.approx(servo.zero_offset, abs=2 * servo.model.position_unit)
    assert read_goal_range(Registers(bench.bus), servo).greatest > math.pi - 0.1
    assert narrow_limits(Registers(bench.bus), servo, ARM.limit("elbow")) == ()


# The table itself


def test_a_model_tells_its_errors_and_features_by_its_own_bits():
    model = TILLER.model("TL-9")
    assert model.errors_of(0x41) == HardwareError.OVERLOAD | HardwareError.OVERHEATING
    assert model.error_bits(HardwareError.OVERLOAD | HardwareError.MOTOR_ENCODER) == 0x01
    assert not any(model.supports(feature, 255) for feature in Feature)
