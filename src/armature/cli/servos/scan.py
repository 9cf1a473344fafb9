"""The command that looks for servos on a bus."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator

from armature.cli.arguments import add_json, add_port
from armature.cli.servos.port import chosen_port
from armature.cli.terminal import say
from armature.dynamixel.protocol.discovery import Survey, survey
from armature.dynamixel.protocol.port import LATENCY
from armature.dynamixel.protocol.serial_port import SerialPort
from armature.dynamixel.tables.registry import baud_rates, require_baud_rate
from armature.errors import PortError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The port and the baud rate."""
    parser.add_argument("--baud", type=int, metavar="RATE", help="[bit/s]; default: all")
    add_port(parser)
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """List the servos that answer, at one baud rate or at all."""
    if options.baud is not None:
        require_baud_rate("--baud", options.baud)
    port = chosen_port(options.port)
    say(f"bus {port}")
    rates = baud_rates() if options.baud is None else (options.baud,)
    surveys = [seen for seen in survey_rates(port, rates) if seen.found or seen.damaged]
    if options.json:
        print(json.dumps([_fields(seen) for seen in surveys]))
    else:
        print("\n".join(line for seen in surveys for line in _lines(seen)) or _nobody(options.baud))
    return 0 if surveys else 1


def _nobody(baud: int | None) -> str:
    power = "check that the servos have power, and their cable"
    if baud is None:
        return f"no servo answers at any rate; {power}"
    return f"no servo answers at {baud} bit/s; {power}, or leave --baud out to try every rate"


def survey_rates(path: str, rates: Iterable[int]) -> Iterator[Survey]:
    """Scan at each baud rate [bit/s] in turn; a rate that the port does not support is skipped.

    Raises:
        PortError: no rate can be used.
    """
    refusal: PortError | None = None
    used = False
    for rate in rates:
        print(f"scanning at {rate} bit/s …", file=sys.stderr, flush=True)
        port = SerialPort(path, rate, LATENCY)
        try:
            port.open()
        except PortError as error:
            refusal = error
            continue
        try:
            used = True
            yield survey(port)
        finally:
            port.close()
    if refusal is not None and not used:
        raise refusal


def _fields(seen: Survey) -> dict[str, object]:
    servos = [
        {"id": s.servo_id, "model": s.model, "firmware": s.firmware, "answers": s.answers} for s in seen.found
    ]
    return {"baud_rate": seen.baud_rate, "servos": servos, "damaged": seen.damaged}


def _lines(seen: Survey) -> Iterator[str]:
    for servo in seen.found:
        twice = "" if servo.answers == 1 else f"  {servo.answers} servos have this id"
        yield f"{seen.baud_rate:>9} bit/s  id {servo.servo_id:<4}{servo.model:<16}firmware {servo.firmware}{twice}"
    if seen.damaged:
        yield f"{seen.baud_rate:>9} bit/s  {seen.damaged} damaged answers"
