"""Serial devices of several buses, as one text."""

from __future__ import annotations

import pytest

from armature.dynamixel.protocol.device_names import port_paths, port_text
from armature.errors import ConfigError

TWO = ("lower", "upper")


def test_a_lone_bus_takes_the_text_as_its_device():
    assert port_paths("/dev/a=b,c", ("",)) == {"": "/dev/a=b,c"}


def test_several_are_given_by_name_in_any_order():
    assert port_paths("upper=/dev/u,lower=/dev/l", TWO) == {"lower": "/dev/l", "upper": "/dev/u"}


def test_a_folder_has_a_device_for_each():
    assert port_paths("/dev/arm", TWO) == {"lower": "/dev/arm/lower", "upper": "/dev/arm/upper"}


def test_relative_paths_become_absolute(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert port_paths("bus", ("",)) == {"": str(tmp_path / "bus")}
    assert port_paths("lower=l,upper=u", TWO) == {"lower": str(tmp_path / "l"), "upper": str(tmp_path / "u")}


@pytest.mark.parametrize("paths", [{"": "/dev/a"}, {"lower": "/dev/l", "upper": "/dev/u"}])
def test_what_is_written_is_read_back(paths):
    assert port_paths(port_text(paths), tuple(paths)) == paths


@pytest.mark.parametrize(
    "text",
    [
        "lower=/dev/l",
        "lower=/dev/l,lower=/dev/u",
        "lower=/dev/l,upper=/dev/l",
        "lower=/dev/l,upper=/dev/u,lower=/dev/x",
        "lower=/dev/l,middle=/dev/u",
        "lower=/dev/l,/dev/u",
        "lower=,upper=/dev/u",
    ],
)
def test_devices_that_do_not_match_the_buses_are_refused_with_what_would_work(text):
    with pytest.raises(ConfigError, match="lower=DEVICE,upper=DEVICE"):
        port_paths(text, TWO)
