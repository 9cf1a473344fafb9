"""What is unknown of a servo stays unknown until it is there to be read; no table stands in for it."""

from __future__ import annotations

import math

import pytest

from armature.dynamixel.servo.eeprom import UNKNOWN
from armature.dynamixel.status.cause import Cause
from armature.dynamixel.status.states import Mode
from armature.dynamixel.tables.roles import Role
from armature.emulator.faults.catalogue import Drop, Overheat, Reset, Silence, VoltageDip
from armature.errors import BusError, CommandRefused

from ..loop.test_loop_watchdog import heir, pause
from ..protocol.test_multi_bus import TWO
from ..virtual import JOINTS, Bench

HALF_A_DEGREE = math.radians(0.5)
TRIPPED = 0.7  # s without a process, after which every watchdog has tripped


def taken_over(before: Bench, absent: tuple[str, ...] = (), **settings: object) -> Bench:
    """The process of a bench is killed while some servos are silent; another one takes over."""
    for joint in absent:
        before.faults.inject(Silence(joint))
    before.run(0.1)
    before.bus.close()
    pause(before, TRIPPED)
    return heir(before, **settings).start().run(0.3)


def back(bench: Bench) -> Bench:
    """All that was silent answers again."""
    bench.faults.clear()
    return bench.run(1.5)


def watchdogs(bench: Bench) -> set[int]:
    return {servo.registers[Role.BUS_WATCHDOG] for servo in bench.far.servos}


def enable_again(bench: Bench) -> None:
    bench.loop.enable("s2", bench.now)
    bench.run(1.0)
    assert bench.mode() is Mode.ENABLED
    assert watchdogs(bench) == {10}


@pytest.mark.parametrize(
    "absent", [("elbow",), ("shoulder",), ("shoulder", "elbow"), JOINTS[1:]], ids=lambda names: "+".join(names)
)
def test_servos_absent_at_the_start_join_with_their_watchdogs(absent):
    bench = taken_over(Bench("home").enabled().run(0.3), absent)
    assert set(bench.loop.state.faults) == set(absent)
    stopped = bench.positions()
    back(bench)
    assert bench.mode() is Mode.HOLDING
    trips = bench.loop.state.watchdog_trips
    enable_again(bench)
    assert bench.loop.state.watchdog_trips == trips
    assert max(abs(bench.positions()[joint] - stopped[joint]) for joint in JOINTS) < HALF_A_DEGREE


def test_a_bus_absent_at_the_start_joins_with_its_watchdogs():
    before = Bench(wiring=TWO).enabled().run(0.3)
    before.bus.close()
    pause(before, TRIPPED)
    bench = heir(before, wiring=TWO)
    upper = bench.ports["upper"]
    upper.far, upper.unplugged = before.far, True
    bench.start().run(0.3)
    assert {fault.cause for fault in bench.loop.state.faults.values()} == {Cause.DISCONNECTED}
    upper.unplugged = False
    bench.bus.reopen()
    bench.run(1.5)
    assert bench.mode() is Mode.HOLDING
    enable_again(bench)


def test_a_bus_that_stalls_while_the_next_process_starts_is_taken_over():
    before = Bench("home").enabled().run(0.3)
    before.bus.close()
    pause(before, TRIPPED)
    for joint in JOINTS[2:]:
        before.faults.inject(Drop(joint, probability=1.0), seconds=0.3)
    bench = heir(before).start().run(2.0)
    assert bench.mode() is Mode.HOLDING
    enable_again(bench)


def test_a_servo_absent_at_the_start_and_then_limp_is_recovered_by_clear_faults():
    before = Bench("home").enabled().run(0.3)
    bench = taken_over(before, ("elbow",))
    bench.faults.clear()
    bench.faults.inject(Reset("elbow"))
    bench.run(2.0)
    assert bench.loop.state.faults["elbow"].cause is Cause.SILENT_RESET
    bench.loop.clear_faults(bench.now)
    bench.run(1.0)
    assert bench.mode() is Mode.HOLDING
    enable_again(bench)


def test_nothing_is_told_of_a_servo_that_was_never_read():
    bench = taken_over(Bench("home").enabled().run(0.3), ("elbow",))
    axis = bench.loop.state.axes["elbow"]
    assert axis.firmware == 0
    assert math.isnan(axis.protection.temperature)
    assert math.isnan(axis.protection.lowest_voltage)
    assert "elbow" not in bench.loop.state.watchdogs
    assert math.isnan(bench.loop.state.health()["elbow"].seconds_left)


def test_its_own_bounds_count_once_it_is_back():
    before = Bench("home")
    before.servo("elbow").registers[Role.TEMPERATURE_LIMIT] = 60
    before.servo("elbow").registers[Role.MIN_VOLTAGE_LIMIT] = 110
    bench = back(taken_over(before.enabled().run(0.3), ("elbow",)))
    bench.faults.inject(Overheat("elbow", temperature=57.0))
    bench.run(1.0)
    assert "57 °C, the servo's limit is 60 °C" in bench.loop.state.faults["elbow"].detail
    with pytest.raises(CommandRefused, match="still 57 °C, limit 60 °C; let it cool below 53 °C"):
        bench.loop.clear_faults(bench.now)
    bench.faults.clear()
    bench.faults.inject(Overheat("elbow", temperature=30.0))
    bench.faults.inject(VoltageDip("elbow", voltage=10.5))
    bench.run(1.0)
    assert "10.5 V, 11.0 to" in bench.loop.state.faults["elbow"].detail


# Another servo in its place


def replaced(bench: Bench, **registers: int) -> Bench:
    """The elbow's servo is pulled out; another one of its model, set up otherwise, takes its place."""
    bench.faults.inject(Silence("elbow"))
    bench.run(0.2)
    servo = bench.servo("elbow")
    servo.reboot()
    for name, value in registers.items():
        servo.registers[name] = value
    return back(bench)


def recovered(bench: Bench) -> Bench:
    assert bench.loop.state.faults["elbow"].cause is Cause.SILENT_RESET
    bench.loop.clear_faults(bench.now)
    bench.run(1.5)
    assert bench.mode() is Mode.HOLDING
    return bench


def test_one_without_a_bus_watchdog_is_known_as_such():
    bench = replaced(Bench("home").enabled().run(0.3), firmware_version=37)
    recovered(bench).loop.enable("s2", bench.now)
    assert bench.loop.state.watchdogs["elbow"] == "off: firmware 37 is older than 38"
    assert bench.servo("elbow").registers[Role.BUS_WATCHDOG] == 0
    assert bench.run(0.5).mode() is Mode.ENABLED


def test_one_with_a_bus_watchdog_in_the_place_of_one_without_gets_it_enabled():
    old = Bench("home")
    old.servo("elbow").registers[Role.FIRMWARE_VERSION] = 37
    recovered(replaced(old.enabled().run(0.3), firmware_version=48))
    enable_again(old)


def test_one_that_knows_no_fast_sync_read_costs_nobody_an_answer():
    bench = replaced(Bench("home").enabled().run(0.3), firmware_version=44)
    assert bench.loop.state.instruction.startswith("Sync Read (no Fast Sync Read in XM")
    before = bench.bus.statistics().timeouts
    recovered(bench)
    assert bench.bus.statistics().timeouts - before < 60  # while it reboots; it is called meanwhile
    before = bench.bus.statistics().timeouts
    bench.run(0.5)
    assert bench.bus.statistics().timeouts == before


def test_one_with_other_bounds_is_held_to_its_own():
    bench = recovered(replaced(Bench("home").enabled().run(0.3), temperature_limit=60))
    bench.faults.inject(Overheat("elbow", temperature=57.0))
    bench.run(1.0)
    assert "the servo's limit is 60 °C" in bench.loop.state.faults["elbow"].detail


@pytest.mark.parametrize("registers", [{"operating_mode": 1}, {"return_delay": 250}])
def test_one_as_the_factory_delivers_it_is_found_and_left_to_set_up(registers):
    bench = replaced(Bench("home").enabled().run(0.3), **registers)
    bench.loop.clear_faults(bench.now)
    bench.run(1.0)
    assert bench.mode() is Mode.FAULT
    assert "armature setup --apply" in bench.loop.state.why
    (name,), (value,) = registers.keys(), registers.values()
    assert bench.servo("elbow").registers[Role(name)] == value


def test_one_in_the_place_of_another_is_found_while_the_arm_is_limp_too():
    bench = replaced(Bench("park").start().run(0.1), operating_mode=1)
    assert "it is set up otherwise, as another servo in its place: Operating Mode is 1, not 3" in str(
        bench.loop.state.faults["elbow"]
    )
    bench.loop.clear_faults(bench.now)
    assert bench.run(1.0).mode() is Mode.FAULT
    bench.servo("elbow").registers[Role.OPERATING_MODE] = 3
    bench.loop.clear_faults(bench.now)
    assert bench.run(1.0).mode() is Mode.DISABLED


def test_one_that_comes_back_holding_in_another_mode_is_refused_by_name_and_the_loop_goes_on():
    bench = Bench("home").enabled().run(0.3)
    bench.faults.inject(Silence("elbow"))
    bench.run(0.2)
    bench.servo("elbow").registers[Role.OPERATING_MODE] = 4
    back(bench)
    assert "its operating mode is 4 with torque on" in bench.loop.state.faults["elbow"].detail
    assert bench.mode() is Mode.FAULT


def test_one_that_falls_silent_is_unknown_again():
    bench = Bench("home").enabled().run(0.3)
    assert bench.loop.state.axes["elbow"].firmware == 48
    bench.faults.inject(Silence("elbow"))
    bench.run(0.2)
    assert bench.loop.state.axes["elbow"].firmware == 0
    assert back(bench).loop.state.axes["elbow"].firmware == 48


def test_a_watchdog_is_released_also_of_a_servo_that_has_told_nothing_yet():
    bench = Bench("home").enabled()
    axis = bench.loop.state.axes["elbow"]
    axis.protection = UNKNOWN
    bench.loop._servos.watchdogs.disable(axis)
    assert bench.servo("elbow").registers[Role.BUS_WATCHDOG] == 0


def test_a_servo_that_is_called_may_answer_as_late_as_any():
    bench = Bench("home").start()
    bench.bus.send_ping(bench.loop.state.axes["elbow"].wiring.servo_id)
    delays = bench.bus._exchange.return_delays
    assert len(delays) == len(JOINTS) - 1


# Whether it holds


def holding_alone(joint: str = "elbow") -> Bench:
    """All joints are limp but one, whose servo is silent when the next process starts."""
    bench = Bench("home").enabled().run(0.3)
    bench.bus.close()
    for other in JOINTS:
        if other != joint:
            bench.servo(other).registers[Role.TORQUE_ENABLE] = 0
    bench.faults.inject(Silence(joint))
    return heir(bench).start().run(0.3)


def test_one_that_comes_back_holding_is_not_dropped_because_all_the_others_are_limp():
    bench = back(holding_alone())
    assert bench.servo("elbow").registers[Role.TORQUE_ENABLE] == 1
    assert bench.mode() is Mode.FAULT
    assert {fault.cause for fault in bench.loop.state.faults.values()} == {Cause.SILENT_RESET}
    assert "elbow" not in bench.loop.state.faults
    bench.loop.clear_faults(bench.now)
    bench.run(1.0)
    assert bench.mode() is Mode.HOLDING


def test_one_that_comes_back_holding_lets_go_where_torque_off_was_asked_for_meanwhile():
    bench = holding_alone()
    with pytest.raises(BusError):
        bench.loop.torque_off(bench.now)
    back(bench)
    assert bench.servo("elbow").registers[Role.TORQUE_ENABLE] == 0
    assert bench.mode() is Mode.DISABLED
