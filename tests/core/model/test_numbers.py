from __future__ import annotations

import pytest

from armature.core.model.numbers import PHYSICAL, numbers
from armature.core.model.units import quantity
from armature.errors import ConfigError


@pytest.mark.parametrize("text", ["0", "-1.5", "+.5", "5.", "1e-3", "2E+4", "1e16"])
def test_decimal_digits_are_a_number(text):
    assert numbers(text, 1, "here") == (float(text),)
    assert quantity("here", f"{text} rad", ("rad",)) == float(text)


@pytest.mark.parametrize("text", ["1_0", "\u0663", "nan", "inf", "1e400", "-1e308", "0x10", "--1", "1,0"])
def test_what_other_readers_take_otherwise_or_nobody_can_compute_with_is_refused(text):
    with pytest.raises(ConfigError, match=r"here: .* cannot be used; a finite number is needed"):
        numbers(text, 1, "here")
    with pytest.raises(ConfigError, match=r"here: .* cannot be used; write a number and a unit"):
        quantity("here", f"{text} rad", ("rad",))


def test_a_number_beyond_any_arm_is_refused_with_the_bound():
    for text in ("1e39", "-1000001"):
        with pytest.raises(
            ConfigError, match=rf"mass: '{text}' cannot be used; it is .*: at most 1,000,000 is read"
        ):
            numbers(text, 1, "mass", PHYSICAL)
    assert numbers("1e6 -1e6", 2, "here", PHYSICAL) == (1e6, -1e6)
