from __future__ import annotations

import math
import struct
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from armature.dynamixel.tables.registry import baud_rates, servo_model, servo_model_by_number
from armature.dynamixel.tables.roles import Role
from armature.dynamixel.tables.x_series.facts import COMMON, ROLES
from armature.dynamixel.tables.x_series.ratings import RATINGS
from armature.errors import ConfigError

XM430 = servo_model("XM430-W350")
FOLDER = Path(find_spec("dynamixel_easy_sdk").origin).parent / "control_table"


@pytest.mark.parametrize("name", RATINGS)
def test_addresses_and_sizes_are_those_of_the_sdk(name):
    text = (FOLDER / (name.lower().removesuffix("(2.0)").replace("-", "_") + ".model")).read_text()
    text = text.replace("BUS Watchdog", "Bus Watchdog")  # as in all files but the MX series'
    rows = [line.split("\t") for line in text.split("[control table]")[1].splitlines()[2:] if line.strip()]
    model = servo_model(name)
    for address, size, title in rows:
        if not title.startswith("Indirect") or title.endswith(" 1"):
            register = model.registers[title]
            assert (register.address, register.size) == (int(address), int(size))


@pytest.mark.parametrize("name", RATINGS)
def test_every_model_is_complete_and_consistent(name):
    model = servo_model(name)
    for register in model.registers.values():
        assert register.minimum <= register.maximum
        assert register.eeprom == (register.address < 64)
        if register.default is not None:
            assert register.minimum <= register.default <= register.maximum, register
    covered = [address for item in model.registers.values() for address in range(item.address, item.end)]
    assert len(covered) == len(set(covered))
    assert model.registers["Model Number"].default == model.number
    assert ("Goal Current" in model.registers) == (model.current_unit is not None)


# e-Manual, "Control Table" and "Specifications" of each page.
@pytest.mark.parametrize(
    ("name", "number", "velocity_limit", "p_gain", "stall_torque", "no_load_rpm"),
    [
        ("XL430-W250", 1060, 265, 640, 1.4, 57),
        ("XM430-W350", 1020, 200, 800, 4.1, 46),
        ("XM540-W270", 1120, 128, 800, 10.6, 30),
        ("XL330-M288", 1200, 445, 400, 0.52, 103),
        ("XC330-T181", 1210, 510, 900, 0.76, 104),
        ("MX-28(2.0)", 30, 230, 850, 2.5, 55),
        ("MX-64(2.0)", 311, 285, 850, 6.0, 63),
        ("MX-106(2.0)", 321, 210, 850, 8.4, 45),
        ("2XL430-W250", 1090, 250, 640, 1.4, 57),
        ("2XC430-W250", 1160, 275, 700, 1.8, 64),
        ("XH540-V150", 1150, 230, 800, 6.4, 60),
    ],
)
def test_facts_of_the_manual(name, number, velocity_limit, p_gain, stall_torque, no_load_rpm):
    model = servo_model_by_number(number)
    assert model.name == name
    assert model.registers["Velocity Limit"].default == velocity_limit
    assert model.registers["Position P Gain"].default == p_gain
    assert model.stall_torque == stall_torque
    assert model.no_load_speed * 60 / (2 * math.pi) == pytest.approx(no_load_rpm)


def test_every_model_is_in_the_documentation():
    text = (Path(__file__).parents[3] / "docs" / "reference" / "servo_interface.md").read_text("utf-8")
    assert [name for name in RATINGS if name not in text] == []


def test_units_are_those_of_the_manual():
    assert XM430.resolution == 4096
    assert math.degrees(XM430.position_unit) == pytest.approx(0.088, abs=5e-4)
    assert XM430.velocity_unit * 60 / (2 * math.pi) == pytest.approx(0.229, abs=5e-4)
    assert XM430.current_unit == pytest.approx(2.69e-3)
    assert servo_model("XL430-W250").current_unit is None


def test_no_default_velocity_is_far_from_the_no_load_speed():
    for name in RATINGS:
        model = servo_model(name)
        limit = model.registers["Velocity Limit"].default * model.velocity_unit
        assert 0.7 < limit / model.no_load_speed < 1.3 or name in ("XC330-M288", "XC330-T288", "XL330-M077")


def test_indirect_registers_come_in_banks_of_28():
    """e-Manual, XM430-W350: 168 to 222 point at 224 to 251, 578 to 632 at 634 to 661."""
    get = XM430.registers.__getitem__
    assert (get("Indirect Address 1").address, get("Indirect Address 1").default) == (168, 224)
    assert (get("Indirect Address 28").address, get("Indirect Address 28").default) == (222, 251)
    assert (get("Indirect Address 29").address, get("Indirect Address 29").default) == (578, 634)
    assert (get("Indirect Data 56").address, get("Indirect Data 56").size) == (661, 1)
    assert "Indirect Address 57" not in XM430.registers


def test_a_signed_register_reads_twos_complement():
    current, position = XM430.registers["Present Current"], XM430.registers["Present Position"]
    assert current.decode(0xFFFF) == -1
    assert current.decode(0x7FFF) == 32767
    assert position.decode(0xFFFF_F000) == -4096
    assert XM430.registers["Present Temperature"].decode(0xFF) == 255


def test_values_are_written_little_endian():
    assert XM430.registers["Goal Position"].encode(512) == bytes([0x00, 0x02, 0x00, 0x00])
    assert XM430.registers["Goal Position"].encode(-2) == bytes([0xFE, 0xFF, 0xFF, 0xFF])


@pytest.mark.parametrize("name", RATINGS)
def test_the_module_struct_packs_a_register_by_its_format_as_encode_does(name):
    for register in servo_model(name).registers.values():
        for value in (register.minimum, register.maximum):
            assert struct.pack("<" + register.format, value) == register.encode(value), register.name


@settings(deadline=None)
@given(st.data())
def test_what_was_encoded_is_decoded(data):
    register = data.draw(st.sampled_from(sorted(XM430.registers.values(), key=lambda item: item.address)))
    value = data.draw(st.integers(register.minimum, register.maximum))
    raw = register.encode(value)
    assert len(raw) == register.size
    assert register.decode(int.from_bytes(raw, "little")) == value


@pytest.mark.parametrize(
    ("name", "value", "bounds"),
    [
        ("Position P Gain", 16_384, "0 to 16383"),
        ("Position P Gain", -1, "0 to 16383"),
        ("Torque Enable", 2, "0 to 1"),
        ("Goal PWM", -886, "-885 to 885"),
        ("Bus Watchdog", 128, "0 to 127"),
        ("ID", 253, "0 to 252"),
    ],
)
def test_a_value_outside_the_range_is_refused_before_it_is_written(name, value, bounds):
    with pytest.raises(ConfigError, match=f"{name}: {value}.*{bounds}"):
        XM430.registers[name].encode(value)


@pytest.mark.parametrize("name", ["XM430", "xm430-w350", "", "AX-12A", "MX-28"])
def test_an_unknown_model_is_answered_with_those_known(name):
    with pytest.raises(ConfigError, match=r"known models are 2XC430-W250, .*XM540-W270"):
        servo_model(name)


@pytest.mark.parametrize("number", [0, 1, 29, 65535])
def test_an_unknown_model_number_is_answered_with_those_known(number):
    with pytest.raises(ConfigError, match=r"1020 \(XM430-W350\)"):
        servo_model_by_number(number)


def test_tables_cannot_be_changed():
    with pytest.raises(TypeError):
        XM430.registers["ID"] = XM430.registers["LED"]


def test_a_model_is_loaded_once():
    assert servo_model("XM430-W350") is servo_model_by_number(1020)


def test_baud_rates_are_indexed_by_the_register():
    """e-Manual, "Baud Rate(8)": 1 is 57,600 bit/s, 3 is 1 Mbit/s, 6 is 4 Mbit/s."""
    assert [XM430.baud_rate_of(index) for index in (1, 3, 6, 8)] == [57_600, 1_000_000, 4_000_000, None]
    assert [XM430.baud_index("baud rate", rate) for rate in baud_rates()] == list(range(8))


def test_one_sync_write_reaches_the_goals_of_all_models():
    """Goals of mixed models go out in one packet, by one address and size."""
    goals = {
        (register.address, register.size, register.signed, register.minimum, register.maximum)
        for name in RATINGS
        for register in [servo_model(name).registers["Goal Position"]]
    }
    assert goals == {(116, 4, True, -1_048_575, 1_048_575)}


def test_every_role_is_the_register_of_that_name():
    """But for the one that no Dynamixel has: X and MX start anew by an instruction."""
    assert set(ROLES) <= set(COMMON)
    assert set(Role) - set(ROLES.values()) == {Role.REBOOT}
    for name, role in ROLES.items():
        if name in XM430.registers:
            assert XM430[role] is XM430.registers[name]
        else:
            assert not XM430.has(role)


@pytest.mark.parametrize(
    ("role", "raw", "value"),
    [
        (Role.PRESENT_POSITION, 1_024, math.pi / 2),
        (Role.PRESENT_VELOCITY, 100, 100 * 0.229 * 2 * math.pi / 60),
        (Role.PRESENT_CURRENT, -100, -0.269),
        (Role.PRESENT_VOLTAGE, 121, 12.1),
        (Role.PRESENT_TEMPERATURE, 40, 40.0),
        (Role.BUS_WATCHDOG, 10, 0.2),
        (Role.RETURN_DELAY, 250, 500e-6),
        (Role.REALTIME_TICK, 1_500, 1.5),
        (Role.PROFILE_ACCELERATION, 1, 214.577 * 2 * math.pi / 3_600),
    ],
)
def test_raw_values_have_the_units_of_the_manual(role, raw, value):
    assert XM430[role].to_si(raw) == pytest.approx(value, rel=2e-3)
    assert XM430[role].to_raw(XM430[role].to_si(raw)) == raw


def test_a_register_that_a_model_lacks_is_refused_by_its_role():
    with pytest.raises(ConfigError, match="register: 'goal_current' cannot be used; XL430-W250 has none for it"):
        servo_model("XL430-W250")[Role.GOAL_CURRENT]


@pytest.mark.parametrize("printed", ["XM430-W350-T", "XM430-W350-R", "XM430-W350"])
def test_a_model_is_known_as_it_is_printed_on_the_servo(printed):
    assert servo_model(printed).name == "XM430-W350"
