"""Disabling, over the loop and the emulated servos on virtual time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from armature.bench.simulation.virtual import ARM, POSES, WIRING, Bench
from armature.core.payload import Payload
from armature.dynamixel.status.states import Mode
from armature.emulator.faults import catalogue
from armature.errors import ArmatureError, CommandRefused, InternalError, ParkingInterrupted
from armature.nodes.bus_process.report import BusReport
from armature.nodes.common.parameters.payload import Carried
from armature.nodes.servo_interface import disabling as disabling_module
from armature.nodes.servo_interface.disabling import Disabling, way_to_park
from armature.nodes.servo_interface.parameters import ServoConfiguration

ARM_JOINTS = tuple(joint for joint in WIRING.joints if joint != "gripper")
NEAR = 0.1  # [rad], with what a loaded joint sags
SAG = 0.5  # [kg] at the tool, under which the arm sags by more than half a degree


class Near:
    """The bus process in this process: its loop is real, its time passes while somebody waits."""

    def __init__(self, bench):
        self.bench, self.client = bench, self
        self.report = BusReport(bench.loop.state, bench.bus)
        self.segment, self.hold_ups = None, 0
        self.pauses = self.is_paused = False  # the simulation, once parking has begun
        self.parked = []  # what was asked for, and refused

    @property
    def status(self):
        return self.report.status(self.bench.now)

    def readings(self):
        return self.report.readings(self.bench.now, self.bench.now, self.bench.now)

    def send_segment(self, segment):
        self.segment = segment
        if self.hold_ups:  # a busy machine: the servos hear nothing, and stop by their watchdogs
            self.hold_ups -= 1
            for _ in range(10):
                self.bench.port.time += 0.05
                self.bench.far.advance(self.bench.port.time)
            self.bench.cycle()
        self.segment = replace(segment, serial=1, begin=self.bench.now)
        return 1

    def request(self, name, **fields):
        loop, now = self.bench.loop, self.bench.now
        try:
            if name == "hold":
                loop.hold(fields["why"], now)
            else:
                loop.park(self.segment, now)
                self.is_paused = self.pauses
        except ArmatureError as error:
            self.parked.append(str(error))
            raise CommandRefused(name, str(error), "ask again") from error

    def wait_for(self, condition, timeout=30.0):
        if self.is_paused:
            return bool(condition())
        end = self.bench.now + (timeout or 30.0)
        self.bench.run_until(lambda: condition() or self.bench.now > end, 60.0)
        return bool(condition())


@pytest.fixture
def near():
    bench = Bench("home").enabled()
    bench.far.plant.set_payload(SAG)
    bench.run(1.0)
    return Near(bench)


@pytest.fixture
def disabling(near, tmp_path):
    park = POSES["park"]
    configuration = ServoConfiguration(
        arm=ARM,
        wiring=WIRING,
        park=park,
        park_speed=0.5,
        dynamics=near.bench.dynamics,
        state_folder=tmp_path,
        child={},
    )
    disabling = Disabling(configuration, near)
    yield disabling
    disabling.close()


def weaker(share):
    """The wiring with servos that give a share of the torque."""
    return replace(
        WIRING, servos=tuple(replace(servo, reduction=share * servo.reduction) for servo in WIRING.servos)
    )


def test_the_way_to_park_is_as_slow_as_the_torque_of_the_servos_needs_it(disabling):
    configuration = disabling._configuration
    ways = [way_to_park(replace(configuration, wiring=weaker(share)), POSES["pick"]) for share in (1.0, 0.2, 0.01)]
    usual, slow, hopeless = (way.duration for way in ways)
    assert slow > 1.1 * usual
    assert hopeless == usual  # it parks as well as it can
    assert all(way.positions[-1] == pytest.approx(list(POSES["park"].values())) for way in ways)


def test_the_way_to_park_is_as_slow_as_what_the_tool_carries_needs_it(disabling, tmp_path):
    configuration = replace(disabling._configuration, wiring=weaker(0.5), payload_file=str(tmp_path / "payload"))
    bare = way_to_park(configuration, POSES["pick"]).duration
    Carried(Payload(1.0), ARM.tool).write(tmp_path / "payload")
    assert way_to_park(configuration, POSES["pick"]).duration > 1.1 * bare
    (tmp_path / "payload").write_text("{")
    assert way_to_park(configuration, POSES["pick"]).duration == bare


def test_an_arm_whose_servos_have_stopped_by_themselves_meanwhile_still_parks(near, disabling):
    near.hold_ups = 1
    assert disabling.begin().result(60.0) == "parked, torque off"
    (refusal,) = near.parked
    assert "the set-point is at" in refusal
    assert near.bench.loop.state.watchdog_trips > 0
    assert near.bench.mode() is Mode.DISABLED


def test_it_does_not_try_for_ever_and_the_arm_holds(near, disabling):
    near.hold_ups = 99
    with pytest.raises(CommandRefused, match="begin within"):
        disabling.begin().result(60.0)
    assert len(near.parked) <= 3
    assert near.bench.mode() is Mode.HOLDING
    assert near.bench.loop.state.torque() == "on"


def test_whoever_asks_meanwhile_does_not_wait_for_the_bus_process(near, disabling):
    """The connection's listener asks, where a fault's policy is to park: it brings the bus process' answers."""
    listener, request = ThreadPoolExecutor(1), near.request

    def answered_by_the_listener(name, **fields):
        if name == "park":
            assert listener.submit(disabling.begin).result(10.0) is present
        request(name, **fields)

    near.request = answered_by_the_listener
    present = disabling.begin()
    assert present.result(60.0) == "parked, torque off"
    listener.shutdown()


def test_an_error_of_the_program_is_told_to_who_waits(near, disabling, monkeypatch, capsys):
    monkeypatch.setattr(disabling_module, "way_to_park", lambda *_: 1 / 0)
    with pytest.raises(InternalError, match="division by zero"):
        disabling.begin().result(60.0)
    assert "ZeroDivisionError" in capsys.readouterr().err
    assert near.bench.loop.state.torque() == "on"


def test_in_a_paused_simulation_it_gives_up_and_the_arm_does_not_move_when_time_passes_again(near, disabling):
    near.pauses = True
    with pytest.raises(CommandRefused, match="parking was interrupted: time stands"):
        disabling.begin().result(60.0)
    assert near.bench.mode() is Mode.HOLDING
    before = near.bench.positions()
    near.bench.run(1.0)
    assert near.bench.mode() is Mode.HOLDING
    assert max(abs(near.bench.positions()[joint] - before[joint]) for joint in ARM_JOINTS) < 0.01


def test_a_disable_that_is_interrupted_on_the_way_is_not_told_as_refused(near, disabling):
    asked, request = [], near.request

    def then_stop(name, **fields):
        request(name, **fields)
        if name == "park":
            near.bench.loop.protective_stop(True, near.bench.now)
            asked.append(name)

    near.request = then_stop
    with pytest.raises(ParkingInterrupted) as told:
        disabling.begin().result(60.0)
    release = "run armature release"
    assert str(told.value) == f"parking was interrupted: protective stop; {release}; torque stays on"
    assert asked == ["park"]


def test_what_stands_in_the_way_is_told_at_once(near, disabling, monkeypatch):
    asked = []

    def refused(*_):
        asked.append(1)
        raise CommandRefused("disable", "hand would meet floor at 50% of the way", "move the arm")

    monkeypatch.setattr("armature.nodes.servo_interface.disabling.way_to_park", refused)
    with pytest.raises(CommandRefused, match="disable refused: hand would meet floor"):
        disabling.begin().result(60.0)
    assert len(asked) == 1


# With a fault


@pytest.mark.parametrize(
    "fault",
    [
        catalogue.VoltageDip("shoulder", voltage=9.0),
        catalogue.Overheat("elbow", temperature=76.0),
        catalogue.Push("waist", torque=6.0),
    ],
    ids=["input_voltage", "temperature", "following_error"],
)
def test_an_arm_at_fault_that_can_still_turn_parks_when_asked(near, disabling, fault):
    bench = near.bench
    bench.faults.inject(fault)
    bench.run_until(lambda: bench.mode() is Mode.FAULT)
    bench.run(1.0)
    if not isinstance(fault, catalogue.Overheat):
        bench.faults.clear(None)
    assert bench.loop.state.faults
    assert disabling.begin().result(60.0) == "parked, torque off"
    assert bench.loop.state.torque() == "off"
    parked = bench.positions()
    assert max(abs(parked[joint] - POSES["park"][joint]) for joint in ARM_JOINTS) < NEAR


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (catalogue.Overload("elbow"), "elbow: overload"),
        (catalogue.Silence("elbow"), "elbow: missing"),
        (catalogue.EncoderError("elbow"), "elbow: encoder"),
    ],
)
def test_an_arm_that_cannot_be_trusted_to_park_holds_and_says_why(near, disabling, fault, why):
    bench = near.bench
    bench.faults.inject(fault)
    bench.run_until(lambda: bench.mode() is Mode.FAULT)
    with pytest.raises(CommandRefused, match=why):
        disabling.begin().result(60.0)
    assert bench.loop.state.torque() in ("on", "partial")


def test_an_arm_at_fault_holds_when_its_process_ends(near, disabling):
    bench = near.bench
    bench.faults.inject(catalogue.Overheat("elbow", temperature=76.0))
    bench.run_until(lambda: bench.mode() is Mode.FAULT)
    with pytest.raises(CommandRefused, match=r"the state is FAULT \(elbow: temperature: .*torque stays on"):
        disabling.begin(is_leaving=True).result(60.0)
    assert bench.loop.state.torque() == "on"


def test_an_arm_at_fault_without_torque_is_disabled_already(near, disabling):
    bench = near.bench
    bench.faults.inject(catalogue.Overheat("elbow", temperature=76.0))
    bench.run_until(lambda: bench.mode() is Mode.FAULT)
    bench.loop.torque_off(bench.now)
    bench.run(0.5)
    assert disabling.begin().result(60.0) == "torque is off already"
