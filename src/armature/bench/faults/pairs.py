"""The fault matrix in pairs: two causes within 2 s, or one and the end or stall of a process, on virtual time.

Afterwards the arm must take commands again by what its own messages say, and nothing may have jumped or dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from itertools import product
from random import Random
from string import ascii_lowercase
from typing import Any, ClassVar, TextIO

from armature.bench.faults.cases import Case, cases
from armature.bench.faults.matrix import DROP_ALLOWED, STEP_ALLOWED
from armature.bench.faults.processes import STRIKES, Processes
from armature.bench.faults.recovery import Follower, Recovery
from armature.bench.faults.situations import Situation, idle, jogging, moving, parking
from armature.bench.faults.watch import Watch
from armature.bench.simulation.virtual import Bench
from armature.dynamixel.faults.policy import FaultPolicy
from armature.dynamixel.status.cause import Cause
from armature.dynamixel.tables.roles import Role
from armature.errors import BusError, CommandRefused

STEPS_ALLOWED = 3
# By a word of the failure, the gravest first.
_LETTERS = {
    "dead end": "X",
    "names no step": "X",
    "without a step": "X",
    "step [": "S",
    "drop [": "D",
    "recovery [": "R",
}
_SYMBOLS = ". ok, X a dead end or no step named, S step, D drop, R moved by the recovery, N too many steps"
_WITHIN = 2.0  # [s]
_REST = 1.0  # how long what follows is watched before somebody comes [s]
_OTHER_JOINT, _OTHER_STILL = "shoulder", "wrist_roll"
_SITUATIONS: Mapping[str, Situation] = {"idle": idle, "moving": moving, "jogging": jogging, "parking": parking}
_HOT = (Cause.OVERHEATING, Cause.TEMPERATURE)
_FIRST = {str(case.cause): case for case in cases()}
_SAME = _FIRST  # the second cause strikes the same joint,
_OTHER = {str(case.cause): case for case in cases(_OTHER_JOINT, _OTHER_STILL)}  # or another one
SECONDS = (*_FIRST, *STRIKES)
CELLS = tuple(product(_FIRST, SECONDS))


@dataclass(frozen=True)
class Cell:
    """What two causes came to."""

    first: str
    second: str
    situation: str
    delay: float  # of the second [s]
    where: str  # the joint of the second; empty for a process
    step: float  # the most that a joint with torque got farther from its goal than before [deg]
    drop: float  # the most that the tool sank below what was commanded [mm]
    is_cut: bool  # whether a servo itself cut its torque, or a force shoved a joint
    jolts: bool  # whether a force shoves a limp joint, by which its neighbours are jolted off their goals
    recovery: Recovery

    @property
    def failures(self) -> list[str]:
        """What is beyond its bound, in words."""
        found = list(self.recovery.trouble)
        if not (self.jolts or self.step <= STEP_ALLOWED):
            found.append(f"step [deg] {self.step:.2f} > {STEP_ALLOWED:g}")
        if not (self.is_cut or self.drop <= DROP_ALLOWED):
            found.append(f"drop [mm] {self.drop:.1f} > {DROP_ALLOWED:g}")
        if not self.recovery.moved <= STEP_ALLOWED:
            found.append(f"recovery [deg] {self.recovery.moved:.2f} > {STEP_ALLOWED:g}")
        if self.recovery.counted > STEPS_ALLOWED:
            found.append(f"{self.recovery.counted} steps > {STEPS_ALLOWED}: {', '.join(self.recovery.asked)}")
        return found

    @property
    def symbol(self) -> str:
        """The cell in one letter."""
        for word, letter in _LETTERS.items():
            if any(word in failure for failure in self.failures):
                return letter
        return "N" if self.failures else "."

    def __str__(self) -> str:
        of = f" of {self.where}" if self.where else ""
        begun = f"{self.first}, {self.delay:.2f} s later {self.second}{of}, while {self.situation}"
        return f"{begun}: {'; '.join(self.failures) or 'ok'}; asked: {', '.join(self.recovery.asked)}"


def sample(share: float, seed: int) -> list[tuple[str, str]]:
    """Some of all cells, chosen by a seed."""
    return Random(seed).sample(CELLS, round(share * len(CELLS)))


def measure(cells: Iterable[tuple[str, str]] = CELLS, seed: int = 0) -> Iterator[Cell]:
    """Cells one by one; what else is random in each follows from the seed and its own names."""
    for first, second in cells:
        yield _measure(first, second, Random(f"{seed} {first} {second}"))


def _measure(first: str, second: str, random: Random) -> Cell:
    situation = random.choice(tuple(_SITUATIONS))
    delay = random.uniform(0.0, _WITHIN)
    one = _FIRST[first]
    others = _OTHER if first == second or random.random() < 0.5 else _SAME
    other = others.get(second)
    pair = [one, other] if other is not None else [one]
    stage = _SITUATIONS[situation](_both(pair))
    bench, processes = stage.bench, Processes(stage)
    watch = Watch(bench, [case.joint for case in pair if case.shoves], is_still=situation == "idle")
    watch.learn()
    bench.on_cycle = watch.update
    _strike(bench, one)
    bench.run(delay)
    if other is not None:
        _strike(bench, other)
    else:
        STRIKES[second](processes)
    bench.run(_REST)
    stage.controllers.release()
    bench.on_cycle = lambda: None
    recovery = Follower(bench, lambda: _mend(bench, pair)).follow()
    is_cut = any(case.cuts or case.shoves for case in pair)
    where = other.joint if other is not None else ""
    limp = {case.joint for case in pair if case.cuts}
    jolts = any(case.shoves and case.joint in limp for case in pair)
    return Cell(first, second, situation, delay, where, watch.step, watch.drop, is_cut, jolts, recovery)


def _strike(bench: Bench, case: Case) -> None:
    with suppress(CommandRefused, BusError):  # an arm with a fault may refuse a request
        case.strike(bench)


def _mend(bench: Bench, pair: list[Case]) -> None:
    """Hands see to all that has struck; what is hot is cooled last, since clearing leaves it to cool by itself."""
    for case in sorted(pair, key=lambda case: case.cause in _HOT):
        case.mend(bench)
    for joint in bench.loop.state.axes:
        limit, place = bench.loop.state.limits[joint], bench.positions()[joint]
        if not bench.servo(joint).registers[Role.TORQUE_ENABLE] and not limit.lower <= place <= limit.upper:
            bench.far.plant.place(joint, min(max(place, limit.lower), limit.upper))  # type: ignore[attr-defined]


def _both(pair: list[Case]) -> Case:
    """A case with the settings of both, for the bench."""
    settings: dict[str, Any] = {}
    policy: dict[str, Any] = {}
    for case in pair:
        given = dict(case.settings)
        policy |= _changed(given.pop("policy", FaultPolicy()))
        settings |= {
            name: {**settings.get(name, {}), **v} if isinstance(v, Mapping) else v for name, v in given.items()
        }
    limits = {joint: limit for case in pair for joint, limit in case.limits.items()}
    return replace(pair[0], settings={**settings, "policy": FaultPolicy(**policy)}, limits=limits)


def _changed(policy: FaultPolicy) -> dict[str, Any]:
    default = FaultPolicy()
    return {
        f.name: getattr(policy, f.name)
        for f in fields(policy)
        if getattr(policy, f.name) != getattr(default, f.name)
    }


@dataclass(frozen=True)
class Matrix:
    """All cells, as a person looks over them."""

    HEADER: ClassVar[str] = ""
    cells: tuple[Cell, ...]

    @property
    def failures(self) -> list[str]:
        """The cells that failed, with why."""
        return [str(cell) for cell in self.cells if cell.failures]

    def __str__(self) -> str:
        found = {(cell.first, cell.second): cell.symbol for cell in self.cells}
        letters = dict(zip(SECONDS, ascii_lowercase, strict=False))
        legend = ", ".join(f"{letter} {second}" for second, letter in letters.items())
        head = f"{'first':<17} {' '.join(letters.values())}"
        rows = [
            f"{first:<17} {' '.join(found.get((first, second), ' ') for second in SECONDS)}"
            for first in _FIRST
            if any(key[0] == first for key in found)
        ]
        summary = f"{len(self.cells)} pairs, {len(self.failures)} failed; {_SYMBOLS}"
        return "\n".join([summary, f"second, within {_WITHIN:g} s: {legend}", head, *rows, *self.failures])


def measure_all(progress: TextIO) -> Iterator[Matrix]:
    """All cells as one matrix, measured on request, with progress written meanwhile."""
    yield matrix(progress)


def matrix(progress: TextIO, cells: Sequence[tuple[str, str]] = CELLS, seed: int = 0) -> Matrix:
    """Measure cells, and write the progress.

    Args:
        progress: where the progress is written.
        cells: which.
        seed: of what is random in them.
    """
    found: list[Cell] = []
    for cell in measure(cells, seed):
        found.append(cell)
        failed = sum(bool(cell.failures) for cell in found)
        progress.write(f"\rpairs: {len(found)} of {len(cells)}, {failed} failed")
        progress.flush()
    progress.write("\n")
    return Matrix(tuple(found))
