"""What the tests look for in every refusal that they provoke (conftest.py)."""

from __future__ import annotations

import pytest

from armature.errors import CommandRefused, ConfigError

from .refusals import flaws_in, noted_refusals


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ("rate: 4 cannot be used; it must\nbe less", "more than one line"),
        ("file: [Errno 2] No such file; name one", "a number of the system's in place of its words"),
        ("joint: 'x' refused; name each of  once", "a list of nothing"),
        ("pose: 'x' cannot be used; poses are ", "a list of nothing"),
        ("x: 1 refused; give _lower", "a name that nobody can write"),
        ("x: 1 refused; give faults__load", "a name that nobody can write"),
        ("x: <class 'int'> refused; give 1", "an object of Python's"),
        ("x: 1 refused; ", "nothing to do"),
        ("pose: 1 refused; wrist_pitch at the limit", "wrist_pitch without quotes"),
    ],
)
def test_a_flaw_is_found(text, flaw):
    assert flaw in flaws_in(text)


def test_a_refusal_in_plain_words_has_none():
    assert (
        flaws_in("arm.yaml, line 3: parameter max_missed_reads: 4.0 cannot be used; it must be at least 5") == []
    )
    assert flaws_in("name: '_of  once' cannot be used; joints are waist, elbow") == []


@pytest.mark.parametrize(
    "text",
    [
        "joint wrist_pitch: limit: 1 cannot be used; 'wrist_pitch' at the limit, nearest is wrist_pitch=1.2",
        "frame: 'hand' cannot be used; frames are base_link, upper_arm, tool0",
        "enable refused: it holds; release it, then call /servo_interface/enable",
        "package: 'x' cannot be used; set ROS_PACKAGE_PATH, or read /opt/my_arm/urdf",
        "joints.elbow: 1 cannot be used; change zero_offset, or limits.elbow.max_speed",
    ],
)
def test_names_that_stand_as_they_are_written_are_none(text):
    assert flaws_in(text) == []


def test_refusals_are_noted_as_they_are_made():
    with noted_refusals() as told:
        ConfigError("x", 1, "it must be 2")
        CommandRefused("enable", "it is on", "wait")
    assert told == ["x: 1 cannot be used; it must be 2", "enable refused: it is on; wait"]
    ConfigError("x", 1, "it must be 3")
    assert len(told) == 2
