from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest

from armature.bench.faults.cases import CASES, Case, start
from armature.bench.faults.pairs import CELLS, SECONDS, Cell, Matrix, matrix, measure, sample
from armature.bench.faults.processes import STRIKES, Processes
from armature.bench.faults.recovery import Follower, Recovery
from armature.bench.faults.situations import Stage, idle, moving, starting
from armature.bench.simulation.virtual import Bench
from armature.dynamixel.status.remedy import RecoveryStep, Remedy
from armature.dynamixel.status.states import Mode
from armature.errors import BusError, CommandRefused

SEED = 10
SHARE = 0.05
by_cause = pytest.mark.parametrize("case", CASES, ids=[case.cause.value for case in CASES])


def served(stage: Stage) -> Bench:
    """The arm, whose processes are started again when they have ended."""
    Processes(stage)
    return stage.bench


@pytest.mark.soak
def test_after_any_two_faults_the_arm_is_enabled_again_by_what_it_says_itself(soak):
    cells = CELLS if soak.is_whole else sample(SHARE, SEED)
    failed = []
    for number, cell in enumerate(measure(cells, SEED)):
        failed += [str(cell)] if cell.failures else []
        soak.show(number, len(cells), "pairs of faults")
    assert failed == []


def test_the_matrix_has_every_two_causes_and_every_cause_with_every_process():
    assert len(CELLS) == len(CASES) * (len(CASES) + len(STRIKES)) == 17 * 17 + 17 * 6
    assert len(set(sample(SHARE, SEED))) == 20
    assert sample(SHARE, SEED) == sample(SHARE, SEED) != sample(SHARE, SEED + 1)


# One cause: every message on the way names a step that works


@pytest.mark.parametrize("situation", [moving, starting])
@by_cause
def test_following_what_the_arm_says_leads_out_of_every_cause(case: Case, situation):
    bench = served(situation(case))
    case.strike(bench)
    if situation is starting:
        start(bench)
    bench.run(1.5)
    recovery = Follower(bench, lambda: case.mend(bench)).follow()
    assert recovery.trouble == []
    assert recovery.counted <= 3
    assert bench.mode().takes_commands


REQUESTS = {
    "enable": lambda bench: bench.loop.enable("s2", bench.now),
    "clear_faults": lambda bench: bench.loop.clear_faults(bench.now),
    "reboot": lambda bench: bench.loop.reboot("elbow", bench.now),
    "reboot another": lambda bench: bench.loop.reboot("waist", bench.now),
    "free": lambda bench: bench.loop.guide("wrist_roll", bench.now, begin=True),
}


@by_cause
def test_every_refusal_at_fault_names_a_step(case: Case):
    bench = served(idle(case))
    case.strike(bench)
    bench.run(1.5)
    for request in REQUESTS.values():
        refusal = refused(bench, request)
        assert refusal is None or (isinstance(refusal.remedy, Remedy) and refusal.remedy.steps), str(refusal)


def refused(bench: Bench, request: Callable[[Bench], object]) -> CommandRefused | None:
    try:
        with suppress(BusError):
            request(bench)
    except CommandRefused as error:
        return error
    return None


def test_an_encoder_fault_says_to_support_the_arm_and_what_comes_then():
    (case,) = (case for case in CASES if case.cause.value == "encoder")
    bench = served(idle(case))
    case.strike(bench)
    bench.run(0.3)
    told = "support the arm, then run armature torque-off, then run armature clear"
    with pytest.raises(CommandRefused, match=f"{told}, then run armature enable"):
        bench.loop.clear_faults(bench.now)
    recovery = Follower(bench, lambda: case.mend(bench)).follow()
    assert recovery.asked == [RecoveryStep.TORQUE_OFF, RecoveryStep.CLEAR_FAULTS, RecoveryStep.ENABLE]


# What the bench itself finds


def test_a_message_without_a_step_is_found():
    bench = served(idle(CASES[0]))
    bench.after_cycle.append(lambda: setattr(bench.loop.state, "remedy", lambda now: Remedy("good luck")))
    CASES[0].strike(bench)
    bench.run(0.3)
    recovery = Follower(bench, lambda: None).follow()
    assert "names no step: 'good luck'" in recovery.trouble[0]


def test_a_cause_that_nobody_takes_away_is_a_dead_end():
    bench = served(idle(CASES[0]))
    CASES[0].strike(bench)
    bench.run(0.3)
    recovery = Follower(bench, lambda: None).follow()
    assert recovery.trouble[0].startswith("a dead end: ")


@pytest.mark.parametrize("name", STRIKES)
def test_every_process_may_end_or_stall_and_the_arm_holds(name):
    stage = idle(CASES[0])
    bench = stage.bench
    before = bench.positions()
    STRIKES[name](Processes(stage))
    bench.run(2.0)
    assert bench.mode() in (Mode.HOLDING, Mode.ENABLED)
    assert max(abs(place - before[joint]) for joint, place in bench.positions().items()) < 0.009


def test_a_killed_bus_process_is_followed_by_one_that_knows_nothing():
    stage = idle(CASES[0])
    bench = stage.bench
    loop = bench.loop
    bench.loop.protective_stop(True, bench.now)
    Processes(stage).kill_bus()
    assert bench.mode() is Mode.DISCONNECTED
    bench.run(2.0)
    assert bench.loop is not loop
    assert bench.mode() is Mode.PROTECTIVE_STOP
    assert bench.loop.state.watchdog_trips == 7


WELL = Cell(
    "limit",
    "kill bus",
    "idle",
    0.5,
    "",
    0.4,
    4.0,
    False,
    False,
    Recovery([RecoveryStep.CLEAR_FAULTS, RecoveryStep.ENABLE]),
)


@pytest.mark.parametrize(
    ("change", "symbol", "told"),
    [
        ({}, ".", ": ok; asked: clear_faults, enable"),
        ({"step": 0.51}, "S", "step [deg] 0.51 > 0.5"),
        ({"step": 0.51, "jolts": True}, ".", "ok"),
        ({"drop": 5.1}, "D", "drop [mm] 5.1 > 5"),
        ({"drop": 5.1, "is_cut": True}, ".", "ok"),
        ({"recovery": Recovery(moved=0.6)}, "R", "recovery [deg] 0.60 > 0.5"),
        ({"recovery": Recovery([RecoveryStep.CLEAR_FAULTS] * 3 + [RecoveryStep.ENABLE])}, "N", "4 steps > 3"),
        (
            {
                "recovery": Recovery(
                    [RecoveryStep.RELEASE] + [RecoveryStep.CLEAR_FAULTS] * 2 + [RecoveryStep.ENABLE]
                )
            },
            ".",
            "ok",
        ),
        ({"recovery": Recovery(trouble=["a dead end: enable"])}, "X", "a dead end"),
    ],
)
def test_a_cell_tells_what_is_beyond_its_bound(change, symbol, told):
    cell = replace(WELL, **change)
    assert cell.symbol == symbol
    assert told in str(cell)
    assert bool(cell.failures) == (symbol != ".")


def test_the_matrix_shows_each_cell_at_its_place_and_why_it_failed():
    lines = str(Matrix((WELL, replace(WELL, second="limit", step=0.6)))).splitlines()
    assert lines[0].startswith("2 pairs, 1 failed; ")
    row = next(line for line in lines if line.startswith("limit   "))
    assert row[18 + 2 * SECONDS.index("limit")] == "S"
    assert row[18 + 2 * SECONDS.index("kill bus")] == "."
    assert lines[-1].startswith("limit, 0.50 s later limit, while idle: step [deg] 0.60")


def test_the_progress_is_told():
    told = io.StringIO()
    found = matrix(told, [("missing", "kill controller")], SEED)
    assert found.failures == []
    assert told.getvalue() == "\rpairs: 1 of 1, 0 failed\n"
