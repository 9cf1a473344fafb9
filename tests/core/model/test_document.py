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


@pytest.mark.parametrize("text", ["[" * 5000, "a: \0", "&a {? *a : 1}"])
def test_what_cannot_be_read_at_all_is_refused_with_the_file(text: str):
    with pytest.raises(ConfigError, match=r"^file.yaml"):
        read_document(text, "file.yaml")
