from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.core.model.units import quantity
from armature.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "units", "expected"),
    [
        ("180 deg", ("rad", "deg"), math.pi),
        ("-1.5 rad", ("rad", "deg"), -1.5),
        ("12 mm", ("m", "mm"), 0.012),
        ("83.3 rad/m", ("rad/m",), 83.3),
        ("0.0833 rad/mm", ("rad/m", "rad/mm"), 83.3),
        ("1000000 bit/s", ("bit/s",), 1e6),
        ("1 Mbit/s", ("bit/s", "kbit/s", "Mbit/s"), 1e6),
        ("57.6 kbit/s", ("bit/s", "kbit/s", "Mbit/s"), 57_600.0),
        ("1 Mbit/s", ("bit/s", "Mbit/s"), 1e6),
        ("57.6 kbps", ("kbps",), 57_600.0),
        ("1e3 mm", ("mm",), 1.0),
    ],
)
def test_a_number_with_its_unit_becomes_si(text, units, expected):
    assert quantity("field", text, units) == pytest.approx(expected)


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_degrees_and_radians_agree(degrees):
    rad = quantity("field", f"{math.radians(degrees)!r} rad", ("rad",))
    assert quantity("field", f"{degrees!r} deg", ("deg",)) == pytest.approx(rad, rel=1e-12, abs=1e-300)


@pytest.mark.parametrize("value", [1.5, 1, None, True, "", "1.5", "deg", "1.5 deg rad", "a deg", ["1 deg"]])
def test_a_number_without_a_unit_is_refused_with_an_example(value):
    with pytest.raises(ConfigError, match=r"shoulder.*'1\.5 rad' \(units: rad, deg\)"):
        quantity("shoulder", value, ("rad", "deg"))


@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "1e999"])
def test_a_number_that_is_not_finite_is_refused(number):
    with pytest.raises(ConfigError, match=number):
        quantity("shoulder", f"{number} rad", ("rad",))


def test_a_unit_that_does_not_fit_the_field_is_refused():
    with pytest.raises(ConfigError, match="units: m, mm"):
        quantity("gripper", "3 deg", ("m", "mm"))
