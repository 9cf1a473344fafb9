from __future__ import annotations

import math
import re

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from armature.bench.simulation.virtual import ARM, WIRING
from armature.dynamixel.wiring.arm import Wiring
from armature.dynamixel.wiring.edit import with_ranges, with_zero_offsets
from armature.errors import ConfigError
from armature.robots import find_robot

FILE = find_robot("armature6").wiring.read_bytes().decode("utf-8")
JOINTS = WIRING.joints
UNITS = {"deg": math.pi / 180.0, "rad": 1.0}
comments = st.sampled_from(["", "  # 180 deg", " # zero_offset: 1 deg", "   ", "  # größer als Ω? “ja”"])
quotes = st.sampled_from(["", "'", '"'])
between = st.sampled_from(["", "\n", "# a line between\n", "\n\n  # and: another\n"])
orders = st.permutations(["id", "model", "direction", "zero_offset", "reduction"])


def edited(text, offsets):
    return with_zero_offsets(text, {(joint,): offset for joint, offset in offsets.items()}, "f")


@st.composite
def pieces(draw, newline="\n"):
    """The text of a wiring file with a hole where each joint's zero offset stands, and their units."""
    parts, units = ["\ufeff" if draw(st.booleans()) else ""], []
    parts[0] += draw(between) + "bus: {baud_rate: 1000000 bit/s}" + draw(comments) + "\njoints:\n"
    for number, joint in enumerate(JOINTS, 1):
        values = {"id": number, "model": "XM540-W270", "direction": 1, "reduction": "1 rad/rad"}
        if draw(st.booleans()):
            before, after = _flow(draw, joint, values)
        else:
            before, after = _block(draw, joint, values)
        quote = draw(quotes)
        units.append(draw(st.sampled_from(list(UNITS))))
        parts[-1] += before + quote
        parts.append(quote + after + draw(between))
    return [part.replace("\n", newline) for part in parts], units


def _flow(draw, joint, values):
    inside = ", ".join(f"{key}: {value}" for key, value in values.items())
    if draw(st.booleans()):
        return f"  {joint}: {{zero_offset: ", f", {inside}}}{draw(comments)}\n"
    return f"  {joint}: {{{inside}, zero_offset: ", f"}}{draw(comments)}\n"


def _block(draw, joint, values):
    before, after = f"  {joint}:{draw(comments)}\n", ""
    is_before = True
    for key in draw(orders):
        if key == "zero_offset":
            before += "    zero_offset:  "
            after, is_before = f"{draw(comments)}\n", False
        elif is_before:
            before += f"    {key}: {values[key]}{draw(comments)}\n"
        else:
            after += f"    {key}: {values[key]}{draw(comments)}\n"
    return before, after


def filled(parts, numbers, units):
    written = [f"{number} {unit}" for number, unit in zip(numbers, units, strict=True)]
    return parts[0] + "".join(value + part for value, part in zip(written, parts[1:], strict=True))


def shown(offset, unit):
    rounded = round(offset / UNITS[unit], {"deg": 3, "rad": 5}[unit]) + 0.0  # no negative zero
    return np.format_float_positional(rounded, trim="-")


@settings(deadline=None, max_examples=50)
@given(st.data(), st.sampled_from(["\n", "\r\n"]))
def test_nothing_but_the_offsets_changes(data, newline):
    parts, units = data.draw(pieces(newline))
    before = filled(parts, [180] * len(JOINTS), units)
    changed = data.draw(st.dictionaries(st.sampled_from(JOINTS), st.floats(-7.0, 7.0)))
    numbers = [
        shown(changed[joint], unit) if joint in changed else 180 for joint, unit in zip(JOINTS, units, strict=True)
    ]
    assert edited(before, changed) == filled(parts, numbers, units)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(JOINTS), st.floats(-0.02, 0.02)))
def test_the_graph_reads_what_was_written(changes):
    offsets = {servo.joint: servo.zero_offset + changes.get(servo.joint, 0.0) for servo in WIRING.servos}
    read = Wiring.from_yaml(edited(FILE, offsets), ARM)
    tick = WIRING.servos[0].model.position_unit
    for before, after in zip(WIRING.servos, read.servos, strict=True):
        assert after.zero_offset == pytest.approx(offsets[before.joint], abs=tick / 50)
        assert (after.servo_id, after.model, after.direction) == (before.servo_id, before.model, before.direction)


def test_the_unit_of_the_file_is_kept():
    text = "joints: {a: {zero_offset: 3.1 rad}, b: {zero_offset: '10 deg'}}"
    after = edited(text, {"a": math.pi, "b": math.pi})
    assert after == "joints: {a: {zero_offset: 3.14159 rad}, b: {zero_offset: '180 deg'}}"


def test_a_second_edit_finds_the_first_ones_values():
    once = edited(FILE, dict.fromkeys(JOINTS, 1.23456))
    assert edited(once, dict.fromkeys(JOINTS, 1.23456)) == once
    back = edited(once, {servo.joint: servo.zero_offset for servo in WIRING.servos})
    assert back == FILE


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "write zero_offset there, with a value of its own"),
        ("joints: 5", "write zero_offset there"),
        (
            "joints: {waist: {id: 1}}",
            r"f: joints.waist.zero_offset: nothing cannot be used; write zero_offset there",
        ),
        ("joints: {elbow: {zero_offset: 1 deg}}", "write zero_offset there"),
        ("joints: {other: &o {zero_offset: 1 deg}, waist: *o}", "in several places by an alias; write it out"),
        ("joints: {o: {zero_offset: &z 1 deg}, waist: {zero_offset: *z}}", "in several places by an alias"),
        ("x: &o {zero_offset: 1 deg}\njoints: {waist: {<<: *o, id: 1}}", "write zero_offset there"),
        ("joints:\n  waist:\n    zero_offset: |\n      180 deg\n", "write number and unit on one line"),
        ("joints: {waist: {zero_offset: [1, 2]}}", "write number and unit on one line"),
    ],
)
def test_a_value_without_a_place_of_its_own_is_refused(text, told):
    with pytest.raises(ConfigError, match=told):
        edited(text, {"waist": 1.0})


def test_an_anchor_that_nobody_uses_is_no_hindrance():
    after = edited("joints: {waist: {zero_offset: &z 1 deg, id: 1}}", {"waist": 0.0})
    assert yaml.safe_load(after) == {"joints": {"waist": {"zero_offset": "0 deg", "id": 1}}}


def test_a_joints_second_servo_has_an_offset_of_its_own():
    text = "joints: {boom: {zero_offset: 1 deg, second: {id: 12, zero_offset: 2 deg}}}"
    after = with_zero_offsets(text, {("boom", "second"): math.pi}, "f")
    assert after == "joints: {boom: {zero_offset: 1 deg, second: {id: 12, zero_offset: 180 deg}}}"


# Ranges of motion


@settings(deadline=None, max_examples=25)
@given(st.data(), st.sampled_from(["\n", "\r\n"]))
def test_new_ranges_come_behind_the_offsets_and_nothing_else_changes(data, newline):
    parts, units = data.draw(pieces(newline))
    before = filled(parts, [180] * len(JOINTS), units)
    ranges = data.draw(st.dictionaries(st.sampled_from(JOINTS), st.just((-0.5, 0.75))))
    after = with_ranges(before, ranges, (), "f")
    read, was = yaml.safe_load(after)["joints"], yaml.safe_load(before)["joints"]
    for joint, unit in zip(JOINTS, units, strict=True):
        given = read[joint].pop("range", None)
        assert (given is None) == (joint not in ranges)
        if given:
            assert [float(end.split()[0]) * UNITS[unit] for end in given] == pytest.approx([-0.5, 0.75], abs=2e-5)
    assert read == was
    assert re.sub(r"(, |\r?\n +)range: \[[^]]*\]", "", after) == before


def test_a_range_stands_behind_the_comment_of_its_offset():
    text = "joints:\n  waist:\n    zero_offset: 180 deg  # by hand\n    id: 1\n"
    after = with_ranges(text, {"waist": (-math.pi / 2, 1.0)}, (), "f")
    assert after == (
        "joints:\n  waist:\n    zero_offset: 180 deg  # by hand\n    range: [-90 deg, 57.296 deg]\n    id: 1\n"
    )


def test_a_range_that_is_there_is_replaced_in_its_unit():
    text = "joints: {waist: {zero_offset: 180 deg, range: [-1 rad, '2 rad'], id: 1}, grip: {zero_offset: 9 rad}}"
    after = with_ranges(text, {"waist": (-0.5, 0.25), "grip": (0.0, 0.0281)}, {"grip"}, "f")
    assert "waist: {zero_offset: 180 deg, range: [-0.5 rad, 0.25 rad], id: 1}" in after
    assert "grip: {zero_offset: 9 rad, range: [0 mm, 28.1 mm]}" in after


@settings(deadline=None, max_examples=40)
@given(st.floats(-3.0, 3.0), st.floats(0.001, 3.0), st.sampled_from(["deg", "rad"]))
def test_a_range_is_rounded_outward_and_hardly(lower, length, unit):
    text = f"joints: {{waist: {{zero_offset: 1 {unit}}}}}"
    after = yaml.safe_load(with_ranges(text, {"waist": (lower, lower + length)}, (), "f"))
    ends = [float(end.split()[0]) * UNITS[unit] for end in after["joints"]["waist"]["range"]]
    assert -4e-5 < ends[0] - lower < 1e-9
    assert -1e-9 < ends[1] - (lower + length) < 4e-5


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("joints: {waist: {id: 1}}", "joints.waist.zero_offset: nothing .*write zero_offset there"),
        (
            "joints: {waist: {zero_offset: 1 deg, range: 5}}",
            r"joints.waist.range.*write \[lower, upper\] on one line",
        ),
        ("joints:\n  waist:\n    zero_offset: 1 deg\n    range:\n    - 1 rad\n    - 2 rad\n", "on one line"),
        ("joints: {a: &o {zero_offset: 1 deg}, waist: *o}", "in several places by an alias"),
        (
            "r: &r [1 rad, 2 rad]\njoints: {waist: {zero_offset: 1 deg, range: *r}}",
            "in several places by an alias",
        ),
    ],
)
def test_a_range_without_a_place_of_its_own_is_refused(text, told):
    with pytest.raises(ConfigError, match=told):
        with_ranges(text, {"waist": (0.0, 1.0)}, (), "f")
