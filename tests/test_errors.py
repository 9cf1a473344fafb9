"""What errors say to people: why, by value and bound, and the system's reasons in its own words."""

from __future__ import annotations

import errno
import math
import re

import pytest
import serial
from hypothesis import example, given
from hypothesis import strategies as st

from armature.errors import ConfigError, GoalRefused, apart, bounds, listed, named, system_reason

_NO_FILE = f"[Errno 2] could not open port x: {FileNotFoundError(errno.ENOENT, 'No such file or directory', 'x')}"
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


@given(st.floats(0.001, 1000.0), st.floats(1e-12, 1e-3))
@example(math.pi / 2.0, 1e-9)
@example(math.pi / 2.0, 1e-6)
@example(2.5, 1e-15)
def test_a_value_just_beyond_a_bound_is_told_beyond_it(bound: float, beyond: float):
    value = bound + beyond
    if value == bound:
        return
    refused = GoalRefused("position of elbow", value, f"its limits are {bounds(-bound, bound, value)} rad", "rad")
    told_value, lower, upper = (float(text) for text in NUMBER.findall(str(refused)))
    assert lower < upper < told_value


def test_the_quarter_turn_of_a_urdf_is_not_told_as_within_its_limit():
    value = math.pi / 2.0 + 1e-7
    told = str(GoalRefused("elbow", value, f"its limits are {bounds(-math.pi / 2.0, math.pi / 2.0, value)}"))
    assert told == "elbow: 1.5708 refused; its limits are -1.5708 to 1.570796"


def test_a_name_cannot_break_the_line_nor_command_the_terminal():
    told = str(ConfigError("joint a\nb: limit \x1b[2J\x9b", 1, "use \u202e gelenk_ä"))
    assert told == r"joint a\nb: limit \x1b[2J\x9b: 1 cannot be used; use \u202e gelenk_ä"


@pytest.mark.parametrize(
    ("value", "told"), [(1.6, "1.6"), (2.0, "2.0"), (1.23456789, "1.23457"), (math.nan, "nan")]
)
def test_elsewhere_six_digits_are_enough(value: float, told: str):
    assert str(ConfigError("x", value, "it must be within 0 and 1.5")).startswith(f"x: {told} cannot")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (1795976178.1, "1795976178.1"),
        (-1234567.8912, "-1234567.891"),
        (123456.25, "123456.25"),
        (1e20, "1e+20"),
        (-1e308, "-1e+308"),
    ],
)
def test_large_numbers_are_told_to_the_thousandth_as_stamps_need(value: float, told: str):
    assert str(GoalRefused("header.stamp", value, "no")) == f"header.stamp: {told} refused; no"


def test_what_was_left_out_is_told_as_that():
    assert str(ConfigError("x", None, "it must be a number")) == "x: nothing is given; it must be a number"


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (["elbow", "wrist"], "[elbow, wrist]"),
        ((), "[]"),
        ([0.1 + 0.2, 1], "[0.3, 1]"),
        ({"a": [None, "b"]}, "{a: [nothing, b]}"),
        (True, "true"),
        ("elbow", "'elbow'"),
    ],
)
def test_a_value_is_told_as_its_file_has_it_and_not_as_a_program(value, told):
    assert str(ConfigError("x", value, "it must be a number")).startswith(f"x: {told} cannot")


def test_names_in_a_list_stand_all_in_quotes_or_none():
    assert named("waist", "elbow") == "waist, elbow"
    assert named("waist", "forearm_roll") == "'waist', 'forearm_roll'"
    assert listed("joints", ["waist", "forearm_roll"]) == "joints are waist, forearm_roll"
    assert listed("joints", ["waist", "fore arm"]) == "joints are 'waist', 'fore arm'"


def test_numbers_that_are_alike_are_written_alike():
    assert apart(0.5, 0.5) == "0.5000"
    assert apart(0.5, 0.7, "g") == "0.5"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (FileNotFoundError(errno.ENOENT, "No such file or directory", "/nowhere"), "No such file or directory"),
        (serial.SerialException(errno.ENOENT, _NO_FILE.partition("] ")[2]), "No such file or directory"),
        (OSError(errno.ENXIO, "its link is older than /dev/pts/3"), "its link is older than /dev/pts/3"),
        (EOFError("end of file"), "end of file"),
        (
            serial.SerialException("Could not configure port: (25, 'Inappropriate ioctl for device')"),
            "Inappropriate ioctl for device",
        ),
    ],
)
def test_the_system_s_reason_is_told_without_a_number_and_once(error, told):
    assert system_reason(error) == told
