"""Ten faults in real processes: the emulator on its pseudo-terminal, the bus process that outlives them all."""

from __future__ import annotations

import math
import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from armature.emulator.faults import console
from armature.errors import CommandRefused
from armature.nodes.emulator.console import ask

from ..emulated import JOINTS, Listening, child_config, emulator

pytestmark = [pytest.mark.process, pytest.mark.real_time, pytest.mark.timeout(120)]
HALF_A_DEGREE = math.radians(0.5)
COOL = {"name": "overheat", "temperature": "40"}


@dataclass(frozen=True)
class Live:
    """A fault by the emulator's name, and what becomes of it."""

    fault: str
    cause: str
    values: Mapping[str, str] = field(default_factory=dict)
    mended_by: Mapping[str, str] | None = None  # a fault in its place; None: it is cleared
    refused: str = ""  # what recovery is refused with while it lasts
    relieved_by: str = ""  # the request that has to come before recovery
    recovered_by: str = "clear_faults"
    ends: str = "HOLDING"


CASES = (
    Live("overload", "overload"),
    Live("electrical_shock", "electrical_shock"),
    Live("overheat", "overheating", {"temperature": "85"}, COOL, "elbow: still 85 °C, limit 80 °C"),
    Live("overheat", "temperature", {"temperature": "77"}, COOL, "elbow: still 77 °C, limit 80 °C"),
    Live(
        "voltage_dip",
        "input_voltage",
        {"voltage": "9.0"},
        None,
        "elbow: still 9.0 V, minimum 9.5 V",
        relieved_by="torque_off",
        ends="DISABLED",
    ),
    Live("encoder_error", "encoder", refused="would let it fall", relieved_by="torque_off", ends="DISABLED"),
    Live("silence", "missing", refused="elbow: it does not answer", recovered_by=""),
    Live("reset", "silent_reset"),
    Live("unplug", "disconnected", refused="the state is DISCONNECTED|reconnect the bus", recovered_by=""),
)


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    path = tmp_path_factory.mktemp("emulator") / "bus"
    with emulator(path):
        yield path


@pytest.fixture(scope="module")
def child(port):
    # A busy machine puts processes aside, so the servos' connect_timeout is longer than by default.
    client = Listening(child_config(port, faults={"bus_watchdog.time": 1.0}))
    yield client
    client.end()


@pytest.fixture
def enabled(child, port, wait_until):
    wait_until(lambda: child.mode() in ("DISABLED", "HOLDING"))
    child.client.request("enable", session="s1")
    wait_until(lambda: child.mode() == "ENABLED" and not any(map(math.isnan, positions(child).values())))
    yield child
    ask(port, console.clear(None))


def positions(child: Listening) -> dict[str, float]:
    readings = child.client.readings()
    return dict(zip(JOINTS, (axis.position for axis in readings.joints), strict=True))


def inject(port, values: Mapping[str, str], name: str) -> None:
    joint = None if name == "unplug" else "elbow"
    console.read_reply(ask(port, console.inject(name, joint, dict(values), math.inf)))


def told(child: Listening) -> set[str]:
    return {problem.fault.cause.value for problem in child.status.faults} | {child.status.cause}


@pytest.mark.parametrize("case", CASES, ids=[case.cause for case in CASES])
def test_a_fault_is_told_and_recovers_and_the_other_joints_stay(case, enabled, port, wait_until):
    places = positions(enabled)
    inject(port, case.values, case.fault)
    wait_until(lambda: case.cause in told(enabled))
    assert enabled.status.session == ""
    if case.refused:
        with pytest.raises(CommandRefused, match=case.refused):
            enabled.client.request("clear_faults")
    if case.mended_by is None:
        ask(port, console.clear(None))
    else:
        inject(port, {"temperature": case.mended_by["temperature"]}, case.mended_by["name"])
    for request in filter(None, (case.relieved_by, case.recovered_by)):
        enabled.client.request(request)
    wait_until(lambda: enabled.mode() == case.ends)
    assert enabled.status.torque == ("on" if case.ends == "HOLDING" else "off")
    wait_until(lambda: not any(map(math.isnan, positions(enabled).values())))
    still = set(JOINTS) - {"elbow"}
    assert all(abs(positions(enabled)[joint] - places[joint]) < HALF_A_DEGREE for joint in still)


def test_a_process_that_was_stopped_takes_the_servos_back_that_stopped_meanwhile(enabled, wait_until):
    places = positions(enabled)
    os.kill(enabled.pid, signal.SIGSTOP)
    time.sleep(1.5)  # beyond the servos' connect_timeout: what is awaited is that nothing happens
    os.kill(enabled.pid, signal.SIGCONT)
    wait_until(lambda: enabled.status.cause == "bus_watchdog")
    assert enabled.mode() == "HOLDING"
    assert "elbow stopped" in enabled.status.why or "'elbow'," in enabled.status.why
    assert all(abs(positions(enabled)[joint] - places[joint]) < HALF_A_DEGREE for joint in JOINTS)
