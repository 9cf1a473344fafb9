"""What the arm is commanded to do: its mode, the session, the set-points, and the reason."""

from __future__ import annotations

from collections.abc import Mapping

from armature.core.control.readiness import after_backing_off
from armature.core.model.arm import Limit
from armature.core.trajectory.stopping import Dynamics
from armature.dynamixel.motion.overrun import OverrunGuard
from armature.dynamixel.motion.parking import Parking
from armature.dynamixel.motion.setpoints import Setpoints
from armature.dynamixel.status.cause import Cause
from armature.dynamixel.status.states import Mode

_WITH_TORQUE = (Mode.HOLDING, Mode.ENABLED, Mode.PARKING)
_UNDER_WAY = (Mode.ENABLED, Mode.PARKING)


class CommandedMode:
    """The part of the loop that knows no bus."""

    def __init__(
        self, limits: Mapping[str, Limit], dynamics: Mapping[str, Dynamics], *, protective_stop: bool
    ) -> None:
        """Args: limits and dynamics by joint, and whether the protective stop is latched already."""
        self.mode = Mode.STARTING
        self.session = ""
        self.why = "starting"
        self.cause: Cause | None = None  # of the last stop, until the arm is enabled again
        self.protective_stop = protective_stop
        self.why_stopped = "protective stop"  # as long as it is latched, whatever happens meanwhile
        self.parking: Parking | None = None
        self.wants_park = False  # whether a policy asks for a way to park
        self.compliant: set[str] = set()  # joints that are guided by hand, see free_drive
        self.setpoints = Setpoints(limits, dynamics)
        self.overrun = OverrunGuard(limits)

    @property
    def expects_torque(self) -> bool:
        """Whether a joint without torque is at fault."""
        return self.mode in _WITH_TORQUE

    def begin(self, mode: Mode, why: str) -> None:
        """Start over in a mode, without a session."""
        self.overrun.reset()
        self._drop_commands()
        self.mode, self.why, self.cause = mode, why, None
        if self.protective_stop:
            self.why = self.why_stopped = f"{why}; the protective stop is latched"
            self.cause = Cause.PROTECTIVE_STOP

    def halt(self, now: float) -> None:
        """Stop within limits and hold; no command of this session is followed any more."""
        self.setpoints.stop(now)
        self.end_session()

    def back_off(self, now: float) -> None:
        """Stop within limits; the commands under way are dropped, those of a new session accepted."""
        mode, session = self.mode, self.session
        self.halt(now)
        if mode is Mode.ENABLED:
            self.mode, self.session = mode, after_backing_off(session)

    def end_session(self) -> None:
        """Take no more commands; the motion under way ends at rest, as its segment says."""
        self._drop_commands()
        if self.mode in _UNDER_WAY:
            self.mode = Mode.HOLDING

    def leave_session(self) -> None:
        """Take no more commands; no motion is under way."""
        self.session = ""
        if self.mode is Mode.ENABLED:
            self.mode = Mode.HOLDING

    def stop(self, cause: Cause, why: str, now: float) -> None:
        """Halt for a cause."""
        self.halt(now)
        self.why, self.cause = why, cause

    def _drop_commands(self) -> None:
        self.session = ""
        self.parking = None
        self.wants_park = False
        self.compliant.clear()
