from __future__ import annotations

import pytest

from armature.dynamixel.protocol.packet import Error
from armature.dynamixel.tables.registry import servo_model
from armature.dynamixel.tables.roles import Role
from armature.emulator.servo.registers import FactoryReset, RegisterFile

MODEL = servo_model("XM430-W350")


@pytest.fixture
def file():
    return RegisterFile(MODEL)


def changes(file, address, data, *, locked=False):
    return file.changes(address, bytes(data), locked=locked)


def test_registers_begin_with_their_defaults(file):
    for register in MODEL.registers.values():
        assert file[register.key] == (register.default or 0)


def test_bytes_are_little_endian_and_signed_values_twos_complement(file):
    file[Role.HOMING_OFFSET] = -2
    assert file.read(20, 4) == (Error.NONE, bytes([0xFE, 0xFF, 0xFF, 0xFF]))
    assert file[Role.HOMING_OFFSET] == -2


def test_a_block_may_span_registers_and_gaps(file):
    error, data = file.read(0, 13)
    assert (error, len(data)) == (Error.NONE, 13)
    assert data[:2] == (1020).to_bytes(2, "little")
    assert data[7:10] == bytes([1, 1, 250])


def test_one_write_may_change_several_registers(file):
    error, found = changes(file, 80, [1, 0, 2, 0, 3, 0])
    assert error is Error.NONE
    file.store(found)
    assert [file[f"position_{gain}_gain"] for gain in "dip"] == [1, 2, 3]


# Protocol 2.0, "Error".
@pytest.mark.parametrize(
    ("address", "data", "locked", "error"),
    [
        (132, [0, 0, 0, 0], False, Error.ACCESS),  # Present Position is read only
        (14, [0], False, Error.ACCESS),  # nothing is defined there
        (64, [1, 0, 0], False, Error.ACCESS),  # 66 is not defined
        (5_000, [0], False, Error.ACCESS),
        (7, [2], True, Error.ACCESS),  # EEPROM is locked while torque is on
        (64, [0, 1], True, Error.NONE),  # RAM is not
        (116, [0, 0], False, Error.DATA_LENGTH),  # half a register
        (117, [0, 0, 0], False, Error.DATA_LENGTH),
        (84, [0, 0, 0], False, Error.ACCESS),  # 86 is not defined
        (82, [0, 0, 0], False, Error.DATA_LENGTH),
        (84, [0x00, 0x40], False, Error.DATA_RANGE),  # 16384 > 16383
        (64, [2], False, Error.DATA_RANGE),
        (100, [0x8A, 0xFC], False, Error.DATA_RANGE),  # -886 < -885
        (100, [0x8B, 0xFC], False, Error.NONE),  # -885
        (7, [253], False, Error.DATA_RANGE),
        (116, [], False, Error.ACCESS),
    ],
)
def test_rules_of_writing(file, address, data, locked, error):
    before = file.read(0, 147)
    found, list_of_changes = changes(file, address, data, locked=locked)
    assert found is error
    assert bool(list_of_changes) == (error is Error.NONE)
    assert file.read(0, 147) == before


@pytest.mark.parametrize(("address", "length"), [(14, 2), (660, 4), (3_000, 1), (0, 0)])
def test_reading_where_nothing_is_defined_is_an_access_error(file, address, length):
    assert file.read(address, length) == (Error.ACCESS, b"")


def test_indirect_data_is_the_byte_that_its_address_names(file):
    """Section "Indirect Address": 168 names the byte behind 224."""
    file["Indirect Address 1"] = 84
    file["Indirect Address 2"] = 85
    file[Role.POSITION_P_GAIN] = 0x0321
    assert file.read(224, 2) == (Error.NONE, bytes([0x21, 0x03]))
    error, found = changes(file, 224, [0x56, 0x04])
    assert error is Error.NONE
    file.store(found)
    assert file[Role.POSITION_P_GAIN] == 0x0456


def test_indirect_writes_obey_the_rules_of_their_targets(file):
    file["Indirect Address 1"] = 132
    assert changes(file, 224, [1])[0] is Error.ACCESS
    file["Indirect Address 1"] = 84
    assert changes(file, 224, [1])[0] is Error.DATA_LENGTH


def test_the_second_bank_of_indirect_data_works(file):
    file["Indirect Address 29"] = 65
    error, found = changes(file, 634, [1])
    assert error is Error.NONE
    file.store(found)
    assert file["LED"] == 1


def test_untouched_indirect_data_is_plain_memory(file):
    error, found = changes(file, 230, [7, 8, 9])
    assert error is Error.NONE
    file.store(found)
    assert file.read(229, 5) == (Error.NONE, bytes([0, 7, 8, 9, 0]))


def test_ram_forgets_and_eeprom_keeps(file):
    file[Role.ID], file[Role.POSITION_P_GAIN] = 9, 5
    file.reset_ram()
    assert (file[Role.ID], file[Role.POSITION_P_GAIN]) == (9, 800)


def test_a_factory_reset_keeps_what_it_is_told_to(file):
    file[Role.ID], file[Role.BAUD_RATE], file[Role.MAX_POSITION_LIMIT] = 9, 3, 3_000
    file.reset_eeprom(FactoryReset.KEEP_ID)
    assert (file[Role.ID], file[Role.BAUD_RATE], file[Role.MAX_POSITION_LIMIT]) == (9, 1, 4_095)
