"""Keeps a bus process attached to the servo interface, and receives its reports in a thread of its own."""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from armature.dynamixel.loop import link
from armature.dynamixel.loop.status import LoopStatus, status_while_starting, status_without_bus
from armature.dynamixel.status.remedy import FIX_BUS, WAIT_FOR_RESTART, Remedy
from armature.dynamixel.status.states import Mode
from armature.errors import ArmatureError, CommandRefused, InternalError, ProcessError
from armature.nodes.servo_interface.bus_process.client import BusClient
from armature.nodes.servo_interface.bus_process.spawn import BusStart

RESPAWN_EVERY = 0.5  # [s]
_END_TIME = 2.0  # [s]


class BusConnection:
    """The bus process of one port, whichever it is at the moment."""

    def __init__(
        self,
        config: Callable[[], Mapping[str, Any]],
        on_attached: Callable[[BusClient], None],
        on_cycle: Callable[[link.CycleReadings], None],
        on_status: Callable[[LoopStatus, link.CycleReadings | None], None],
    ) -> None:
        """Nothing is started yet. What is given here is called in the connection's thread.

        Args:
            config: the configuration that a child is to have now.
            on_attached: a bus process was found or started; it has reported nothing yet.
            on_cycle: a cycle of the bus has ended.
            on_status: a status was received, or the process has gone; readings may be newer than the last cycle.
        """
        self.failure: ArmatureError | None = (
            None  # why the first one could not be started, or the listening thread failed
        )
        self.status = status_while_starting(protective_stop=False)
        self._config = config
        self._on_attached = on_attached
        self._on_cycle = on_cycle
        self._on_status = on_status
        self._starting: BusStart | None = None
        self._client: BusClient | None = None
        self.was_attached = False  # whether there has been a child
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="bus listener")

    def open(self) -> None:
        """Begin to connect, and to receive reports."""
        self._thread.start()

    def close(self, *, quit: bool = False) -> None:
        """Close the connection, and end the thread.

        Args:
            quit: ask it to end before; otherwise it holds the arm, and ends by itself if torque is off.
        """
        with self._changed:
            self._closing.set()
            client, starting = self._client, self._starting
            self._changed.notify_all()
        if starting is not None:
            starting.give_up()
        if client is not None:
            if quit:
                _ask_to_quit(client)
            client.close()
        self._thread.join()
        if client is not None and quit:
            client.wait_ended(_END_TIME)

    @property
    def is_attached(self) -> bool:
        """Whether there is a child at the moment."""
        return self._client is not None

    @property
    def client(self) -> BusClient:
        """The child that is attached.

        Raises:
            CommandRefused: there is none at the moment.
        """
        client = self._client
        if client is None:
            raise CommandRefused("request", "there is no bus process yet", f"{WAIT_FOR_RESTART}, then ask again")
        return client

    def wait_for(self, condition: Callable[[], bool], timeout: float | None = None) -> bool:
        """Await something that a status or a cycle brings.

        Args:
            condition: checked after each of them.
            timeout: longest wait [s]; None for no bound.

        Returns:
            Whether it came true.

        Raises:
            CommandRefused: this process is ending.
        """
        with self._changed:
            met = self._changed.wait_for(lambda: self._closing.is_set() or condition(), timeout)
        if self._closing.is_set():
            raise CommandRefused("request", "the servo interface is ending", "start it again")
        return met

    def note_protective_stop(self) -> LoopStatus:
        """Note a protective stop that has not reached the bus process yet; returns the status with it."""
        with self._changed:
            self.status = replace(self.status, protective_stop=True)
            return self.status

    # In the thread

    def _run(self) -> None:
        """Run until closed; an internal error ends the process too, since its state would freeze."""
        try:
            self._stay_attached()
        except Exception as error:  # noqa: BLE001  # no caller would see it
            sys.stderr.write(traceback.format_exc())
            self._fail(InternalError(error))

    def _fail(self, failure: ArmatureError) -> None:
        if self._client is not None:
            self._client.close()
        with self._changed:
            self._client, self.failure = None, failure
            self._changed.notify_all()

    def _stay_attached(self) -> None:
        while not self._closing.is_set():
            client = self._attach()
            if client is not None:
                self._listen(client)
            elif self.failure is not None:
                return

    def _attach(self) -> BusClient | None:
        config = self._config()
        start = BusStart(config)
        with self._changed:
            self._starting = start
            if self._closing.is_set():
                return None
        try:
            client = BusClient(start.attach(), config)
        except ProcessError as error:
            self._note_failure(error)
            return None
        with self._changed:
            self._starting = None
            self._client = client
        if self._closing.is_set():
            client.close()
            return None
        return client

    def _note_failure(self, error: ProcessError) -> None:
        if self._closing.is_set():
            return
        if not self.was_attached:
            self.failure = error
            return
        self._report_loss(str(error), FIX_BUS)
        with self._changed:
            self._changed.wait_for(lambda: self._closing.is_set(), RESPAWN_EVERY)

    def _listen(self, client: BusClient) -> None:
        self.was_attached = True
        self._on_attached(client)
        last_error = client.listen(self._take_cycle, lambda status: self._take_status(status, client.readings()))
        client.close()
        with self._changed:
            self._client = None
        torque = "no servo has torque" if self.status.torque == "off" else "the servos hold their last goals"
        why = f"the bus process has ended; {torque}; it is being started again"
        self._report_loss(f"{why} ({last_error})" if last_error else why)

    def _take_cycle(self, readings: link.CycleReadings) -> None:
        if not self._closing.is_set():
            self._on_cycle(readings)
            self._notify()

    def _take_status(self, status: LoopStatus, readings: link.CycleReadings | None) -> None:
        with self._changed:
            self.status = status
        if not self._closing.is_set():
            self._on_status(status, readings)
        self._notify()

    def _report_loss(self, why: str, remedy: Remedy = WAIT_FOR_RESTART) -> None:
        """Report the loss: nothing of the last status holds any more but the latch."""
        latched = self.status.protective_stop
        gone = status_without_bus(Mode.DISCONNECTED.name, why, remedy)
        self._take_status(replace(gone, protective_stop=latched, cause="bus_process"), None)

    def _notify(self) -> None:
        with self._changed:
            self._changed.notify_all()


def _ask_to_quit(client: BusClient) -> None:
    with suppress(CommandRefused):  # it is gone already
        client.request("quit")
