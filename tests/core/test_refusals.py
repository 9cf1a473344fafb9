"""What is refused is told at once, each in a line, or as itself where it is alone."""

from __future__ import annotations

import pytest

from armature.core.refusals import Refusals
from armature.errors import ConfigError, ConfigErrors


def refuse(refusals: Refusals, *names: str) -> None:
    for name in names:
        with refusals.noted():
            raise ConfigError(name, 1, "it must be 2")


def test_several_are_told_one_a_line_each_once_in_their_order():
    refusals = Refusals()
    refuse(refusals, "b\nc", "a", "b\nc")
    with pytest.raises(ConfigErrors) as told:
        refusals.raise_all()
    assert str(told.value) == "b\\nc: 1 cannot be used; it must be 2\na: 1 cannot be used; it must be 2"
    assert [part.where for part in told.value.parts] == ["b\nc", "a"]


def test_those_of_an_error_of_several_count_each():
    inner = Refusals()
    refuse(inner, "a", "b")
    outer = Refusals()
    refuse(outer, "b")
    with outer.noted():
        inner.raise_all()
    assert [error.where for error in outer.found] == ["b", "a"]


def test_one_is_raised_as_itself_and_none_is_not():
    refusals = Refusals()
    refusals.raise_all()
    refuse(refusals, "a")
    with pytest.raises(ConfigError) as told:
        refusals.raise_all()
    assert type(told.value) is ConfigError


def test_other_errors_are_not_collected():
    with pytest.raises(KeyError), Refusals().noted():
        raise KeyError
