"""Servos of one arm on several serial ports, which are read at the same time and appear as one bus."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeVar

from armature.dynamixel.protocol.base import Bus, ReadAnswer
from armature.dynamixel.protocol.bus import ServoBus, require_range
from armature.dynamixel.protocol.port import Port
from armature.dynamixel.protocol.serial_port import SerialPort
from armature.dynamixel.protocol.statistics import BusStatistics, merge_statistics
from armature.dynamixel.tables.model import Register
from armature.dynamixel.wiring.arm import Wiring
from armature.errors import PortError, ServoTimeout

T = TypeVar("T")


def bus_of(wiring: Wiring, paths: Mapping[str, str], latency: float) -> Bus:
    """The bus of an arm, or its buses; nothing is opened yet.

    Args:
        wiring: its servos.
        paths: of the serial devices by bus, see `port_paths`.
        latency: of the serial adapters [s].
    """
    return bus_on({name: SerialPort(path, wiring.buses[name], latency) for name, path in paths.items()}, wiring)


def bus_on(ports: Mapping[str, Port], wiring: Wiring) -> Bus:
    """The bus of an arm on closed ports, by bus."""
    buses = {name: ServoBus(port) for name, port in ports.items()}
    if len(buses) == 1:
        return next(iter(buses.values()))
    return ServoBuses(buses, {servo.servo_id: servo.bus for servo in wiring.all_servos})


class ServoBuses:
    """Several buses; a servo's id says on which of them it is. Its methods are those of `Bus`."""

    def __init__(self, buses: Mapping[str, ServoBus], bus_names: Mapping[int, str]) -> None:
        """Args: closed buses by name, and on which of them each servo hangs, by id."""
        self._buses = dict(buses)
        self._bus_names = dict(bus_names)
        self._reasons: dict[str, str] = {}  # why, by bus

    @property
    def parts(self) -> Mapping[str, ServoBus]:
        """The buses by their names."""
        return self._buses

    @property
    def path(self) -> str:
        """All serial devices, by the names of their buses."""
        return ", ".join(f"{name}={bus.path}" for name, bus in self._buses.items())

    @property
    def is_open(self) -> bool:
        """Whether at least one port is open."""
        return any(bus.is_open for bus in self._buses.values())

    @property
    def is_whole(self) -> bool:
        """Whether every port is open."""
        return all(bus.is_open for bus in self._buses.values())

    def disconnect_reason(self, servo_id: int) -> str:
        """Why the port of a servo's bus is not open, in words."""
        name = self._bus_names[servo_id]
        return "" if self._buses[name].is_open else self._reasons.get(name, f"bus {name} is closed")

    def now(self) -> float:
        """The time by which all ports wait [s]."""
        return next(iter(self._buses.values())).now()

    def statistics(self) -> BusStatistics:
        """Of all buses together."""
        return merge_statistics(bus.statistics() for bus in self._buses.values())

    def open(self, *, allow_missing: bool = False) -> None:
        """Open the ports; see Bus."""
        self._reasons.clear()
        lacking = [error for name in self._buses if (error := self._open(name))]
        if lacking and not (allow_missing and self.is_open):
            self.close()
            raise lacking[0]

    def reopen(self) -> None:
        """Open the ports that are gone, if they are there again."""
        for name, bus in self._buses.items():
            if not bus.is_open:
                self._open(name)

    def close(self) -> None:
        """Close the ports."""
        for bus in self._buses.values():
            bus.close()

    def ping(self, servo_id: int) -> int:
        """Model number of a servo."""
        return self._ask(servo_id, "ping", lambda bus: bus.ping(servo_id))

    def send_ping(self, servo_id: int) -> None:
        """Ping a servo without waiting for its answer."""
        name = self._bus_names[servo_id]
        with self._serving(name) as bus:
            if bus.is_open:
                bus.send_ping(servo_id)

    def collect_ping_answers(self) -> dict[int, int]:
        """Model numbers of the servos that have answered a ping."""
        models: dict[int, int] = {}
        for name in self._open_names():
            with self._serving(name) as bus:
                models |= bus.collect_ping_answers()
        return models

    def read(self, servo_id: int, register: Register) -> int:
        """Value of one register."""
        return self._ask(servo_id, f"read of {register.name}", lambda bus: bus.read(servo_id, register))

    def read_block(self, servo_id: int, address: int, length: int) -> bytes:
        """Bytes of neighbouring registers."""
        return self._ask(servo_id, f"read at {address}", lambda bus: bus.read_block(servo_id, address, length))

    def write(self, servo_id: int, register: Register, value: int) -> None:
        """Write one register and await the answer."""
        self._ask(servo_id, f"write to {register.name}", lambda bus: bus.write(servo_id, register, value))

    def reboot(self, servo_id: int) -> None:
        """Restart a servo."""
        self._ask(servo_id, "reboot", lambda bus: bus.reboot(servo_id))

    def sync_read(
        self, ids: Sequence[int], address: int, length: int, *, fast: bool = False
    ) -> dict[int, ReadAnswer]:
        """Read the same block of several servos, on all buses at the same time."""
        return self.start_sync_read(ids, address, length, fast=fast)()

    def start_sync_read(
        self, ids: Sequence[int], address: int, length: int, *, fast: bool = False
    ) -> Callable[[], dict[int, ReadAnswer]]:
        """Ask all buses; what is returned awaits their answers."""
        waiting: dict[str, Callable[[], dict[int, ReadAnswer]]] = {}
        for name in self._open_names():
            own = [servo_id for servo_id in ids if self._bus_names[servo_id] == name]
            if own:
                with self._serving(name) as bus:
                    waiting[name] = bus.start_sync_read(own, address, length, fast=fast)

        def collect() -> dict[int, ReadAnswer]:
            answers: dict[int, ReadAnswer] = {}
            for name, collect_own in waiting.items():
                with self._serving(name):
                    answers |= collect_own()
            return answers

        return collect

    def sync_write(self, register: Register, values: Mapping[int, int]) -> None:
        """Write one register of several servos, on each bus in one packet."""
        require_range(register, values.values())
        for name in self._open_names():
            own = {servo_id: value for servo_id, value in values.items() if self._bus_names[servo_id] == name}
            if own:
                with self._serving(name) as bus:
                    bus.sync_write(register, own)

    def _open_names(self) -> list[str]:
        return [name for name, bus in self._buses.items() if bus.is_open]

    def _open(self, name: str) -> PortError | None:
        try:
            self._buses[name].open()
        except PortError as error:
            self._reasons[name] = str(error)
            return error
        self._reasons.pop(name, None)
        return None

    def _ask(self, servo_id: int, request: str, ask: Callable[[ServoBus], T]) -> T:
        """What one servo answers; one whose port is gone stays silent while there is another port."""
        bus = self._buses[self._bus_names[servo_id]]
        if bus.is_open or not self.is_open:
            with self._serving(self._bus_names[servo_id]):
                return ask(bus)
        raise ServoTimeout((servo_id,), request)

    @contextmanager
    def _serving(self, name: str) -> Iterator[ServoBus]:
        """Note that a port is gone; raise it only where no other is left."""
        try:
            yield self._buses[name]
        except PortError as error:
            self._reasons.setdefault(name, str(error))
            if not self.is_open:
                raise
