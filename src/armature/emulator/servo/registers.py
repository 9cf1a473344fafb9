"""The bytes of one servo's control table, and the rules that guard them."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from struct import Struct

from armature.dynamixel.protocol.packet import Error
from armature.dynamixel.tables.model import Register, ServoModel
from armature.dynamixel.tables.roles import Role

Change = tuple[Register, int]
PROFILE = (Role.PROFILE_VELOCITY, Role.PROFILE_ACCELERATION)
_GOALS_AT_LIMIT = {Role.GOAL_PWM: Role.PWM_LIMIT, Role.GOAL_CURRENT: Role.CURRENT_LIMIT}


class FactoryReset(IntEnum):
    """Protocol 2.0, "Factory Reset"."""

    ALL = 0xFF
    KEEP_ID = 0x01
    KEEP_ID_AND_BAUD_RATE = 0x02


_KEPT = {
    FactoryReset.KEEP_ID: (Role.ID,),
    FactoryReset.KEEP_ID_AND_BAUD_RATE: (Role.ID, Role.BAUD_RATE),
}


class _Layout:
    """Where the registers of a model lie, which all servos of the model share."""

    def __init__(self, model: ServoModel) -> None:
        self.model = model
        self.registers = {register.key: register for register in model.registers.values()}
        self.at = {
            address: register
            for register in model.registers.values()
            for address in range(register.address, register.end)
        }
        self.pointers = {
            register.address: register.pointer
            for register in model.registers.values()
            if register.pointer is not None
        }
        self.packers = {
            key: (Struct("<" + item.format).pack_into, item.address) for key, item in self.registers.items()
        }
        self.ram = tuple(key for key, item in self.registers.items() if not item.eeprom)


_layouts: dict[int, _Layout] = {}  # by the id of a model, which its layout keeps alive


def _layout(model: ServoModel) -> _Layout:
    return _layouts.get(id(model)) or _layouts.setdefault(id(model), _Layout(model))


class RegisterFile:
    """A control table with its raw values, by role, or by the manual's name of what has no role."""

    def __init__(self, model: ServoModel) -> None:
        layout = _layout(model)
        self._registers, self._at, self._ram = layout.registers, layout.at, layout.ram
        self._pointers, self._packers = layout.pointers, layout.packers
        self._first_pointed = min(self._pointers, default=max(self._at) + 1)
        self._bytes = bytearray(max(self._at) + 1)
        # Kept beside the bytes because the servo looks at its registers far more often than the bus does.
        self._values: dict[str, int] = {}
        self.reset(self._registers)

    def __contains__(self, key: str) -> bool:
        return key in self._registers

    def __getitem__(self, key: str) -> int:
        return self._values[key]

    def __setitem__(self, key: str, value: int) -> None:
        """Store a value whatever the rules say: the firmware's own access."""
        pack_into, start = self._packers[key]
        pack_into(self._bytes, start, value)
        self._values[key] = value

    def get(self, role: Role, default: int = 0) -> int:
        """The value of a role, or another where there is none."""
        return self._values.get(role, default)

    def measure(self, role: Role, default: float = 0.0) -> float:
        """The value of a role in its unit, or another where there is none."""
        return self._registers[role].to_si(self._values[role]) if role in self._values else default

    def reset(self, keys: Iterable[str]) -> None:
        """Return registers to their defaults, as far as there are any."""
        for key in keys:
            if key in self._registers:
                self[key] = self._registers[key].default or 0

    def reset_ram(self) -> None:
        """What a loss of power does: the RAM area returns to its defaults."""
        self.reset(self._ram)

    def reset_eeprom(self, option: FactoryReset) -> None:
        """What a factory reset does: the EEPROM area returns to its defaults, but for what the option keeps."""
        kept = {*_KEPT.get(option, ()), Role.FIRMWARE_VERSION}
        self.reset(key for key, register in self._registers.items() if register.eeprom and key not in kept)

    def reset_gains(self) -> None:
        """Return all gains to their defaults."""
        self.reset(role for role in Role if role.is_gain)

    def reset_goals(self) -> None:
        """Return profile and goals to what they are after a start: section "Operating Mode(11)", note."""
        self.reset(PROFILE)
        for goal, limit in _GOALS_AT_LIMIT.items():
            if goal in self:
                self[goal] = self.get(limit, self._registers[goal].maximum)
        self.reset((Role.GOAL_VELOCITY,))

    def read_range(self, address: int, length: int) -> range:
        """Where the bytes of a request lie; anywhere, once an indirect one may be among them."""
        end = address + length
        return range(address, end) if end <= self._first_pointed else range(len(self._bytes))

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
        error, changes = self._decode_write(address, data)
        if any(register.access == "R" or (register.eeprom and locked) for register, _ in changes):
            return Error.ACCESS, []
        if error is Error.NONE and any(not each.minimum <= value <= each.maximum for each, value in changes):
            error = Error.DATA_RANGE
        return error, [] if error else changes

    def _decode_write(self, address: int, data: bytes) -> tuple[Error, list[Change]]:
        """Which registers bytes are for, and their values."""
        one = self._at.get(address)
        if one is not None and (one.address, one.size, one.pointer) == (address, len(data), None):  # nearly always
            return Error.NONE, [(one, int.from_bytes(data, "little", signed=one.signed))]
        places = {self._target(address + offset): byte for offset, byte in enumerate(data)}
        if not places or not places.keys() <= self._at.keys():
            return Error.ACCESS, []
        registers = dict.fromkeys(self._at[place] for place in places)
        if sum(register.size for register in registers) != len(places):
            return Error.DATA_LENGTH, [(register, 0) for register in registers]
        return Error.NONE, [(register, self._decode(register, places)) for register in registers]

    def store(self, changes: Iterable[Change]) -> None:
        """Carry out changes that were found allowed."""
        for register, value in changes:
            self[register.key] = value

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
