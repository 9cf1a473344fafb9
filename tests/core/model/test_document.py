from __future__ import annotations

import pytest

from armature.core.model.document import read_document
from armature.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("id: 1\nid: 2", "id stands twice"),
        ("a: [", "expected the node"),
        ("a: 2026-13-45", "no valid timestamp"),
        ("a: !!int waist", "no valid int"),
        ("a: !!float waist", "no valid float"),
        ("a: !!bool waist", "no valid bool"),
        ("a: !!timestamp waist", "no valid timestamp"),
        ("a: " + "9" * 5000, "no valid int"),
        ("!!map [1, 2]", "expected a mapping node"),
        ("a: !!set [1]", "expected a mapping node"),
        ("? [a]\n: 1", "unhashable key"),
    ],
)
def test_what_is_no_yaml_is_refused_with_its_line(text: str, why: str):
    with pytest.raises(ConfigError, match=f"^file.yaml, line [12]: .*{why}") as refused:
        read_document(text, "file.yaml")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 011", 'octal: write 11, or "011" for text'),
        ("a: -010", 'write -10, or "-010"'),
        ("a: 00", "octal: write 0"),
        ("a: 0o17", "octal"),
        ("a: 0x1F", "decimal number"),
        ("a: 0b11", "decimal number"),
        ("a: 1_000", "write 1000"),
        ("a: 1_000.5", "write 1000.5"),
        ("a: 12:30:00", "base 60"),
        ("a: 190:20.5", "base 60"),
        ("a: 2026-11-30", 'no valid timestamp.*"2026-11-30"'),
        ("a: 2026-11-30T10:00:00Z", "no valid timestamp"),
        ("a: [1, 011]", "octal"),
    ],
)
def test_what_readers_of_yaml_take_differently_is_refused_with_what_would_work(text: str, told: str):
    with pytest.raises(ConfigError, match=rf"^file.yaml, line 1: .*{told}") as refused:
        read_document(text, "file.yaml")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("off", "off"),
        ("true", True),
        ("False", False),
        ("1e3", 1000.0),
        ("-0.5", -0.5),
        ("+3", 3),
        ("0", 0),
        ("~", None),
        ("", None),
        ('"010"', "010"),
        ("1.5 rad", "1.5 rad"),
        ("XM430-W350-T", "XM430-W350-T"),
        ("=", "="),
    ],
)
def test_values_are_those_of_yaml_1_2(text: str, value: object):
    found = read_document(f"a: {text}", "file.yaml")
    assert found == {"a": value}
    assert type(found["a"]) is type(value)


@pytest.mark.parametrize("key", ["off", "yes", "010", "1e3", "12:30:00", "2026-11-30", "null", "true", "1", "1.0"])
def test_keys_are_text_as_it_stands(key: str):
    assert read_document(f"{key}: 1\n{key}x: 2", "file.yaml") == {key: 1, f"{key}x": 2}


def test_keys_that_are_one_number_in_two_spellings_are_two_names():
    assert read_document("1: a\n1.0: b\n01: c", "file.yaml") == {"1": "a", "1.0": "b", "01": "c"}


@pytest.mark.parametrize("text", ["[" * 5000, "a: \0", "&a {? *a : 1}"])
def test_what_cannot_be_read_at_all_is_refused_with_the_file(text: str):
    with pytest.raises(ConfigError, match=r"^file.yaml"):
        read_document(text, "file.yaml")


def aliases(first: str, further: str, depth: int) -> str:
    """A document each of whose values holds the one before it twice."""
    names = [f"a{number}" for number in range(depth)]
    pairs = zip(names[1:], names, strict=False)
    return f"a0: &a0 {first}\n" + "".join(f"{name}: &{name} {further.format(last)}\n" for name, last in pairs)


@pytest.mark.parametrize(
    "text",
    [
        aliases("[1, 1]", "[*{0}, *{0}]", 40),
        aliases("{x: 1}", "{{<<: [*{0}, *{0}]}}", 40),
        "a: &a [*a]",
        "a: &a {b: *a}",
    ],
)
def test_more_values_than_any_file_needs_are_refused(text: str):
    with pytest.raises(ConfigError, match=r"file.yaml, line 1: '.* at most 100,000 are read'"):
        read_document(text, "file.yaml")


def test_a_few_aliases_are_read():
    assert read_document("a: &a {x: 1}\nb: *a\nc: {<<: *a, y: 2}", "f") == {
        "a": {"x": 1},
        "b": {"x": 1},
        "c": {"x": 1, "y": 2},
    }
