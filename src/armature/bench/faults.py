"""The fault matrix: every cause in every situation, on virtual time; reaction, jump, drop, report and recovery."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from armature.bench.fault_cases import CASES, Case, start
from armature.bench.fault_situations import SITUATIONS, FaultBench
from armature.bench.virtual import ARM, JOINTS, PERIOD
from armature.core.kinematics import forward
from armature.dynamixel.cause import Cause
from armature.dynamixel.mode import Mode
from armature.errors import CommandRefused

STEP_ALLOWED = 0.5  # [deg]
DROP_ALLOWED = 5.0  # [mm]
BRAKING_ALLOWED = 1.02  # of the limit of acceleration
_TOOL = "tool0"
_REST = 0.4  # how long the arm is watched after the reaction, and after the recovery [s]
_STILL = 0.02  # [rad/s]
_PATIENCE = 4.0  # [s]
_LOOK_AT_TOOL = 5  # cycles


@dataclass(frozen=True)
class Row:
    """What one fault in one situation came to."""

    cause: Cause
    situation: str
    reaction: float  # from the strike until it was reported [s]
    step: float  # the most that a joint with torque got farther from its goal than before [deg]
    drop: float  # the most that the tool sank below what was commanded, more than before [mm]
    braking: float  # acceleration of the set-points, as a share of its limit
    reported: str
    refused: str  # why recovery was refused while the cause was there; empty where it was not asked
    recovery: float  # the most that a joint moved by the recovery, beyond its sag [deg]
    ended: str  # the state after arming again
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
        return found + ([] if self.ended == Mode.ARMED.name else [f"ended {self.ended}"])

    def __str__(self) -> str:
        drop = f"{self.drop:.1f}{'*' if self.is_cut else ' '}"
        figures = (
            f"{1000 * self.reaction:>9.0f}{self.step:>9.2f}{drop:>9}{self.braking:>9.2f}{self.recovery:>9.2f}"
        )
        verdict = "; ".join(self.failures) or "ok"
        return f"{self.cause!s:<17}{self.situation:<9}{figures}  {verdict:<4} {self.reported}"


HEADER = (
    f"{'cause':<17}{'while':<9}{'react ms':>9}{'step °':>9}{'drop mm':>9}{'braking':>9}{'recov. °':>9}  reported\n"
    "braking: of the limit of acceleration; * the servo itself lets go, or a force shoves the joint"
)


class Watch:
    """Measures a bench cycle by cycle."""

    def __init__(self, bench: FaultBench, ignored: Iterable[str], *, is_still: bool) -> None:
        """Args: the bench, joints that are not held to their goals, and whether nothing should move at all."""
        self.step = self.drop = self.braking = 0.0
        self._bench = bench
        self._ignored = set(ignored)
        self._places = bench.positions() if is_still else {}
        self._height = _height(bench.positions())
        self._usual: dict[str, float] = {}
        self._usual_drop = -math.inf
        self._velocities: dict[str, float] = {}
        self._cycles = 0
        self._is_learning = True

    def learn(self) -> None:
        """How far the joints are from their goals before anything is wrong."""
        self._is_learning = True
        self.look()
        self._is_learning = False

    def look(self) -> None:
        """Take the cycle that has just ended."""
        self._cycles += 1
        goals, places = self._goals(), self._bench.positions()
        for joint in JOINTS[:-1]:  # the gripper's finger carries nothing
            self._see_joint(joint, abs(places[joint] - goals[joint]))
            self._see_place(joint, places[joint])
        if self._cycles % _LOOK_AT_TOOL == 0 or self._is_learning:
            self._see_tool(_height(goals), _height(places))
        self._see_braking()

    def _goals(self) -> dict[str, float]:
        servos = {joint: self._bench.servo(joint) for joint in JOINTS}
        wirings = {joint: axis.wiring for joint, axis in self._bench.loop.axes.items()}
        return {joint: wirings[joint].to_position(servos[joint].registers["Goal Position"]) for joint in JOINTS}

    def _see_joint(self, joint: str, error: float) -> None:
        if self._is_learning:
            self._usual[joint] = max(error, self._usual.get(joint, 0.0))
        elif self._is_held(joint):
            self.step = max(self.step, math.degrees(error - self._usual[joint]))

    def _see_place(self, joint: str, place: float) -> None:
        if joint in self._places and self._is_held(joint):
            self.step = max(self.step, math.degrees(abs(place - self._places[joint])))

    def _is_held(self, joint: str) -> bool:
        return bool(self._bench.servo(joint).registers["Torque Enable"]) and joint not in self._ignored

    def _see_tool(self, commanded: float, height: float) -> None:
        sag = commanded - height
        if self._is_learning:
            self._usual_drop = max(sag, self._usual_drop)
            return
        fall = self._height - height if self._places else 0.0
        self.drop = max(self.drop, 1000.0 * (sag - self._usual_drop), 1000.0 * fall)

    def _see_braking(self) -> None:
        setpoints = self._bench.loop.setpoints(self._bench.cycle_at)
        velocities = {joint: setpoint.velocity for joint, setpoint in setpoints.items()}
        for joint, velocity in velocities.items() if self._bench.bus.is_open else ():
            before = self._velocities.get(joint, velocity)
            rate = abs(velocity - before) / PERIOD / self._bench.dynamics[joint].acceleration
            if not self._is_learning and joint not in self._ignored:
                self.braking = max(self.braking, rate)
        self._velocities = velocities


def _height(places: Mapping[str, float]) -> float:
    """Of the tool in the base [m]."""
    return forward(ARM, places, _TOOL).translation[2]


def measure(cases: Iterable[Case] = CASES, situations: Iterable[str] = tuple(SITUATIONS)) -> Iterator[Row]:
    """Each case in each situation."""
    for case in cases:
        for situation in situations:
            yield _measure(case, situation)


def _measure(case: Case, situation: str) -> Row:
    bench = SITUATIONS[situation](case)
    watch = Watch(bench, [case.joint] if case.shoves else [], is_still=situation in ("idle", "starting"))
    watch.learn()
    bench.look = watch.look
    struck = bench.now
    _strike(bench, case, is_starting=situation == "starting")
    reaction = _await_report(bench, case.cause) - struck
    reported = _reported(bench, case.cause)
    bench.run(_REST)
    refused = _refusal(bench) if case.refuses else ""
    case.mend(bench)
    bench.jogger = None
    _await_rest(bench)
    bench.look = lambda: None
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
        ended=_armed_again(bench).name,
        is_cut=case.cuts or case.shoves,
        within=case.within,
    )


def _strike(bench: FaultBench, case: Case, *, is_starting: bool) -> None:
    if is_starting and case.asks:
        start(bench)
        case.strike(bench)
        return
    case.strike(bench)
    if is_starting:
        start(bench)


def _await_report(bench: FaultBench, cause: Cause) -> float:
    """When the cause was reported [s]; NaN if it never was."""
    give_up = bench.now + _PATIENCE
    while bench.now < give_up:
        bench.cycle()
        if _reported(bench, cause):
            return bench.now
    return math.nan


def _reported(bench: FaultBench, cause: Cause) -> str:
    """The state with what is said of a cause; empty where nothing is."""
    mode, loop = bench.mode().name, bench.loop
    for fault in loop.faults.values():
        if fault.cause is cause:
            return f"{mode}: {fault}"
    return f"{mode}: {loop.why}" if loop.cause is cause else ""


def _refusal(bench: FaultBench) -> str:
    try:
        return f"not refused: {bench.loop.clear_faults(bench.now)}"
    except CommandRefused as error:
        return str(error)


def _recover(bench: FaultBench, case: Case) -> float:
    """Recover, and see how far a joint got by that, beyond its sag [deg]."""
    begin = bench.positions()
    farthest = dict.fromkeys(JOINTS, 0.0)

    def look() -> None:
        for joint, place in bench.positions().items():
            farthest[joint] = max(farthest[joint], abs(place - begin[joint]))

    bench.look = look
    case.recovers(bench)
    give_up = bench.now + 2.0 * _PATIENCE
    while bench.mode() not in (Mode.HOLDING, Mode.DISARMED, Mode.ARMED) and bench.now < give_up:
        bench.cycle()
    bench.run(_REST)
    return math.degrees(max(0.0, *(farthest[joint] - _sag(bench, joint) for joint in JOINTS[:-1])))


def _await_rest(bench: FaultBench) -> None:
    give_up = bench.now + _PATIENCE
    bench.cycle()
    while bench.now < give_up and max(map(abs, bench.far.plant.velocities)) > _STILL:
        bench.cycle()


def _sag(bench: FaultBench, joint: str) -> float:
    """How far a joint with torque hangs under its goal [rad]."""
    servo = bench.servo(joint)
    if not servo.registers["Torque Enable"]:
        return 0.0
    goal = bench.loop.axes[joint].wiring.to_position(servo.registers["Goal Position"])
    return abs(goal - bench.positions()[joint])


def _armed_again(bench: FaultBench) -> Mode:
    try:
        bench.loop.arm("s2", bench.now)
    except CommandRefused:
        return bench.mode()
    bench.run(0.1)
    return bench.mode()
