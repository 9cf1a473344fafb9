"""The fault matrix: every cause in every situation, on virtual time; reaction, jump, drop, report and recovery."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from armature.bench.faults.cases import CASES, Case, start
from armature.bench.faults.situations import SITUATIONS
from armature.bench.faults.watch import Watch
from armature.bench.simulation.virtual import JOINTS, Bench
from armature.dynamixel.status.cause import Cause
from armature.dynamixel.status.states import Mode
from armature.dynamixel.tables.roles import Role
from armature.errors import CommandRefused

STEP_ALLOWED = 0.5  # [deg]
DROP_ALLOWED = 5.0  # [mm]
BRAKING_ALLOWED = 1.02  # of the limit of acceleration
_REST = 0.4  # how long the arm is watched after the reaction, and after the recovery [s]
_STILL = 0.02  # [rad/s]
_PATIENCE = 4.0  # [s]


@dataclass(frozen=True)
class Row:
    """What one fault in one situation came to."""

    HEADER: ClassVar[str] = (
        f"{'cause':<17}{'while':<9}{'react ms':>9}{'step °':>9}{'drop mm':>9}{'braking':>9}"
        f"{'recov. °':>9}  reported\n"
        "braking: of the limit of acceleration; * the servo itself lets go, or a force shoves the joint"
    )

    cause: Cause
    situation: str
    reaction: float  # from the strike until it was reported [s]
    step: float  # the most that a joint with torque got farther from its goal than before [deg]
    drop: float  # the most that the tool sank below what was commanded, more than before [mm]
    braking: float  # acceleration of the set-points, as a share of its limit
    reported: str
    refused: str  # why recovery was refused while the cause was there; empty if recovery was not requested
    recovery: float  # the most that a joint moved by the recovery, beyond its sag [deg]
    ended: str  # the state after enabling again
    is_cut: bool  # whether the servo itself cut its torque, or a force shoved the joint
    within: float  # the bound of the reaction [s]

    @property
    def failures(self) -> list[str]:
        """What is beyond its bound, in words."""
        bounds = [
            ("reaction [s]", self.reaction, self.within),
            ("recovery [deg]", self.recovery, STEP_ALLOWED),
            ("braking", self.braking, BRAKING_ALLOWED),
            ("step [deg]", self.step, STEP_ALLOWED),
            *([] if self.is_cut else [("drop [mm]", self.drop, DROP_ALLOWED)]),
        ]
        found = [f"{name} {value:.2f} > {bound:g}" for name, value, bound in bounds if not value <= bound]
        return found + ([] if self.ended == Mode.ENABLED.name else [f"ended {self.ended}"])

    def __str__(self) -> str:
        drop = f"{self.drop:.1f}{'*' if self.is_cut else ' '}"
        figures = (
            f"{1000 * self.reaction:>9.0f}{self.step:>9.2f}{drop:>9}{self.braking:>9.2f}{self.recovery:>9.2f}"
        )
        verdict = "; ".join(self.failures) or "ok"
        return f"{self.cause!s:<17}{self.situation:<9}{figures}  {verdict:<4} {self.reported}"


def measure(cases: Iterable[Case] = CASES, situations: Iterable[str] = tuple(SITUATIONS)) -> Iterator[Row]:
    """Each case in each situation."""
    for case in cases:
        for situation in situations:
            yield _measure(case, situation)


def _measure(case: Case, situation: str) -> Row:
    stage = SITUATIONS[situation](case)
    bench = stage.bench
    watch = Watch(bench, [case.joint] if case.shoves else [], is_still=situation in ("idle", "starting"))
    watch.learn()
    bench.on_cycle = watch.update
    struck = bench.now
    _strike(bench, case, is_starting=situation == "starting")
    reaction = _await_report(bench, case.cause) - struck
    reported = _reported(bench, case.cause)
    bench.run(_REST)
    refused = _refusal(bench) if case.refuses else ""
    case.mend(bench)
    stage.controllers.release()
    _await_rest(bench)
    bench.on_cycle = lambda: None
    case.relieve(bench)
    _await_rest(bench)
    recovery = _recover(bench, case)
    return Row(
        cause=case.cause,
        situation=situation,
        reaction=reaction,
        step=watch.step,
        drop=watch.drop,
        braking=0.0 if case.stops else watch.braking,
        reported=reported,
        refused=refused,
        recovery=recovery,
        ended=_enabled_again(bench).name,
        is_cut=case.cuts or case.shoves,
        within=case.within + (case.later if situation == "starting" else 0.0),
    )


def _strike(bench: Bench, case: Case, *, is_starting: bool) -> None:
    if is_starting and case.asks:
        start(bench)
        case.strike(bench)
        return
    case.strike(bench)
    if is_starting:
        start(bench)


def _await_report(bench: Bench, cause: Cause) -> float:
    """When the cause was reported [s]; NaN if it never was."""
    give_up = bench.now + _PATIENCE
    while bench.now < give_up:
        bench.cycle()
        if _reported(bench, cause):
            return bench.now
    return math.nan


def _reported(bench: Bench, cause: Cause) -> str:
    """The state with what is said of a cause; empty where nothing is."""
    mode, loop = bench.mode().name, bench.loop
    for fault in loop.state.faults.values():
        if fault.cause is cause:
            return f"{mode}: {fault}"
    return f"{mode}: {loop.state.why}" if loop.state.cause is cause else ""


def _refusal(bench: Bench) -> str:
    try:
        return f"not refused: {bench.loop.clear_faults(bench.now)}"
    except CommandRefused as error:
        return str(error)


def _recover(bench: Bench, case: Case) -> float:
    """Recover, and see how far a joint got by that, beyond its sag [deg]."""
    begin = bench.positions()
    farthest = dict.fromkeys(JOINTS, 0.0)

    def measure() -> None:
        for joint, place in bench.positions().items():
            farthest[joint] = max(farthest[joint], abs(place - begin[joint]))

    bench.on_cycle = measure
    case.recovers(bench)
    give_up = bench.now + 2.0 * _PATIENCE
    while bench.mode() not in (Mode.HOLDING, Mode.DISABLED, Mode.ENABLED) and bench.now < give_up:
        bench.cycle()
    bench.run(_REST)
    return math.degrees(max(0.0, *(farthest[joint] - _sag(bench, joint) for joint in JOINTS[:-1])))


def _await_rest(bench: Bench) -> None:
    give_up = bench.now + _PATIENCE
    bench.cycle()
    while bench.now < give_up and max(map(abs, bench.far.plant.velocities)) > _STILL:
        bench.cycle()


def _sag(bench: Bench, joint: str) -> float:
    """How far a joint with torque hangs under its goal [rad]."""
    servo = bench.servo(joint)
    if not servo.registers[Role.TORQUE_ENABLE]:
        return 0.0
    goal = bench.loop.state.axes[joint].wiring.to_position(servo.registers[Role.GOAL_POSITION])
    return abs(goal - bench.positions()[joint])


def _enabled_again(bench: Bench) -> Mode:
    try:
        bench.loop.enable("s2", bench.now)
    except CommandRefused:
        return bench.mode()
    bench.run(0.1)
    return bench.mode()
