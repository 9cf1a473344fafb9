"""What the servos of a bus must fulfil together: their ids, and how long a cycle takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from armature.dynamixel.commissioning.inspection import CheckResult, Verdict, duplicate_id
from armature.dynamixel.protocol.base import Bus
from armature.dynamixel.protocol.discovery import Survey
from armature.dynamixel.protocol.packet import BITS_PER_BYTE
from armature.dynamixel.servo.axis import Axis
from armature.dynamixel.servo.reader import Reader
from armature.dynamixel.servo.registers import Registers
from armature.dynamixel.tables.roles import Role
from armature.dynamixel.wiring.arm import Wiring
from armature.errors import BusError

_CYCLES = 200
_SHARE = 0.8  # of a period that a cycle may take


def check_ids(wiring: Wiring, seen: Survey) -> Iterator[CheckResult]:
    """Check which servos answer against the wiring file."""
    found = {servo.servo_id: servo for servo in seen.found}
    for servo in wiring.all_servos:
        subject = f"id {servo.servo_id} {servo.name}"
        present = found.get(servo.servo_id)
        if present is None:
            remedy = "check its power and cable; armature scan shows ids and baud rates"
            yield CheckResult(subject, Verdict.FAILURE, "it does not answer", remedy)
        elif present.model_number != servo.model.number:
            detail = f"it is {present.model}, the wiring file says {servo.model.name}"
            yield CheckResult(subject, Verdict.FAILURE, detail, "correct the wiring file, or exchange the servo")
    for unknown in (servo for servo in seen.found if servo.servo_id not in wiring.ids):
        detail = f"{unknown.model}, which the wiring file does not name"
        yield CheckResult(f"id {unknown.servo_id}", Verdict.WARNING, detail, "take it off the bus, or add it")
    yield from _check_duplicates(seen)


def _check_duplicates(seen: Survey) -> Iterator[CheckResult]:
    ids = [servo.servo_id for servo in seen.found]
    for servo_id in sorted(
        {i for i in ids if ids.count(i) > 1} | {s.servo_id for s in seen.found if s.answers > 1}
    ):
        yield duplicate_id(f"id {servo_id}", "several servos answer a ping")
    if seen.damaged:
        detail = f"{seen.damaged} damaged answers to a broadcast ping"
        yield CheckResult(
            "bus", Verdict.WARNING, detail, "two servos may share an id; else check cable and ground"
        )


def check_cycle_time(bus: Bus, wiring: Wiring, rate: float, now: Callable[[], float]) -> CheckResult:
    """Check how long a cycle takes at the requested rate; goals count by their time on the wire.

    Args:
        bus: open.
        wiring: the servos, all on this bus.
        rate: requested [Hz].
        now: monotonic time [s].

    Raises:
        PortError: the port is gone.
    """
    axes = {servo.name: Axis(servo) for servo in wiring.all_servos}
    reader = Reader(bus, axes, _CYCLES)
    try:
        reader.read_all(now())
        registers = Registers(bus)
        delayed = sum(registers.measure(axis, Role.RETURN_DELAY) > 0.0 for axis in axes.values())
    except BusError as error:
        return CheckResult("cycle", Verdict.FAILURE, str(error), "see the servos above")
    durations = sorted(_duration(reader, now) for _ in range(_CYCLES))
    [baud_rate] = wiring.buses.values()
    goals = (14 + 5 * len(axes)) * BITS_PER_BYTE / baud_rate  # Protocol 2.0 manual, "Sync Write"
    shortest, usual, longest = (1000.0 * (durations[int(share * _CYCLES)] + goals) for share in (0.02, 0.5, 0.99))
    detail = (
        f"{usual:.2f} ms, p99 {longest:.2f} ms, by {reader.instruction}; {1000.0 / rate:.1f} ms at {rate:g} Hz"
    )
    if longest <= _SHARE * 1000.0 / rate:
        return CheckResult("cycle", Verdict.OK, detail)
    if delayed:
        remedy = "armature setup --apply sets their return delay to 0; then check again"
        return CheckResult("cycle", Verdict.WARNING, f"{detail}; {delayed} servos delay their answers", remedy)
    if shortest <= _SHARE * 1000.0 / rate:  # which bus and servos need; what is longer is the computer's
        remedy = "end what else runs, or prepare the computer: docs/howto/computer.md"
        return CheckResult("cycle", Verdict.WARNING, f"{detail}; the computer was busy", remedy)
    verdict = Verdict.WARNING if shortest <= 1000.0 / rate else Verdict.FAILURE
    return CheckResult("cycle", verdict, detail, "ask for a lower rate, or raise the baud rate of bus and servos")


def _duration(reader: Reader, now: Callable[[], float]) -> float:
    begun = now()
    reader.read_states(begun)
    reader.read_slow_values(begun)
    return now() - begun
