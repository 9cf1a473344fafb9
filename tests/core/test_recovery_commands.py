"""Commands in messages mean the arm whose process tells them."""

from __future__ import annotations

import pytest

from armature.core import recovery_commands
from armature.core.recovery_commands import in_namespace

TOLD = "support the arm, then run armature torque-off, then run armature clear; or armature free --end"


def test_an_arm_without_a_namespace_is_told_the_bare_command():
    assert in_namespace(TOLD, "/") == in_namespace(TOLD, "") == TOLD


@pytest.mark.parametrize("namespace", ["left", "/left", "/cell/left/"])
def test_an_arm_with_a_namespace_is_told_its_own(namespace):
    name = namespace.strip("/")
    told = f"support the arm, then run armature torque-off --namespace {name}, "
    told += f"then run armature clear --namespace {name}; or armature free --namespace {name} --end"
    assert in_namespace(TOLD, namespace) == told
    assert in_namespace(told, namespace) == told


@pytest.mark.parametrize(
    "text", ["armature6 is an arm", "run armature calibrate", "armature status-quo", "is enabled"]
)
def test_what_is_no_command_of_one_arm_stays(text):
    assert in_namespace(text, "left") == text


def test_every_word_that_a_message_has_for_a_command_takes_a_namespace():
    words = [text for name, text in vars(recovery_commands).items() if name.isupper() and isinstance(text, str)]
    assert len(words) > 10
    assert [word for word in words if "--namespace left" not in in_namespace(word, "left")] == []
