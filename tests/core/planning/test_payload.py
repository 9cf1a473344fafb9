"""What the tool carries: where it weighs, and what the servos cannot hold."""

from __future__ import annotations

import numpy as np
import pytest

from armature.core.payload import Payload
from armature.core.planning.payload import require_held
from armature.errors import CommandRefused

from .test_goal_checks import GRAVITY, checks

LEVEL = np.array([0.0])
OUT = (0.4, 0.0, 0.0)  # the tool's frame is the bar's, at its axis


def held(made):
    """What the joint gives to hold the bar level, + is down."""
    return float(made.torques.loads(LEVEL[None])[0][0])


@pytest.fixture
def made():
    return checks(tool="bar")


@pytest.mark.parametrize("at", [(0.0, 0.0, 0.0), (0.1, 0.0, 0.0), (-0.05, 0.2, 0.0), (0.2, 0.0, 0.3)])
def test_a_payload_weighs_where_its_centre_is(made, at):
    bare = held(made)
    made.mechanics.set_payload(0.5, at)
    assert held(made) - bare == pytest.approx(-0.5 * GRAVITY * at[0], rel=1e-3, abs=1e-6)
    made.mechanics.set_payload(0.0)
    assert held(made) == pytest.approx(bare, abs=1e-6)


def test_what_cannot_be_held_is_refused_with_the_figures_and_nothing_changes(made):
    before = held(made)
    told = r"payload of 4 kg at 0.4 0 0 m of the tool refused: swing would carry 21\.\d+ N·m here, .* 18.000 N·m"
    with pytest.raises(CommandRefused, match=told):
        require_held(made, Payload(4.0, OUT), LEVEL)
    assert held(made) == before
    require_held(made, Payload(3.0, OUT), LEVEL)
    assert held(made) == before
    assert made.mechanics.payload == 0.0


def test_a_lighter_one_is_taken_even_where_it_is_still_too_much(made):
    made.mechanics.set_payload(6.0, OUT)
    require_held(made, Payload(5.0, OUT), LEVEL)
    with pytest.raises(CommandRefused, match=r"payload of 6\.1 kg"):
        require_held(made, Payload(6.1, OUT), LEVEL)


def test_the_same_mass_farther_out_is_refused_where_that_is_too_much(made):
    made.mechanics.set_payload(3.0, OUT)
    with pytest.raises(CommandRefused, match=r"at 0\.9 0 0 m of the tool refused"):
        require_held(made, Payload(3.0, (0.9, 0.0, 0.0)), LEVEL)
