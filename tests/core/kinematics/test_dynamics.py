"""What weight asks of the joints."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.core.trajectory.trajectory import State

from ..planning.test_goal_checks import ARM, GRAVITY, MASS, checks


@given(st.floats(-3.0, 3.0))
def test_a_bar_weighs_by_the_cosine_of_its_angle(angle):
    loads = checks().torques.loads(np.array([[angle]]))
    assert loads == pytest.approx(-MASS * GRAVITY * ARM * math.cos(angle), abs=1e-9)


def test_a_payload_weighs_where_the_tool_is():
    bare, loaded = (checks(tool=tool, payload=mass).torques for tool, mass in (("", 0.0), ("bar", 1.0)))
    still = np.zeros((1, 1))
    assert loaded.loads(still) == pytest.approx(bare.loads(still))  # the frame of the bar is on its axis


def test_loads_do_not_depend_on_what_was_asked_before():
    torques = checks().torques
    before = torques.loads(np.array([[0.4]]))
    torques.required(State(np.array([1.0]), np.array([2.0]), np.array([30.0])))
    assert torques.loads(np.array([[0.4]])) == pytest.approx(before)
