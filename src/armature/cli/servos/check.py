"""The pre-flight check: everything that must be right before torque is turned on; nothing moves."""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from armature.cli.arguments import add_json, add_parameters, add_port, add_robot, chosen_robot
from armature.cli.servos.port import chosen_ports
from armature.cli.servos.robot_check import check_robot, check_way, read_policy, servo_parameters
from armature.cli.servos.scan import survey_rates
from armature.cli.servos.start_check import find_unreadable
from armature.cli.servos.wiring import announce
from armature.core.model.arm import ArmModel
from armature.dynamixel.commissioning import bus_inspection, inspection
from armature.dynamixel.commissioning.commissioning import FACTORY_ID, FACTORY_RATE
from armature.dynamixel.commissioning.inspection import CheckResult, Verdict
from armature.dynamixel.protocol.bus import ServoBus
from armature.dynamixel.protocol.discovery import Survey, survey
from armature.dynamixel.protocol.serial_port import SerialPort
from armature.dynamixel.servo.axis import Axis
from armature.dynamixel.servo.registers import Registers
from armature.dynamixel.tables.registry import baud_rates
from armature.dynamixel.tables.roles import Role
from armature.dynamixel.wiring.arm import Wiring
from armature.errors import BusError, PortError
from armature.graph import EMULATED, GAZEBO, allowed_pairs
from armature.nodes.common.device_holder import describe_process, processes_using
from armature.nodes.common.robot_files import read_wired_arm, with_allowed_pairs
from armature.nodes.common.serial_adapter import Adapter, read_adapter, stable_names
from armature.share import share_folder

_RULE = Path("config") / "udev" / "99-armature.rules"
_SHORT_TIMER = 1  # [ms]
_NO_PORT = "no adapter is plugged in; name a device: --port DEV"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which arm, at which port."""
    add_robot(parser)
    add_parameters(parser)
    add_port(parser)
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Check files, port, servos and speed; 1 if something must be corrected first."""
    robot = chosen_robot(options, keeps_refused=True)
    arm, wiring = read_wired_arm("URDF", robot.urdf, robot.wiring_text, str(robot.wiring))
    arm = with_allowed_pairs(arm, allowed_pairs(robot))
    is_readable = not find_unreadable(robot, arm, wiring)  # else `check_robot` tells, and nothing of them is used
    given, paths = (servo_parameters(robot), _ports(options, wiring)) if is_readable else ({}, {})
    announce(options, robot, paths, wiring.buses)
    results = [CheckResult("URDF", Verdict.WARNING, note) for note in arm.notes]
    results += check_robot(robot, arm, wiring)
    is_usable = all(result.verdict is not Verdict.FAILURE for result in results)
    present: dict[str, float] = {}
    for name, path in paths.items():
        results += _check_named_bus(name, path, arm, wiring, given, present)
    if is_usable and present.keys() >= set(wiring.joints):
        results += check_way(robot, arm, given, present)
    if not paths and is_readable:
        results.append(CheckResult("servos", Verdict.WARNING, "not checked: no port was given", _NO_PORT))
    worst = max(result.verdict for result in results)
    if options.json:
        listed = [{**dataclasses.asdict(f), "verdict": f.verdict.name} for f in results]
        print(json.dumps({"verdict": worst.name, "findings": listed}, ensure_ascii=False))
    else:
        print("\n".join(line for result in results for line in _lines(result)))
    return 1 if worst is Verdict.FAILURE else 0


def _ports(options: argparse.Namespace, wiring: Wiring) -> dict[str, str]:
    """The device of each bus; none where there is none to be checked, as without a port and an adapter."""
    is_absent = not options.port and not stable_names()
    return {} if is_absent or options.port in (EMULATED, GAZEBO) else chosen_ports(options.port, wiring.buses)


def _check_named_bus(
    name: str, path: str, arm: ArmModel, wiring: Wiring, given: dict[str, Any], present: dict[str, float]
) -> Iterator[CheckResult]:
    """The results of one bus, with its name if it has one; adds where its joints are."""
    for result in _check_bus(path, arm, wiring.on_bus(name), given, present):
        yield dataclasses.replace(result, subject=f"{name}: {result.subject}") if name else result


def _check_bus(
    path: str, arm: ArmModel, wiring: Wiring, given: dict[str, Any], present: dict[str, float]
) -> Iterator[CheckResult]:
    latency = float(given["latency"])
    of_adapter = list(_check_adapter(path, read_adapter(path), latency))
    [baud_rate] = wiring.buses.values()
    port = SerialPort(path, baud_rate, latency)
    try:
        port.open()
    except PortError as error:
        yield from (result for result in of_adapter if result.verdict is Verdict.FAILURE)
        yield CheckResult("port", Verdict.FAILURE, str(error))
        return
    yield from of_adapter
    try:
        answers = survey(port)
        if answers.found:
            yield CheckResult("baud", Verdict.OK, f"{baud_rate} bit/s")
            bus = ServoBus(port)
            yield from _check_servos(bus, arm, wiring, answers, given)
            present |= _positions(bus, wiring)
    finally:
        port.close()
    if not answers.found:
        yield _search_other_rates(path, baud_rate)
    elif baud_rate != FACTORY_RATE and set(wiring.ids) - {found.servo_id for found in answers.found}:
        yield from _search_new_servo(path)


def _check_adapter(path: str, found: Adapter, latency: float) -> Iterator[CheckResult]:
    what = f"{found.device} ({found.driver})" if found.driver else found.device
    others = [describe_process(pid) for pid in processes_using(path)]
    if others:
        yield CheckResult("port", Verdict.FAILURE, f"{what} is also open in {', '.join(others)}", "end it first")
    else:
        yield CheckResult("port", Verdict.OK, what)
    if found.latency_timer is not None:
        yield _check_latency_timer(found.latency_timer, latency)


def _check_latency_timer(timer: int, latency: float) -> CheckResult:
    rule = share_folder() / _RULE
    detail = f"the adapter's latency timer is {timer} ms"
    if timer > _SHORT_TIMER:
        verdict = Verdict.FAILURE if timer > 1000.0 * latency else Verdict.WARNING
        cure = f"sudo cp {rule} /etc/udev/rules.d/ && sudo udevadm control --reload-rules, then plug it in again"
        return CheckResult("latency", verdict, f"{detail}: each wait for servos takes that long", cure)
    if timer < 1000.0 * latency:
        return CheckResult("latency", Verdict.OK, f"{detail}; parameter latency may be {timer / 1000.0:g}")
    return CheckResult("latency", Verdict.OK, detail)


def _check_servos(
    bus: ServoBus, arm: ArmModel, wiring: Wiring, answers: Survey, given: Mapping[str, Any]
) -> Iterator[CheckResult]:
    policy = read_policy(given)
    found_ids = list(bus_inspection.check_ids(wiring, answers))
    yield from found_ids
    present = {found.servo_id: found for found in answers.found}
    for servo in wiring.all_servos:
        found = present.get(servo.servo_id)
        if found is not None and found.model_number == servo.model.number:
            yield from inspection.check_servo(bus, servo, found, arm.limit(servo.joint), policy)
    if not any(result.verdict is Verdict.FAILURE for result in found_ids):
        yield bus_inspection.check_cycle_time(bus, wiring, float(given["rate"]), time.perf_counter)


def _positions(bus: ServoBus, wiring: Wiring) -> dict[str, float]:
    """Where the joints are whose servos answer [rad] or [m]."""
    registers, found = Registers(bus), {}
    for servo in wiring.servos:
        with suppress(BusError):
            found[servo.joint] = servo.to_position(registers.read(Axis(servo), Role.PRESENT_POSITION))
    return found


def _search_other_rates(path: str, baud_rate: int) -> CheckResult:
    """No servo answers at the configured rate: try the others."""
    rates = [rate for rate in baud_rates() if rate != baud_rate]
    surveys = [each for each in survey_rates(path, rates) if each.found]
    detail = f"no servo answers at the {baud_rate} bit/s of the wiring file"
    if not surveys:
        return CheckResult("baud", Verdict.FAILURE, f"{detail}, nor at any other rate", "check power and cable")
    answering = "; ".join(
        f"id {', '.join(map(str, sorted({s.servo_id for s in h.found})))} at {h.baud_rate} bit/s" for h in surveys
    )
    remedy = "armature setup sets the servos' rate, one at a time; or correct the wiring file's"
    if any(_is_new(each) for each in surveys):
        answering, remedy = f"{answering}, as from the factory", "armature setup sets servos up, one at a time"
    return CheckResult("baud", Verdict.FAILURE, f"{detail}, but {answering}", remedy)


def _search_new_servo(path: str) -> Iterator[CheckResult]:
    """A servo that is missed may be there as the factory has delivered it."""
    for each in survey_rates(path, [FACTORY_RATE]):
        if _is_new(each):
            detail = f"a servo answers at {FACTORY_RATE} bit/s, as from the factory"
            yield CheckResult(
                f"id {FACTORY_ID}", Verdict.FAILURE, detail, "armature setup JOINT makes it that joint's"
            )


def _is_new(seen: Survey) -> bool:
    """Whether servos answer as the factory has delivered them; among others, id 1 may be one that is set up."""
    return seen.baud_rate == FACTORY_RATE and {found.servo_id for found in seen.found} == {FACTORY_ID}


_MARKS = {Verdict.OK: "ok", Verdict.WARNING: "warning", Verdict.FAILURE: "FAILURE"}


def _lines(result: CheckResult) -> Iterator[str]:
    yield f"{result.subject:<20}{_MARKS[result.verdict]:<9}{result.detail}"
    if result.remedy:
        yield f"{'':<29}→ {result.remedy}"
