"""What the loop asks of its servos, on however many serial ports they hang."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from armature.dynamixel.protocol.statistics import BusStatistics
from armature.dynamixel.tables.model import Register


class ReadAnswer(NamedTuple):
    """What one servo said in a group read. A tuple, since one is made for each servo in every cycle."""

    data: bytes
    alert: bool


class Bus(Protocol):
    """Registers of servos by their ids, which differ whatever the port.

    Of several ports one may be gone while the others serve: then its servos do not answer, and
    `disconnect_reason` says why. PortError is raised only where no port is left.
    """

    @property
    def parts(self) -> Mapping[str, Bus]:
        """The buses, one a port, by their names."""

    @property
    def path(self) -> str:
        """The serial device, or all of them, for people."""

    @property
    def is_open(self) -> bool:
        """Whether there is a port that is open."""

    @property
    def is_whole(self) -> bool:
        """Whether every port is open."""

    def disconnect_reason(self, servo_id: int) -> str:
        """Why a servo's port is not open, in words; empty where it is."""

    def now(self) -> float:
        """The time by which the ports wait [s]."""

    def statistics(self) -> BusStatistics:
        """How the servos have answered so far."""

    def open(self, *, allow_missing: bool = False) -> None:
        """Open the ports.

        Args:
            allow_missing: whether some, but not all, may be missing.

        Raises:
            PortError: see Port.open; none is open then.
        """

    def reopen(self) -> None:
        """Open those ports that are gone, if they are there again."""

    def close(self) -> None:
        """Close the ports."""

    def ping(self, servo_id: int) -> int:
        """Model number of a servo.

        Raises:
            ServoTimeout, CorruptPacket, PortError.
        """

    def send_ping(self, servo_id: int) -> None:
        """Ping a servo without waiting for its answer; see collect_ping_answers().

        Raises:
            PortError: no port is left.
        """

    def collect_ping_answers(self) -> dict[int, int]:
        """Model numbers of the servos that have answered a ping since the last time; this does not wait.

        Raises:
            PortError: no port is left.
        """

    def read(self, servo_id: int, register: Register) -> int:
        """Value of one register.

        Raises:
            ServoTimeout, CorruptPacket, ServoRefused, PortError.
        """

    def read_block(self, servo_id: int, address: int, length: int) -> bytes:
        """Bytes of neighbouring registers of one servo.

        Raises:
            ServoTimeout, CorruptPacket, ServoRefused, PortError.
        """

    def write(self, servo_id: int, register: Register, value: int) -> None:
        """Write one register and await the servo's answer.

        Raises:
            ConfigError: the value is out of the register's range; nothing was written.
            ServoTimeout, CorruptPacket, ServoRefused, PortError.
        """

    def reboot(self, servo_id: int) -> None:
        """Restart a servo; it is silent for some tenths of a second, and its torque is off afterwards.

        Raises:
            ServoTimeout, CorruptPacket, ServoRefused, PortError.
        """

    def sync_read(
        self, ids: Sequence[int], address: int, length: int, *, fast: bool = False
    ) -> dict[int, ReadAnswer]:
        """Read the same block of several servos in one request a port.

        A servo that stays silent, or whose packet is corrupt, is absent from the answer; so are those behind a
        silent one, since each waits for the one before it (Protocol 2.0 manual, "Sync Read").

        Args:
            ids: servos, in the order in which they shall answer.
            address: first address of the block.
            length: of the block [byte].
            fast: by Fast Sync Read, which all of them must know; they answer together in one packet.

        Raises:
            PortError: no port is left.
        """

    def start_sync_read(
        self, ids: Sequence[int], address: int, length: int, *, fast: bool = False
    ) -> Callable[[], dict[int, ReadAnswer]]:
        """The first half of sync_read().

        Returns:
            What awaits the answers, to be called before anything else is asked on the same ports.
        """

    def sync_write(self, register: Register, values: Mapping[int, int]) -> None:
        """Write one register of several servos in one packet a port, which no servo answers.

        Args:
            register: the same address in all of them.
            values: register value by servo id.

        Raises:
            ConfigError: a value is out of the register's range; nothing was written.
            PortError: no port is left.
        """
