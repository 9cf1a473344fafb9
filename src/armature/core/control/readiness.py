"""The arm's reported state, and whether it takes commands now."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from armature.core.control.blocked import BlockedDirection
from armature.core.recovery_commands import ENABLE, RESTART_CONTROLLER, STATUS
from armature.core.trajectory.trajectory import State
from armature.errors import CommandRefused

_ACCEPTING = ("ENABLED", "MOVING")
_RUN_ENABLE = f"run {ENABLE}"
_AGREE = f"start it anew ({RESTART_CONTROLLER}), with the servo interface's files and limits.* under /**"
# A servo interface that is silent for this long is taken for gone [s]; it publishes at 20 Hz.
_SILENCE = 0.5


class Readiness:
    """The newest state, session and readings of a group of joints.

    Args:
        joints: of the group.
        reading_timeout: how long a joint may go unread [s].
    """

    def __init__(self, joints: tuple[str, ...], reading_timeout: float) -> None:
        self.session = ""  # of enabling
        self.remedy = ""  # what the last state asks for, until the arm takes commands
        self.disagreement = ""  # why the servo interface would refuse this controller's set-points
        self.backed_off = False  # whether the last state reported that joints back off
        self.blocks: Mapping[str, BlockedDirection] = {}  # of joints that met an obstacle
        self.measured: State | None = None  # the last reading of the whole group
        self.read_at = -math.inf  # its time [s]
        self._joints = joints
        self._reading_timeout = reading_timeout
        self._state = ""
        self._why = ""
        self._missing = joints
        self._heartbeat_at = -math.inf

    def note_state(self, state: str, session: str, why: str, blocks: Mapping[str, BlockedDirection]) -> str:
        """Take the servo interface's state, and which joints are blocked.

        Returns:
            Why what was being done has ended: it left ENABLED and MOVING, or began a new session; else empty.
        """
        is_lost = state not in _ACCEPTING or session != self.session
        # Where joints back off, the commanded motion is dropped, though the arm stays enabled.
        self.backed_off = is_lost and state in _ACCEPTING and session_name(session) == session_name(self.session)
        self._state, self.session, self._why, self.blocks = state, session, why, blocks
        if self.backed_off:
            return why
        return f"the servo interface went to {self._describe()}" if is_lost else ""

    @property
    def takes_commands(self) -> bool:
        """Whether the last state was one that takes commands."""
        return self._state in _ACCEPTING

    def note_heartbeat(self, now: float) -> None:
        """Take a sign of life of the servo interface."""
        self._heartbeat_at = now

    def note_reading(
        self, stamp: float, positions: Mapping[str, float], velocities: Mapping[str, float]
    ) -> State | None:
        """Take a reading; returns it if every joint of the group is in it."""
        self._missing = tuple(joint for joint in self._joints if joint not in positions)
        if self._missing:
            return None
        self.read_at = stamp
        self.measured = State(
            np.array([positions[joint] for joint in self._joints]),
            np.array([velocities.get(joint, math.nan) for joint in self._joints]),
            np.full(len(self._joints), math.nan),
        )
        return self.measured

    def check(self, request: str, now: float) -> None:
        """Refuse a request that the arm cannot follow now.

        Raises:
            CommandRefused: with the state and what leads out of it.
        """
        if self._state not in _ACCEPTING:
            state = self._describe().removesuffix(f"; {self.remedy}")
            raise CommandRefused(request, f"the servo interface is {state}", self._remedy())
        if self.disagreement:
            raise CommandRefused(request, f"this controller: {self.disagreement}", _AGREE)
        if now - self._heartbeat_at > _SILENCE:
            why = "the servo interface is silent on /servo_interface/commanded"
            raise CommandRefused(request, why, f"check that it runs: {STATUS}, then try again")
        if unread := self.unread(now):
            raise CommandRefused(request, unread, f"see the servo's fault: {STATUS}")

    def unread(self, now: float) -> str:
        """Which joints have gone unread for too long, in words; empty where none has."""
        ago = now - self.read_at
        if ago <= self._reading_timeout:
            return ""
        names = ", ".join(self._missing or self._joints)
        return f"no reading of {names}" + (f" for {ago:.2f} s" if math.isfinite(ago) else " yet")

    def _remedy(self) -> str:
        unknown = "wait for its first state; start it if it does not run"
        return then_enable(self.remedy) if self._state else unknown

    def _describe(self) -> str:
        why = f": {self._why}" if self._why else ""
        return (self._state or "not known") + why


def then_enable(remedy: str) -> str:
    """The remedy that a state names, then enabling."""
    return remedy if ENABLE in remedy else ", then ".join(filter(None, (remedy, _RUN_ENABLE)))


def session_name(session: str) -> str:
    """The name that a session began with; where joints back off, one with a number behind it goes on."""
    return session.partition(".")[0]


def after_backing_off(session: str) -> str:
    """The session that goes on where joints have backed off."""
    name, _, number = session.partition(".")
    return f"{name}.{int(number or 0) + 1}"
