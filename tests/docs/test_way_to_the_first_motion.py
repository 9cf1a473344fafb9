"""What has to be read before one's own arm moves for the first time: little, and every warning."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MOST = 1_500  # words


def way() -> str:
    """README as far as to its tutorials, the tutorial of one's own arm, and its how-to."""
    readme = (ROOT / "README.md").read_text("utf-8").partition("## Move it from a program")[0]
    pages = ("docs/tutorials/own_arm.md", "docs/howto/commissioning.md")
    return "\n".join([readme, *((ROOT / page).read_text("utf-8") for page in pages)])


def test_the_way_to_the_first_motion_of_ones_own_arm_is_short():
    assert len(way().split()) <= MOST


@pytest.mark.parametrize(
    "warning",
    [
        "Give `--robot NAME` every time",
        "add `--robot NAME` to every command",
        "connect one at a time",
        "support the arm: it is limp",
        "Nothing else finds a wrong direction",
        "Until directions and zeros of all joints are confirmed",
        "keep a hand on the power switch",
        "Lay the arm in its park pose",
        "as quick as the limits of the URDF allow",
        "since it may hold something",
        "the motor would push against the stop",
    ],
)
def test_a_warning_stands_on_the_way(warning):
    assert warning in " ".join(way().split())
