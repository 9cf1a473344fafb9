"""Reports of the bus loop: readings each cycle, a status when something has changed."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from armature.dynamixel.loop import link
from armature.dynamixel.loop.state import LoopState
from armature.dynamixel.loop.status import LoopStatus, Problem
from armature.dynamixel.motion.setpoints import Setpoint
from armature.dynamixel.protocol.base import Bus
from armature.dynamixel.protocol.statistics import BusStatistics, CycleTimes, ServoStatistics, describe_histogram
from armature.dynamixel.servo.axis import Axis
from armature.errors import ArmatureError, BusError, PortError

_STATUS_EVERY = 1.0  # [s]
_LATE = 0.001  # [s]
# Names of values that the bench reads.
LATENESS = "late_begins"
LATEST = "latest_begin_ms"
LONGEST_COLLECTION = "longest_garbage_collection_ms"
MEMORY_BLOCKS = "memory_blocks"
START_DELAY = "last_motion_begun_late_ms"


class BusReport:
    """Readings and status of one loop, with the counts that the child keeps."""

    def __init__(self, state: LoopState, bus: Bus, period: float = math.inf) -> None:
        """Args: what is reported on, and the cycle's period [s]."""
        self.skipped_cycles = 0  # cycles that did not take place before the next one
        self._times = CycleTimes(_LATE)
        self._lateness = CycleTimes(_LATE)  # of their begin, in the same bins
        self.process: dict[str, str] = {}  # what the machine has permitted
        self.newest_segment = 0
        self.unavailable_cause = ""  # why a bus cannot be opened, where its port is there
        self._state = state
        self._bus = bus
        self._period = period
        self._longest_collection = 0.0  # the longest [s]
        self._refused = 0
        self._refusal = ""
        self._reported: object = None
        self._reported_at = 0.0

    def refuse(self, reason: str) -> None:
        """Note that a segment was refused."""
        self._refused += 1
        self._refusal = reason

    def note_collection(self, seconds: float) -> None:
        """Note how long a garbage collection took [s]."""
        self._longest_collection = max(self._longest_collection, seconds)

    def readings(self, due: float, begun: float, now: float) -> link.CycleReadings:
        """All joints in the cycle that was just carried out.

        Args:
            due: monotonic time at which it was due [s].
            begun: when it really began [s].
            now: its time in the loop [s].
        """
        targets = self._state.setpoints(now)
        duration, lateness = time.monotonic() - begun, begun - due
        self._times.note(duration, lateness, self.skipped_cycles)
        self._lateness.note(max(0.0, lateness))
        self.skipped_cycles = 0
        return link.CycleReadings(
            cycle=self._state.cycles,
            # A cycle that was held up has read its values later than it was due.
            time=max(due, self._state.requested_at - self._period),
            loop_time=now,
            lateness=lateness,
            duration=duration,
            mode=int(self._state.mode(now)),
            segment_serial=self.newest_segment,
            joints=tuple(
                _joint_reading(axis, targets.get(joint), now) for joint, axis in self._state.axes.items()
            ),
        )

    def status_if_due(self, now: float, client: int) -> LoopStatus | None:
        """The status, if it has changed or is due again for the client of this number."""
        loop = self._state
        state = (
            loop.mode(now),
            loop.reported_torque(),
            loop.session,
            loop.why,
            loop.cause,
            loop.protective_stop_latched,
        )
        requests = (
            loop.speed_factor,
            loop.wants_park,
            tuple(loop.free_joints.items()),
            tuple(loop.blocks),
            loop.remedy(now),
        )
        key = (
            client,
            state,
            self.unavailable_cause,
            requests,
            tuple(loop.faults.values()),
            loop.warnings,
            self._refused,
        )
        monotonic = time.monotonic()
        if key == self._reported and monotonic - self._reported_at < _STATUS_EVERY:
            return None
        self._reported, self._reported_at = key, monotonic
        return self.status(now)

    def status(self, now: float) -> LoopStatus:
        """All that changes seldom."""
        loop = self._state
        advice = loop.advice_by_joint()
        return LoopStatus(
            mode=loop.mode(now).name,
            torque=loop.reported_torque(),
            session=loop.session,
            why=loop.why,
            protective_stop=loop.protective_stop_latched,
            faults=tuple(Problem(fault, now - fault.since, advice[name]) for name, fault in loop.faults.items()),
            warnings=tuple(Problem(warning, now - warning.since) for warning in loop.warnings),
            cause=self.unavailable_cause or (loop.cause.value if loop.cause else ""),
            bus=self._bus_values(),
            buses=self._values_of_parts(),
            servos=self._servo_values(),
            speed_factor=loop.speed_factor,
            wants_park=loop.wants_park,
            free=tuple(loop.free_joints),
            blocks={joint: str(block) for joint, block in loop.blocks.items()},
            remedy=loop.remedy(now),
            advice=loop.advice,
        )

    def _bus_values(self) -> Mapping[str, Any]:
        counts, cycles, lateness = self._bus.statistics(), self._times.snapshot(), self._lateness.snapshot()
        return {
            "cycles": self._state.cycles,
            "late_cycles": cycles.late,
            "cycle_time_p50_ms": f"{1000.0 * cycles.quantile(0.5):.2f}",
            "cycle_time_p99_9_ms": f"{1000.0 * cycles.quantile(0.999):.2f}",
            "longest_cycle_ms": f"{1000.0 * cycles.longest:.2f}",
            "cycle_times": describe_histogram(cycles.histogram),
            LATENESS: describe_histogram(lateness.histogram),
            LATEST: f"{1000.0 * lateness.longest:.2f}",
            LONGEST_COLLECTION: f"{1000.0 * self._longest_collection:.2f}",
            MEMORY_BLOCKS: sys.getallocatedblocks(),
            START_DELAY: f"{1000.0 * self._state.start_delay:.2f}",
            "states_read_by": self._state.instruction,
            **_bus_counts(counts),
            "refused_segments": self._refused,
            "last_refusal": self._refusal,
            "eeprom_writes": self._state.eeprom_writes,
            "watchdog_trips": self._state.watchdog_trips,
            **self.process,
        }

    def _values_of_parts(self) -> dict[str, dict[str, Any]]:
        """Of each bus, where there are several."""
        parts = self._bus.parts
        if len(parts) == 1:
            return {}
        return {
            name: {"port": part.path, "is_open": part.is_open, **_bus_counts(part.statistics())}
            for name, part in parts.items()
        }

    def _servo_values(self) -> dict[str, dict[str, Any]]:
        loop, counts = self._state, self._bus.statistics().servos
        health, free, limits, kept = loop.health(), loop.free_joints, loop.current_limits(), loop.retained_gains()
        return {
            name: {
                "firmware": axis.firmware,
                "bus_watchdog": loop.watchdogs.get(name, "unknown"),
                "mean_load_percent": _finite(100.0 * health[name].load),
                "time_left_s": _finite(health[name].seconds_left),
                "largest_excess_effort": _torque(health[name].excess),
                **({"current_limit_a": f"{limits[name]:.2f}"} if name in limits else {}),
                **({"kept_gains": kept[name]} if name in kept else {}),
                **({"free_drive": free[axis.wiring.joint]} if axis.wiring.joint in free else {}),
                **(_measurements(axis) if axis.wiring.is_second else {}),
                **_counts(counts.get(axis.wiring.servo_id, ServoStatistics())),
            }
            for name, axis in loop.servos.items()
        }


def missing_bus_cause(error: ArmatureError) -> str:
    """Key of why a bus cannot be opened; empty where its port is gone."""
    if isinstance(error, PortError):
        return ""
    return "servos_silent" if isinstance(error, BusError) else "servos_refused"


def _bus_counts(counts: BusStatistics) -> dict[str, Any]:
    return {
        "error_rate": f"{counts.error_rate:.6f}",
        "retries": counts.retries,
        "timeouts": counts.timeouts,
        "corrupt_packets": counts.corrupt,
        "stale_packets": counts.stale,
        "foreign_packets": counts.foreign,
        "noise_bytes": counts.noise,
    }


def _counts(counts: ServoStatistics) -> dict[str, Any]:
    return {**asdict(counts), "error_rate": f"{counts.error_rate:.6f}"}


def _torque(value: float) -> str:
    return f"{value:.2f}" if math.isfinite(value) else "not measured"


def _finite(value: float) -> str:
    return f"{value:.0f}" if math.isfinite(value) else "unknown"


def _measurements(axis: Axis) -> dict[str, str]:
    """Measurements of a joint's second servo, which readings lack."""
    return {
        "id": str(axis.wiring.servo_id),
        "position": f"{axis.position:.4f}",
        "load_percent": _finite(axis.load),
        "current_a": f"{axis.current:.2f}",
        "temperature_c": _finite(axis.temperature),
        "voltage_v": f"{axis.voltage:.1f}",
        "torque": ("on" if axis.torque else "off") if axis.is_status_known else "unknown",
        "hardware_error": axis.hardware_error_names() if axis.is_status_known else "unknown",
    }


def _joint_reading(axis: Axis, target: Setpoint | None, now: float) -> link.JointReading:
    """A joint's reading; of two servos the position is the first's, and the condition the worse one."""
    reading = _reading(axis, target, now)
    if axis.partner is None:
        return reading
    other = _reading(axis.partner, target, now)
    return replace(
        reading,
        current=reading.current + other.current,
        effort=reading.effort + other.effort,
        load=(reading.load + other.load) / 2.0,
        temperature=math.nan if math.isnan(other.temperature) else max(reading.temperature, other.temperature),
        voltage=math.nan if math.isnan(other.voltage) else min(reading.voltage, other.voltage),
        torque=None if None in (reading.torque, other.torque) else bool(reading.torque and other.torque),
        hardware_error=_either(reading.hardware_error, other.hardware_error),
        slow_age=max(reading.slow_age, other.slow_age),
    )


def _either(error: int | None, other: int | None) -> int | None:
    """All bits of two hardware errors; None where one is unknown."""
    return None if error is None or other is None else error | other


def _reading(axis: Axis, target: Setpoint | None, now: float) -> link.JointReading:
    return link.JointReading(
        position=axis.position,
        velocity=axis.velocity,
        current=axis.current,
        effort=axis.effort,
        load=axis.load,
        temperature=axis.temperature,
        voltage=axis.voltage,
        age=now - axis.read_at,
        slow_age=now - min(axis.status_at, axis.environment_at),
        torque=bool(axis.torque) if axis.is_status_known else None,
        hardware_error=axis.hardware_error if axis.is_status_known else None,
        commanded_position=math.nan if target is None else target.position,
        commanded_velocity=math.nan if target is None else target.velocity,
    )
