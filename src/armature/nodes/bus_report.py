"""What the bus child tells of its loop: readings each cycle, a status when something has changed."""

from __future__ import annotations

import math
import time

from armature.dynamixel import link
from armature.dynamixel.axis import Axis
from armature.dynamixel.bus import ServoBus
from armature.dynamixel.loop import ServoLoop
from armature.dynamixel.setpoints import Setpoint

_STATUS_EVERY = 1.0  # [s]


class BusReport:
    """Readings and status of one loop, with the counts that the child keeps."""

    def __init__(self, loop: ServoLoop, bus: ServoBus) -> None:
        """Args: what is reported on."""
        self.late_cycles = 0
        self.is_real_time = False
        self.newest_piece = 0
        self._loop = loop
        self._bus = bus
        self._refused = 0
        self._refusal = ""
        self._shown: object = None
        self._shown_at = 0.0

    def refuse(self, reason: str) -> None:
        """Note that a piece was refused."""
        self._refused += 1
        self._refusal = reason

    def readings(self, due: float, begun: float, now: float) -> link.Readings:
        """All joints in the cycle that was just carried out.

        Args:
            due: monotonic time at which it was due [s].
            begun: when it really began [s].
            now: its time in the loop [s].
        """
        targets = self._loop.setpoints(now)
        return link.Readings(
            cycle=self._loop.cycles,
            time=due,
            loop_time=now,
            lateness=begun - due,
            duration=time.monotonic() - begun,
            mode=int(self._loop.mode(now)),
            piece_serial=self.newest_piece,
            axes=tuple(_reading(axis, targets.get(joint), now) for joint, axis in self._loop.axes.items()),
        )

    def news(self, now: float, client: int) -> link.Status | None:
        """The status, if it has changed or was not told for a while, to the client of this number."""
        loop = self._loop
        state = (loop.mode(now), loop.torque(), loop.session, loop.why, loop.protective_stop_latched)
        key = (client, state, tuple(loop.faults.values()), self._refused)
        monotonic = time.monotonic()
        if key == self._shown and monotonic - self._shown_at < _STATUS_EVERY:
            return None
        self._shown, self._shown_at = key, monotonic
        return self.status(now)

    def status(self, now: float) -> link.Status:
        """What changes seldom."""
        loop = self._loop
        faults = (
            {
                **{"joint": f.joint, "cause": f.cause.value, "detail": f.detail},
                **{"done": f.done, "remedy": f.remedy, "age": now - f.since},
            }
            for f in loop.faults.values()
        )
        return link.Status(
            mode=loop.mode(now).name,
            torque=loop.torque(),
            session=loop.session,
            why=loop.why,
            protective_stop=loop.protective_stop_latched,
            faults=tuple(faults),
            bus={
                "cycles": loop.cycles,
                "late_cycles": self.late_cycles,
                "real_time": "yes" if self.is_real_time else "no",
                "timeouts": self._bus.timeouts,
                "corrupt_packets": self._bus.corrupt,
                "stale_packets": self._bus.stale,
                "refused_pieces": self._refused,
                "last_refusal": self._refusal,
            },
        )


def _reading(axis: Axis, target: Setpoint | None, now: float) -> link.AxisReading:
    return link.AxisReading(
        position=axis.position,
        velocity=axis.velocity,
        current=axis.current,
        load=axis.load,
        temperature=axis.temperature,
        voltage=axis.voltage,
        age=now - axis.read_at,
        torque=math.nan if axis.torque is None else float(axis.torque),
        hardware_error=float(axis.hardware_error),
        commanded_position=math.nan if target is None else target.position,
        commanded_velocity=math.nan if target is None else target.velocity,
    )
