"""Pairs of faults in real processes: the servo interface is followed by what its state names, and no more."""

from __future__ import annotations

import math
import os
import signal
import time
from itertools import product
from random import Random

import pytest

from armature.bench.faults.recovery import take_first_request
from armature.emulator.faults import console
from armature.nodes.common import topics
from armature.nodes.emulator.console import ask

from ..emulated import emulator
from ..servo_graph import ServoGraph

pytestmark = [
    pytest.mark.process,
    pytest.mark.real_time,
    pytest.mark.timeout(180),
    pytest.mark.usefixtures("nothing_left"),
]
FAULTS = {
    "electrical_shock": {},
    "encoder_error": {},
    "overload": {},
    "overheat": {"temperature": "85"},
    "voltage_dip": {"voltage": "9"},
    "silence": {},
    "reset": {},
}
PROCESSES = ("kill bus", "kill ros half", "stall bus", "stall ros half")
SEED, SHARE = 3, 20
PAIRS = Random(SEED).sample([*product(FAULTS, (*FAULTS, *PROCESSES, "protective stop"))], SHARE)
STALL = 0.5  # [s]
STEADY = 100  # cycles


@pytest.fixture
def graph(tmp_path):
    with emulator(tmp_path / "bus", pose="park"):
        graph = ServoGraph(tmp_path / "bus", tmp_path / "log")
        yield enabled(graph.start())
        graph.close()


def enabled(graph):
    graph.until(lambda: graph.state() == "DISABLED")
    assert graph.enable().success
    graph.until(lambda: graph.state() == "ENABLED")
    return graph


def inject(graph, name, joint, seconds=math.inf, **values):
    console.read_reply(ask(graph.port, console.inject(name, joint, values, seconds)))


def strike(graph, what, joint):
    if what in FAULTS:
        inject(graph, what, joint, **FAULTS[what])
    elif what == "protective stop":
        graph.stop()
    elif what == "kill ros half":
        graph.process.kill()
        graph.process.wait()
        graph.states.clear()
        graph.start()
        graph.until(lambda: graph.states)
    else:
        pid = graph.child() if what.endswith("bus") else graph.process.pid
        if what.startswith("kill"):
            os.kill(pid, signal.SIGKILL)
            return
        os.kill(pid, signal.SIGSTOP)
        time.sleep(STALL)  # what it sleeps through is the test
        os.kill(pid, signal.SIGCONT)


def see_to_it(graph):
    """By hand: what has struck is taken away, and what is hot is cooled."""
    ask(graph.port, console.clear(None))
    for joint in ("elbow", "shoulder"):
        inject(graph, "overheat", joint, temperature="40")
    cycles = len(graph.joint_states)
    graph.until(
        lambda: graph.state() == "DISCONNECTED" or len(graph.joint_states) > cycles + 20
    )  # it takes effect


def follow(graph):
    """Do what the state names until the arm takes commands; returns what was asked for."""
    asked = []
    acts = {
        "enable": graph.enable,
        "disable": lambda: graph.enable(False),
        "clear_faults": graph.clear,
        "torque_off": lambda: graph.ask(topics.TORQUE_OFF),
        "release": lambda: graph.stop(False),
        "by_hand": lambda: see_to_it(graph),
        "wait": lambda: None,
    }
    end = time.monotonic() + 60.0
    while not is_steady(graph):
        assert time.monotonic() < end, f"asked {asked}; {graph.states[-1:]}"
        steps = filter(None, graph.values().get("steps", "").split(", "))
        asked += filter(None, [take_first_request(steps, acts)])
        settle(graph)
    return asked


def settle(graph):
    """Let what was asked for happen, and wait out what the state says will pass by itself."""
    cycles = len(graph.joint_states)
    graph.until(lambda: len(graph.joint_states) > cycles + 30 and not waits(graph))


def waits(graph):
    return graph.state() in ("", "DISCONNECTED", "STARTING", "PARKING") or graph.values().get("steps") == "wait"


def is_steady(graph):
    if graph.state() != "ENABLED":
        return False
    cycles = len(graph.joint_states)
    graph.until(lambda: graph.state() != "ENABLED" or len(graph.joint_states) > cycles + STEADY)
    return graph.state() == "ENABLED"


def test_a_servo_that_is_silent_while_the_bus_process_starts_again_is_taken_back(graph):
    inject(graph, "silence", "elbow", seconds=4.0)
    os.kill(graph.child(), signal.SIGKILL)
    graph.until(lambda: "fault.elbow.cause" in graph.values())
    graph.until(lambda: graph.state() == "HOLDING")
    assert follow(graph) == ["enable"]
    told = [status for array in graph.diagnostics for status in array.status if status.name.endswith(": elbow")]
    assert {item.key: item.value for item in told[-1].values}["bus_watchdog"].startswith("enabled")


@pytest.mark.soak
def test_after_any_two_faults_the_arm_is_enabled_again_by_what_its_state_names(graph, soak):
    random = Random(SEED)
    pairs = PAIRS if soak.is_whole else [("encoder_error", "kill bus"), ("voltage_dip", "protective stop")]
    for number, (first, second) in enumerate(pairs):
        strike(graph, first, "elbow")
        time.sleep(random.uniform(0.0, 0.5))  # between the two
        strike(graph, second, random.choice(("elbow", "shoulder")))
        settled = time.monotonic() + 1.0
        graph.until(lambda end=settled: time.monotonic() > end)
        asked = follow(graph)
        assert len([step for step in asked if step != "release"]) <= 3, (first, second, asked)
        see_to_it(graph)
        soak.show(number, len(pairs), "pairs of faults in real processes")
