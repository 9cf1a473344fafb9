"""Chaos by chance: whatever has struck the graph, it serves again by what it says itself, and nothing jumped."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from random import randrange
from types import SimpleNamespace

import numpy as np
import pytest

from armature.core.model.urdf import read_urdf

from ..lateness import lateness_since, waited
from .follower import Follower, Observed, names_a_step
from .running import ROOT
from .trouble import JOINTS, Trouble, are_all_up, left_behind

pytestmark = [
    pytest.mark.process,
    pytest.mark.real_time,
]
SHORT, WHOLE = 30.0, 300.0  # [s]
SEED = 10  # of the short run
REQUESTS = 6  # within which the arm must be enabled again
GOALS = 2
# A busy machine answers late; servos whose answers are late for so long count as missing, which ends a motion.
PARAMETERS = "/**/servo_interface: {ros__parameters: {latency: 0.03, max_missed_reads: 10}}"
LATE = 0.1  # [s]
SETTLED = 0.5  # before a goal [s]
TICK = dict.fromkeys(JOINTS, 2.0 * np.pi / 4096) | {"gripper": 2.0 * np.pi / 4096 / 83.3333}
PERIOD = 0.01  # [s]
LONGEST_CYCLE = 0.03  # on a machine that is late [s]
BEFORE, AFTER = 0.3, 0.6  # torque is read in its turn [s]


@pytest.fixture
def seed(soak):
    chosen = os.environ.get("ARMATURE_CHAOS_SEED")
    seed = int(chosen) if chosen else randrange(10**6) if soak.is_whole else SEED
    sys.stderr.write(f"ARMATURE_CHAOS_SEED={seed}\n")  # shown where the test fails
    return seed


@pytest.mark.soak
def test_after_chaos_it_serves_again_by_what_it_says_and_nothing_has_jumped(
    tmp_path, monkeypatch, nothing_left, soak, seed, lateness
):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    parameters = tmp_path / "parameters.yaml"
    parameters.write_text(PARAMETERS, "utf-8")
    with Observed(tmp_path, "--params-file", str(parameters)) as graph:
        runtime = tmp_path / "default"
        graph.enable()
        client = Follower(graph, seed)
        trouble = Trouble(runtime, int(graph.url.rstrip("/").rpartition(":")[2]), seed)
        try:
            with trouble:
                client.meddle(time.monotonic() + (WHOLE if soak.is_whole else SHORT))
        finally:
            tell(trouble, client)
        graph.wait_for(lambda: are_all_up(runtime), 90.0)
        asked = be_enabled(graph, client)
        assert len(asked) <= REQUESTS, asked
        failures = goals_that_failed(graph, client, lateness)
        nameless = [refusal for refusal in client.refusals if not names_a_step(refusal[1])]
        assert (failures, nameless, find_jumps(graph, lateness)) == ([], [], [])
        be_enabled(graph, client)
        begin = time.monotonic()
        assert graph.interrupt() == 0 or lateness_since(lateness, begin) >= LATE, graph.said()
    assert left_behind(tmp_path) == []


def tell(trouble: Trouble, client: Follower) -> None:
    """What happened, in its order; shown where the test fails."""
    answers = [
        (at, f"    {what}: {'done' if ok else 'not done'}: {words}") for at, what, ok, words in client.answers
    ]
    for at, what in sorted([*trouble.done, *answers]):
        sys.stderr.write(f"{at:.2f} {what}\n")


def be_enabled(graph: Observed, client: Follower) -> list[str]:
    """Do what the state names until the arm stays enabled; returns what was asked for."""
    asked: list[str] = []
    end = time.monotonic() + 90.0
    while True:
        graph.wait_for(lambda: graph.state() not in ("", "STARTING", "PARKING", "DISCONNECTED"), 60.0)
        graph.pause(1.0)
        if graph.state() == "ENABLED":
            return asked
        assert time.monotonic() < end, f"asked {asked}; {graph.states[-1]}"
        sys.stderr.write(f"{time.monotonic():.2f} {graph.states[-1]}\n")
        require_agreement(graph, client)
        asked += filter(None, [client.follow()])
        graph.pause(0.5)


def require_agreement(graph: Observed, client: Follower) -> None:
    """A goal is refused with the way out that the state tells."""
    told = graph.told()
    client.goal()
    words = client.answers[-1][3]
    if graph.told() is told and graph.state() in ("FAULT", "DISABLED", "HOLDING") and "refused" in words:
        assert told["remedy"] in words


def goals_that_failed(graph: Observed, client: Follower, late: Path) -> list[str]:
    """Of some goals those that did not succeed, though the machine was in time."""
    failed = []
    for _ in range(GOALS):
        be_enabled(graph, client)
        begin, before = time.monotonic(), waited(left_behind(graph.runtime))
        graph.pause(SETTLED)
        if client.goal():
            continue
        lateness, after = lateness_since(late, begin), waited(before)
        waiting = max((after[pid] - before[pid] for pid in after), default=0.0)
        told = f"{client.answers[-1][3]}; lateness {lateness:.3f} s, waited {waiting:.3f} s"
        sys.stderr.write(f"{told}\n")
        failed += [told] if max(waiting, lateness) < LATE else []
    return failed


def find_jumps(graph: Observed, late: Path) -> list[str]:
    """Steps of joints with torque that are longer than velocity limit x time between."""
    model = read_urdf((ROOT / "urdf" / "armature6.urdf").read_text("utf-8"))
    fastest = {joint: model.limit(joint).velocity for joint in JOINTS}
    torques, offset = sorted(graph.torques), time.monotonic() - time.time()
    stamps = np.array([stamp for stamp, _ in torques])
    found, last = [], {}
    for stamp, positions in sorted(graph.places, key=lambda item: item[0]):
        for joint, place in positions.items():
            before, last[joint] = last.get(joint, (stamp, place)), (stamp, place)
            # The stamp is that of the cycle's begin; within the cycle a place is read at any time.
            step, seconds = abs(place - before[1]), stamp - before[0] + PERIOD
            if step <= fastest[joint] * seconds + 2.0 * TICK[joint]:
                continue
            first, end = np.searchsorted(stamps, [before[0] - BEFORE, stamp + AFTER])
            if not (first < end and all(joint in on for _, on in torques[first:end])):
                continue  # it may have been limp
            delay = min(LONGEST_CYCLE, lateness_since(late, stamp + offset - 0.3, stamp + offset + 0.3))
            if step > fastest[joint] * (seconds + delay) + 2.0 * TICK[joint]:
                found.append(f"{joint} at {stamp + offset:.3f}: {step:.4f} in {seconds:.4f} s")
    return found


# What the test itself would find


@pytest.mark.parametrize(
    ("step", "is_limp", "is_found"), [(0.05, False, True), (0.05, True, False), (0.02, False, False)]
)
def test_a_jump_of_a_joint_with_torque_is_found(tmp_path, step, is_limp, is_found):
    (tmp_path / "lateness").touch()
    places = [(0.01 * cycle, {"waist": step * (cycle > 50)}) for cycle in range(100)]
    torques = [(0.1 * number, frozenset(() if is_limp and number == 5 else JOINTS)) for number in range(20)]
    graph = SimpleNamespace(places=places, torques=torques)
    assert bool(find_jumps(graph, tmp_path / "lateness")) == is_found


@pytest.mark.parametrize(
    ("words", "is_named"),
    [
        ("enable refused: the state is FAULT; run armature clear", True),
        ("start refused: it is being recorded; stop it first", True),
        ("enable refused: the state is FAULT; ", False),
        ("no answer to write from id 3", False),
        ("enable refused; unknown", False),
        ("", False),
    ],
)
def test_a_refusal_without_a_step_is_found(words, is_named):
    assert names_a_step(words) == is_named
