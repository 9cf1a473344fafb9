"""The bytes of one servo's control table, and the rules that guard them."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from struct import Struct

from armature.dynamixel.protocol.packet import Error
from armature.dynamixel.tables.control_table import Register, ServoModel

Change = tuple[Register, int]
_FORMATS = {
    (size, signed): "<" + (letter if signed else letter.upper())
    for size, letter in ((1, "b"), (2, "h"), (4, "i"))
    for signed in (False, True)
}

PROFILE = ("Profile Velocity", "Profile Acceleration")
_GAINS = (
    *("Velocity I Gain", "Velocity P Gain", "Position D Gain", "Position I Gain", "Position P Gain"),
    *("Feedforward 2nd Gain", "Feedforward 1st Gain"),
)


class FactoryReset(IntEnum):
    """Protocol 2.0, "Factory Reset"."""

    ALL = 0xFF
    KEEP_ID = 0x01
    KEEP_ID_AND_BAUD_RATE = 0x02


_KEPT = {FactoryReset.KEEP_ID: ("ID",), FactoryReset.KEEP_ID_AND_BAUD_RATE: ("ID", "Baud Rate")}


class RegisterFile:
    """A control table with its values."""

    def __init__(self, model: ServoModel) -> None:
        self._registers = model.registers
        self._at = {
            address: register
            for register in model.registers.values()
            for address in range(register.address, register.end)
        }
        self._pointers = {
            register.address: model.registers[f"Indirect Address {name.rpartition(' ')[2]}"].address
            for name, register in model.registers.items()
            if name.startswith("Indirect Data")
        }
        self._first_pointed = min(self._pointers)
        self._bytes = bytearray(max(self._at) + 1)
        # Kept beside the bytes because the servo looks at its registers far more often than the bus does.
        self._values: dict[str, int] = {}
        self._packers = {
            name: (Struct(_FORMATS[item.size, item.signed]).pack_into, item.address)
            for name, item in model.registers.items()
        }
        self.reset(model.registers)

    def __contains__(self, name: str) -> bool:
        return name in self._registers

    def __getitem__(self, name: str) -> int:
        return self._values[name]

    def __setitem__(self, name: str, value: int) -> None:
        """Store a value whatever the rules say: the firmware's own access."""
        pack_into, start = self._packers[name]
        pack_into(self._bytes, start, value)
        self._values[name] = value

    def reset(self, names: Iterable[str]) -> None:
        """Return registers to their defaults."""
        for name in names:
            self[name] = self._registers[name].default or 0

    def reset_ram(self) -> None:
        """What a loss of power does: the RAM area returns to its defaults."""
        self.reset(name for name, register in self._registers.items() if not register.eeprom)

    def reset_eeprom(self, option: FactoryReset) -> None:
        """What a factory reset does: the EEPROM area returns to its defaults, but for what the option keeps."""
        kept = {*_KEPT.get(option, ()), "Firmware Version"}
        self.reset(name for name, register in self._registers.items() if register.eeprom and name not in kept)

    def reset_gains(self) -> None:
        """Return all gains to their defaults."""
        self.reset(_GAINS)

    def reset_goals(self) -> None:
        """Return profile and goals to what they are after a start: section "Operating Mode(11)", note."""
        self.reset(PROFILE)
        self["Goal PWM"] = self["PWM Limit"]
        if "Goal Current" in self:
            self["Goal Current"] = self["Current Limit"]
        self["Goal Velocity"] = 0

    def read(self, address: int, length: int) -> tuple[Error, bytes]:
        """Bytes from an address on; undefined bytes between registers read as 0.

        Protocol 2.0, "Error": access error where nothing is defined.
        """
        end = address + length
        if end > len(self._bytes) or not any(place in self._at for place in range(address, end)):
            return Error.ACCESS, b""
        if end <= self._first_pointed:
            return Error.NONE, bytes(self._bytes[address:end])
        return Error.NONE, bytes(self._bytes[self._target(place)] for place in range(address, end))

    def changes(self, address: int, data: bytes, *, locked: bool) -> tuple[Error, list[Change]]:
        """What writing these bytes would change, or why it is refused (Protocol 2.0, "Error").

        Args:
            address: where the bytes begin.
            data: the bytes.
            locked: torque is on, so the EEPROM area is locked.
        """
        places = {self._target(address + offset): byte for offset, byte in enumerate(data)}
        if not places or not places.keys() <= self._at.keys():
            return Error.ACCESS, []
        registers = dict.fromkeys(self._at[place] for place in places)
        if any(register.access == "R" or (register.eeprom and locked) for register in registers):
            return Error.ACCESS, []
        if sum(register.size for register in registers) != len(places):
            return Error.DATA_LENGTH, []
        changes = [(register, self._decode(register, places)) for register in registers]
        if any(not register.minimum <= value <= register.maximum for register, value in changes):
            return Error.DATA_RANGE, []
        return Error.NONE, changes

    def store(self, changes: Iterable[Change]) -> None:
        """Carry out changes that were found allowed."""
        for register, value in changes:
            self[register.name] = value

    def _target(self, address: int) -> int:
        """Where a byte really lies: section "Indirect Address"."""
        pointer = self._pointers.get(address)
        if pointer is None:
            return address
        return min(int.from_bytes(self._bytes[pointer : pointer + 2], "little"), len(self._bytes) - 1)

    @staticmethod
    def _decode(register: Register, places: dict[int, int]) -> int:
        raw = bytes(places[place] for place in range(register.address, register.end))
        return register.decode(int.from_bytes(raw, "little"))
