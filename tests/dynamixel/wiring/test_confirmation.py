"""The stamp of a wiring file: it holds as long as nothing changes that decides where a joint is."""

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml

from armature.bench.simulation.virtual import ARM
from armature.core.model.urdf import read_urdf
from armature.dynamixel.wiring.arm import Wiring
from armature.dynamixel.wiring.edit import with_confirmation, with_directions
from armature.errors import ConfigError
from armature.robots import find_robot

from ...confirmed import confirmed
from .. import twin

TEXT = find_robot("armature6").wiring_text
UNSTAMPED = TEXT.partition("# Directions")[0]


def wiring(text):
    return Wiring.from_yaml(text, ARM)


def test_what_nobody_has_confirmed_is_not_confirmed():
    assert not wiring(UNSTAMPED).is_confirmed
    assert wiring(confirmed(UNSTAMPED, ARM)).is_confirmed


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("id: 3\n", "id: 33\n"),
        ("model: XL430-W250", "model: XM430-W350"),
        ("direction: -1", "direction: 1"),
        ("zero_offset: 180 deg", "zero_offset: 180.1 deg"),
        ("83.3333 rad/m", "84 rad/m"),
    ],
)
def test_it_is_void_once_a_joint_might_be_elsewhere(old, new):
    changed = TEXT.replace(old, new, 1)
    assert changed != TEXT
    assert not wiring(changed).is_confirmed


def test_comments_order_and_what_is_beside_the_point_do_not_matter():
    content = yaml.safe_load(TEXT)
    content["bus"]["baud_rate"] = "57600 bit/s"
    content["joints"] = dict(reversed(content["joints"].items()))
    content["joints"]["elbow"]["range"] = ["-100 deg", "50 deg"]
    assert wiring(yaml.safe_dump(content, allow_unicode=True)).is_confirmed
    assert wiring(f"# another comment\n{TEXT}").is_confirmed


def test_a_second_servo_counts_too():
    stamped = replace(twin.WIRING, confirmed=twin.WIRING.digest)
    alone = replace(stamped, servos=stamped.servos[:1])
    assert (stamped.is_confirmed, alone.is_confirmed) == (True, False)


def test_a_new_stamp_takes_the_old_ones_place_and_nothing_else_changes():
    before = with_confirmation(UNSTAMPED, "sha256-0000", "f")
    after = with_confirmation(before, "sha256-ffff", "f")
    assert before.startswith(UNSTAMPED)
    assert after == before.replace("sha256-0000", "sha256-ffff")


def test_line_ends_of_the_file_are_kept():
    text = with_confirmation(UNSTAMPED.replace("\n", "\r\n"), "sha256-0000", "f")
    assert text.count("\n") == text.count("\r\n")


def test_a_direction_is_turned_where_it_stands():
    assert with_directions(TEXT, {("elbow",): 1}, "f") == TEXT.replace("direction: -1", "direction: 1", 1)


def test_a_direction_by_an_alias_is_refused():
    shared = TEXT.replace("direction: 1", "direction: &one 1", 1).replace("direction: 1", "direction: *one", 1)
    with pytest.raises(ConfigError, match="by an alias; write it out in each"):
        with_directions(shared, {("waist",): -1}, "f")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('<axis xyz="0 1 0"/>', '<axis xyz="0 -1 0"/>'),
        ('<origin xyz="0 0 0.2"/>', '<origin xyz="0 0 0.2" rpy="0 0.3 0"/>'),
    ],
)
def test_another_urdf_turns_joints_another_way(old, new):
    """As of the two calibrations that SO-101 is published with."""
    assert old in ARM.urdf
    assert Wiring.from_yaml(UNSTAMPED, read_urdf(ARM.urdf.replace(old, new))).digest != wiring(UNSTAMPED).digest
    moved = read_urdf(ARM.urdf.replace('<origin xyz="0 0 0.2"/>', '<origin xyz="0 0 0.25"/>'))
    assert Wiring.from_yaml(UNSTAMPED, moved).digest == wiring(UNSTAMPED).digest
