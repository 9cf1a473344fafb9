"""Recovery by following the arm's own messages, without any other knowledge."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from armature.bench.simulation.virtual import JOINTS, Bench
from armature.dynamixel.status.remedy import NOTHING, RecoveryStep, Remedy
from armature.dynamixel.status.states import Mode
from armature.dynamixel.tables.roles import Role
from armature.errors import BusError, CommandRefused

Name = TypeVar("Name", bound=str)  # of a step
_LONGEST_WAIT = 6.0  # [s]
_TRIES = 10  # requests, and looks at what is said, before it counts as a dead end
_SETTLED = 0.3  # after a step [s]
_STEADY = 1.0  # the arm takes commands for so long [s]
_SLOW = 0.02  # [rad/s]


def take_first_request(steps: Iterable[Name], acts: Mapping[Name, Callable[[], object]]) -> Name | None:
    """Do what a message names, up to its first request.

    Args:
        steps: that it names, in their order.
        acts: how each is done.

    Returns:
        The request; None where the message names none.
    """
    for step in steps:
        acts[step]()
        if step not in (RecoveryStep.BY_HAND, RecoveryStep.WAIT):
            return step
    return None


def requests(bench: Bench) -> dict[RecoveryStep, Callable[[], object]]:
    """How requests are made of an arm on virtual time, by their steps."""
    return {
        RecoveryStep.ENABLE: lambda: bench.loop.enable("s2", bench.now),
        RecoveryStep.CLEAR_FAULTS: lambda: bench.loop.clear_faults(bench.now),
        RecoveryStep.TORQUE_OFF: lambda: bench.loop.torque_off(bench.now),
        RecoveryStep.DISABLE: bench.park,
        RecoveryStep.RELEASE: lambda: bench.loop.protective_stop(False, bench.now),
        RecoveryStep.END_FREE_DRIVE: lambda: bench.loop.guide(
            next(iter(bench.loop.state.free_joints)), bench.now, begin=False
        ),
    }


@dataclass
class Recovery:
    """The recovery, or where it got stuck."""

    asked: list[RecoveryStep] = field(default_factory=list)  # in their order, those that were refused too
    trouble: list[str] = field(default_factory=list)
    moved: float = 0.0  # the most that a step moved a joint that was not to move, beyond its sag [deg]

    @property
    def counted(self) -> int:
        """Requests; the release of a protective stop does not count, since it is no part of the recovery."""
        return sum(step is not RecoveryStep.RELEASE for step in self.asked)


class Follower:
    """Does what the messages say until the arm takes commands."""

    def __init__(self, bench: Bench, by_hand: Callable[[], object]) -> None:
        """Args: the arm, and what hands do about what has struck it."""
        self.recovery = Recovery()
        self._bench = bench
        self._by_hand = by_hand
        self._refused = NOTHING  # the remedy that came with a refusal
        self._requests: dict[RecoveryStep, Callable[[], object]] = {
            **requests(bench),
            RecoveryStep.TORQUE_OFF: self._let_down,
            RecoveryStep.DISABLE: self._park,
            RecoveryStep.REBOOT: lambda: bench.loop.reboot(self._gravest(), bench.now),
        }

    def follow(self) -> Recovery:
        """Follow the remedies to the end."""
        for _ in range(_TRIES):
            self._await_rest()
            if self._is_there() and self._stands_alone():
                return self.recovery
            remedy = self._refused if self._refused.steps else self._bench.loop.state.remedy(self._bench.now)
            self._refused = NOTHING
            if not remedy.steps:
                return self._give_up(f"{self._describe_state()} names no step: {remedy!r}")
            self._take(remedy)
        return self._give_up(f"a dead end: {', '.join(self.recovery.asked)}; {self._describe_state()}")

    def _take(self, remedy: Remedy) -> None:
        """The next request that a remedy names, and what comes before it."""
        acts: dict[RecoveryStep, Callable[[], object]] = {
            step: partial(self._ask, step) for step in self._requests
        }
        acts |= {RecoveryStep.BY_HAND: self._use_hands, RecoveryStep.WAIT: partial(self._wait, remedy)}
        take_first_request(remedy.steps, acts)

    def _use_hands(self) -> None:
        self._by_hand()
        self._await_rest()
        self._bench.run(_SETTLED)

    def _wait(self, remedy: Remedy) -> None:
        """As long as the same is said, and no longer than somebody waits."""
        bench, end = self._bench, self._bench.now + _LONGEST_WAIT
        if remedy.steps[-1] is not RecoveryStep.WAIT:
            end = bench.now + _LONGEST_WAIT / 3.0
        while bench.now < end and (
            bench.loop.state.remedy(bench.now) == remedy or remedy.steps[-1] is not RecoveryStep.WAIT
        ):
            bench.cycle()
        bench.run(_SETTLED)

    def _ask(self, step: RecoveryStep) -> None:
        self.recovery.asked.append(step)
        before = self._bench.positions()
        try:
            self._requests[step]()
        except CommandRefused as error:
            self._note_refusal(step, error)
        except BusError:  # an answer was lost: the loop completes it in its cycles, or it is requested again
            pass
        self._bench.run(_SETTLED)
        self._await_rest()
        if step not in (RecoveryStep.DISABLE, RecoveryStep.TORQUE_OFF):
            self._measure_moved(before)

    def _note_refusal(self, step: RecoveryStep, error: CommandRefused) -> None:
        if not isinstance(error.remedy, Remedy) or not error.remedy.steps:
            self.recovery.trouble.append(f"{step} refused without a step: {error}")
        else:
            self._refused = error.remedy

    def _measure_moved(self, before: dict[str, float]) -> None:
        """How far a request moved a joint that it had no business to move."""
        places = self._bench.positions()
        for joint in JOINTS[:-1]:
            beyond = abs(places[joint] - before[joint]) - self._sag(joint)
            self.recovery.moved = max(self.recovery.moved, math.degrees(beyond))

    def _sag(self, joint: str) -> float:
        """How far a joint with torque hangs under its goal [rad]."""
        servo = self._bench.servo(joint)
        if not servo.registers[Role.TORQUE_ENABLE]:
            return math.inf  # nobody holds it
        goal = self._bench.loop.state.axes[joint].wiring.to_position(servo.registers[Role.GOAL_POSITION])
        return abs(goal - self._bench.positions()[joint])

    def _let_down(self) -> None:
        """Somebody holds the arm while its torque is off."""
        for joint in JOINTS:
            self._bench.far.plant.jam(joint)  # type: ignore[attr-defined]  # the bench's plant has hands
        self._bench.loop.torque_off(self._bench.now)

    def _let_go(self) -> None:
        for joint in JOINTS:
            self._bench.far.plant.release(joint)  # type: ignore[attr-defined]

    def _park(self) -> None:
        bench = self._bench
        end = bench.now + bench.park() + 2.0
        while bench.now < end and bench.loop.state.torque() != "off":
            bench.cycle()

    def _gravest(self) -> str:
        return min(self._bench.loop.state.faults.values(), key=lambda fault: fault.cause.gravity).joint

    def _is_there(self) -> bool:
        return self._bench.mode().takes_commands

    def _stands_alone(self) -> bool:
        """Enabled, the arm carries itself again, and goes on to."""
        self._let_go()
        self._bench.run(_STEADY)
        return self._is_there()

    def _give_up(self, why: str) -> Recovery:
        self.recovery.trouble.append(why)
        return self.recovery

    def _describe_state(self) -> str:
        mode: Mode = self._bench.mode()
        return f"{mode.name} ({self._bench.loop.state.why})"

    def _await_rest(self) -> None:
        end = self._bench.now + _LONGEST_WAIT
        self._bench.cycle()
        while self._bench.now < end and max(map(abs, self._bench.far.plant.velocities)) > _SLOW:
            self._bench.cycle()
