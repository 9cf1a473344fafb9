"""How each cause of a fault is brought about on the emulated arm, and how it goes again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from armature.bench.simulation.virtual import ARM, PERIOD, POSES, Bench
from armature.core.health import Thresholds
from armature.core.model.arm import Limit
from armature.dynamixel.faults.policy import FaultPolicy
from armature.dynamixel.status.cause import Cause
from armature.emulator.faults import catalogue
from armature.errors import BusError, PortError

JOINT = "elbow"  # which carries the forearm and the hand
STILL = "forearm_roll"  # which no motion of the bench turns
_PAUSE = 0.3  # longer than the Bus Watchdog allows [s]
_COOL = 40.0  # [°C]


@dataclass(frozen=True)
class Case:
    """One cause."""

    cause: Cause
    strike: Callable[[Bench], object]
    joint: str = JOINT
    mend: Callable[[Bench], object] = lambda bench: bench.faults.clear()
    within: float = 0.1  # the reaction after the strike [s]
    later: float = 0.0  # so much later while starting, where another fault is named first [s]
    cuts: bool = False  # whether the servo itself cuts its torque
    shoves: bool = False  # whether the fault is a force that moves the joint
    stops: bool = False  # whether the servos stop by themselves
    asks: bool = False  # whether it is a request to a loop that runs
    refuses: bool = False  # whether recovery is refused while it lasts
    relieve: Callable[[Bench], object] = lambda bench: None  # what has to be done before it can recover
    recovers: Callable[[Bench], object] = lambda bench: bench.loop.clear_faults(bench.now)
    settings: Mapping[str, Any] = field(default_factory=dict)  # of the loop
    limits: Mapping[str, Limit] = field(default_factory=dict)


def _inject(fault: catalogue.Fault) -> Callable[[Bench], None]:
    return lambda bench: bench.faults.inject(fault)


def _by_itself(bench: Bench) -> None:
    """Nothing has to be requested."""


def _pause(bench: Bench) -> None:
    """The process is put aside; the arm does not wait for it."""
    end = bench.port.time + _PAUSE
    while bench.port.time < end:
        bench.port.time += PERIOD
        bench.far.advance(bench.port.time)


def _plug_in(bench: Bench) -> None:
    bench.port.unplugged = False


def _unplug(bench: Bench) -> None:
    bench.port.unplugged = True


def _reopen(bench: Bench) -> None:
    if not bench.bus.is_open:
        bench.loop.start(bench.now)


def _let_down(bench: Bench) -> None:
    """Turn torque off, as somebody does who supports the arm; its servo cannot be trusted to park."""
    bench.loop.torque_off(bench.now)


def _park(bench: Bench) -> None:
    bench.run(bench.park() + 1.0)


def _cool(joint: str) -> Callable[[Bench], None]:
    return _inject(catalogue.Overheat(joint, temperature=_COOL))


def _narrow(joint: str) -> Limit:
    """A limit close to where a still joint stands, of a span in which the margin is 1°."""
    place, whole = POSES["home"][joint], ARM.limit(joint)
    return Limit(place - 0.85, place + 0.01, whole.velocity, whole.effort)


_LIGHT = FaultPolicy(load=Thresholds(warn=0.02, slow=0.05, stop=0.25, hysteresis=0.01), load_time=0.1)


def cases(joint: str = JOINT, still: str = STILL) -> tuple[Case, ...]:
    """One case for each cause.

    Args:
        joint: that is struck.
        still: that is pushed beyond its limit, and that no motion of the bench turns.
    """
    found = (
        Case(Cause.ELECTRICAL_SHOCK, _inject(catalogue.ElectricalShock(joint)), cuts=True),
        Case(Cause.ENCODER, _inject(catalogue.EncoderError(joint)), relieve=_let_down, refuses=True),
        Case(
            Cause.OVERHEATING,
            _inject(catalogue.Overheat(joint, temperature=85.0)),
            mend=_cool(joint),
            cuts=True,
            refuses=True,
        ),
        Case(Cause.OVERLOAD, _inject(catalogue.Overload(joint)), cuts=True),
        Case(Cause.INPUT_VOLTAGE, _inject(catalogue.VoltageDip(joint, voltage=9.0)), relieve=_park, refuses=True),
        Case(Cause.MISSING, _inject(catalogue.Silence(joint)), recovers=_by_itself, within=0.2, refuses=True),
        Case(Cause.SILENT_RESET, _inject(catalogue.Reset(joint)), cuts=True, within=0.9),
        Case(Cause.BUS_WATCHDOG, _pause, recovers=_by_itself, within=_PAUSE + 0.1, stops=True),
        Case(
            Cause.LIMIT,
            _inject(catalogue.Push(still, torque=2.0)),
            joint=still,
            within=0.5,
            shoves=True,
            refuses=True,
            settings={"policy": FaultPolicy(limit_margin=0.02)},
            limits={still: _narrow(still)},
        ),
        Case(
            Cause.FOLLOWING_ERROR,
            _inject(catalogue.Push(joint, torque=2.5)),  # so little that it does not count as blocked
            within=1.0,
            shoves=True,
            settings={"following_error": {joint: 0.012}},
        ),
        Case(
            Cause.TEMPERATURE,
            _inject(catalogue.Overheat(joint, temperature=77.0)),
            mend=_cool(joint),
            within=0.3,
            refuses=True,
        ),
        Case(
            Cause.LOAD,
            _inject(catalogue.Push(joint, torque=3.0)),
            within=0.5,
            shoves=True,
            refuses=True,
            settings={"policy": _LIGHT},
        ),
        Case(
            Cause.COMMUNICATION,
            _inject(catalogue.Drop(joint, probability=0.3, seed=4)),
            within=1.5,
            later=2.0,  # it is missing until all that is read before it is taken back has come through
            refuses=True,
            relieve=lambda bench: bench.run(1.5),  # until the share of missing answers is small again
            settings={"policy": FaultPolicy(missed_share=0.15), "max_missed_reads": 12},
        ),
        Case(Cause.DISCONNECTED, _unplug, mend=_plug_in, recovers=_reopen, stops=True, refuses=True),
        Case(
            Cause.PROTECTIVE_STOP,
            lambda bench: bench.loop.protective_stop(True, bench.now),
            mend=_by_itself,
            recovers=lambda bench: bench.loop.protective_stop(False, bench.now),
        ),
        Case(
            Cause.OPERATOR_STOP,
            lambda bench: bench.loop.hold("stopped by the operator", bench.now),
            asks=True,
            mend=_by_itself,
            recovers=_by_itself,
        ),
        Case(
            Cause.CONTROLLER_GONE,
            lambda bench: bench.loop.lose_parent(),
            asks=True,
            mend=_by_itself,
            recovers=_by_itself,
        ),
    )
    return tuple(case if case.joint == still else replace(case, joint=joint) for case in found)


CASES = cases()


def start(bench: Bench, tries: int = 5) -> None:
    """Start the loop as the bus process does: again where a packet was lost, later where the port is away."""
    for _ in range(tries):
        try:
            bench.loop.start(bench.now)
        except PortError:
            return
        except BusError:
            continue
        return
