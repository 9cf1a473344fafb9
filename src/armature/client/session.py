"""The parts of a client of one arm, from joining the graph to leaving it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from control_msgs.msg import SpeedScalingFactor

from armature.client.connection import Connection, ask, set_parameters
from armature.client.description import Description
from armature.client.goals import duration, items, number
from armature.client.guide import Guide, Guided
from armature.client.motion import CONTROLLER, Motions
from armature.client.readings import Readings
from armature.client.state import ArmState
from armature.client.stream import NOT_BEGUN, REST_TIME, Jog, Messages, Sending, how_to_begin
from armature.dynamixel.status.states import BEING_RECOVERED
from armature.errors import CommandRefused, GoalRefused, ProcessError
from armature.nodes.common import topics
from armature.nodes.common.parameters.payload import PAYLOAD_NAMES

_PLACE = "give x, y, z"
_FASTEST = 2.0  # share of the speed
_SHOWS = 1.0  # until the state shows that a recovery has begun, which it tells apart from the answer [s]
_RECOVERED = 10.0  # a servo that is rebooted is silent for some tenths of a second, and is given up after 3 s [s]


class Block(Protocol):
    """What lasts as long as a with-block."""

    @property
    def name(self) -> str:
        """The verb that made it."""

    @property
    def has_begun(self) -> bool:
        """Whether it was entered."""


class Session:
    """Joins the graph of an arm, and leaves nothing of its own in motion."""

    def __init__(self, namespace: str) -> None:
        """Join it.

        Args:
            namespace: of the arm.

        Raises:
            ProcessError: no graph is running there.
        """
        self.connection = Connection(f"armature_client_{os.getpid()}", namespace)
        try:
            self.readings = Readings(self.connection)
        except BaseException:
            self.connection.close()
            raise
        self.motions = Motions(self.connection, self.readings)
        self.sending = Sending(self.connection)
        self.guide = Guide(self.connection, self.readings)
        self.description = Description(self.connection, self.readings, namespace)
        self._blocks: list[Block] = []  # that were not entered yet

    def close(self) -> None:
        """Cancel what moves, wait until it rests, and leave the graph; a second time changes nothing.

        One interruption is borne, so that Ctrl-C in this very moment leaves nothing in motion.

        Raises:
            ProcessError: the arm does not come to rest.
        """
        if not self.connection.is_open:
            self.connection.close()
            return
        was_jogging = self.sending.is_active
        self.connection.post(self._halt)
        try:
            self._wait_for_rest(was_jogging)
        except (KeyboardInterrupt, SystemExit):
            self._wait_for_rest(was_jogging)
            raise
        finally:
            self.connection.close()

    def ask(self, service: topics.Service, on: bool | None = None, timeout: float | None = None) -> str:
        """Ask a service for one thing; see `connection.ask`."""
        return ask(self.connection, service, on, timeout)

    def stop(self) -> str:
        """End motions of the arm, and of the gripper where there is one; see `stop_motions`."""
        return stop_motions(self.connection)

    def scale_speed(self, factor: float) -> None:
        """Set the speed of all motions, as a share.

        Raises:
            GoalRefused: it is not from 0 to 2.
            ProcessError: the controller does not hear it.
        """
        if not 0.0 <= number("speed", factor) <= _FASTEST:
            raise GoalRefused("speed", factor, f"give 0 to {_FASTEST:g}")
        self.sending.say(topics.SPEED_SCALING, SpeedScalingFactor(factor=float(factor)))

    def jog(
        self,
        kind: str,
        make: Callable[..., tuple[Messages, Messages]],
        velocity: Mapping[str, float],
        seconds: float | None,
    ) -> Jog:
        """A velocity of joints or of the tool, run for a time [s] if one is given."""
        jog = Jog(self.sending, self.readings, kind, make, velocity)
        if seconds is not None:
            jog.run(duration(seconds))
        self._note(jog)
        return jog

    def free(self, joints: Sequence[str]) -> Guided:
        """Joints that are guided by hand; see `Guided`."""
        guided = Guided(lambda: self.opened().guide, joints)
        self._note(guided)
        return guided

    def require_begun(self) -> None:
        """Refuse that something was asked for, and its with-block never entered.

        Raises:
            CommandRefused: names the first one.
        """
        for block in self._blocks:
            if not block.has_begun:
                raise CommandRefused(block.name, NOT_BEGUN, how_to_begin(block.name))

    def opened(self) -> Session:
        """Itself.

        Raises:
            ProcessError: it has left the graph.
        """
        if not self.connection.is_open:
            raise closed()
        return self

    def _note(self, block: Block) -> None:
        self._blocks = [each for each in (*self._blocks, block) if not each.has_begun]

    def _halt(self) -> None:
        """In the thread of the connection, which no signal interrupts."""
        self.sending.end_all()
        self.motions.cancel_now()
        self.guide.hold_now()

    def _wait_for_rest(self, was_jogging: bool) -> None:
        self.connection.run(lambda: None)  # behind what was posted
        self.motions.require_rest()
        self.guide.wait_until_held()
        if was_jogging:
            self.readings.wait_for_rest(REST_TIME)


def closed() -> ProcessError:
    """The error of an arm that has left the graph."""
    return ProcessError("this arm", "it is closed", "make another one: Arm()")


def stop_motions(connection: Connection) -> str:
    """End motions of the arm, and of the gripper where there is one; returns what the arm's controller says.

    Raises:
        CommandRefused: it is refused.
        ProcessError: there is no answer.
    """
    words = ask(connection, topics.STOP_MOTION)
    if connection.is_served(topics.GRIPPER_CONTROLLER.stop):
        ask(connection, topics.GRIPPER_CONTROLLER.stop)
    return words


def set_payload(connection: Connection, mass: float, at: Sequence[float] = (0.0, 0.0, 0.0)) -> None:
    """Tell the controller what the tool carries; the arm rests meanwhile.

    Args:
        connection: to the graph.
        mass: [kg].
        at: its centre in the tool's frame [m].

    Raises:
        CommandRefused: it is out of bounds, the arm moves, or a servo could not hold it.
        GoalRefused: what is no number.
        ProcessError: there is no answer.
    """
    place = items("at", at, _PLACE)
    if len(place) != len(PAYLOAD_NAMES) - 1:
        raise GoalRefused("at", place, _PLACE)
    values = {name: number(name, value) for name, value in zip(PAYLOAD_NAMES, (mass, *place), strict=True)}
    if why := set_parameters(connection, CONTROLLER, values):
        raise CommandRefused.from_message(why)


def recover(connection: Connection, readings: Readings) -> str:
    """Recover every joint whose fault's cause is gone, and wait until that has ended.

    Args:
        connection: to the graph.
        readings: of the arm.

    Returns:
        What was done.

    Raises:
        CommandRefused: every cause persists, or a fault is left; names it with its remedy.
        ProcessError: there is no answer.
    """
    before = readings.state().faults
    words = ask(connection, topics.CLEAR_FAULTS)
    if not before:
        return words
    servos = {fault.servo for fault in before}
    readings.wait_for(lambda state: _is_recovering(state) or _servos(state) != servos, _SHOWS)
    readings.wait_for(lambda state: not _is_recovering(state), _RECOVERED)
    if left := readings.reported.faults:
        raise CommandRefused.from_message(f"still at fault: {'; '.join(map(str, left))}")
    return f"recovered {', '.join(sorted(servos))}"


def _is_recovering(state: ArmState) -> bool:
    return any(fault.waits_for == BEING_RECOVERED for fault in state.faults)


def _servos(state: ArmState) -> set[str]:
    return {fault.servo for fault in state.faults}
