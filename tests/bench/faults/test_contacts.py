"""The matrix of contacts: nothing is pressed until a servo lets go, nothing creeps, and the arm goes on."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product

import pytest

from armature.bench.faults.contacts import CHECKS, MOTIONS, OBSTACLES, Contact, measure
from armature.bench.faults.situations import delivered_gains
from armature.bench.simulation.controllers import Controllers
from armature.bench.simulation.virtual import Bench
from armature.emulator.faults.catalogue import Payload, StuckJoint

CELLS = list(product(OBSTACLES, MOTIONS, CHECKS))
# Each obstacle in each motion, the checks in turn; each check meets each obstacle.
SOME = CELLS[:: len(CHECKS) + 1]


def require(cell):
    obstacle, motion, check = cell
    (contact,) = measure([obstacle], [motion], [check])
    assert contact.failures == [], str(contact)
    return contact


@pytest.mark.parametrize("cell", SOME, ids=lambda cell: f"{cell[0].name}-{cell[1]}-{cell[2].name}")
def test_the_arm_backs_off_and_goes_on(cell):
    require(cell)


@pytest.mark.soak
def test_the_arm_backs_off_in_every_cell(soak):
    if not soak.is_whole:
        pytest.skip("the cells above are some of them")
    for index, cell in enumerate(CELLS):
        require(cell)
        soak.show(index, len(CELLS), "contacts")


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_whoever_finds_it_says_where_it_is_blocked(check):
    stuck = OBSTACLES[0]
    contact = require((stuck, "trajectory", check))
    assert contact.told.startswith("blocked at elbow, 0.0")
    assert contact.backed_off > 0.0
    assert "take away what is in its way and run armature clear" in contact.on


@pytest.mark.parametrize("joint", ["shoulder", "elbow"])
@pytest.mark.parametrize("by", [-0.3, 0.3])
def test_a_weight_that_nobody_told_of_does_not_sink_when_the_first_motion_is_blocked(joint, by):
    bench = Bench(registers=delivered_gains())
    controllers = Controllers(bench)
    bench.enabled()
    bench.faults.inject(Payload(mass=1.0))
    bench.run(1.0)
    bench.faults.inject(StuckJoint(joint))
    controllers.follow({joint: by}, 1.5)
    bench.run_until(lambda: bench.loop.state.blocks)
    bench.run(1.0)
    place = bench.positions()[joint]
    bench.faults.clear("stuck_joint")
    bench.run(1.0)
    assert bench.positions()[joint] == pytest.approx(place, abs=math.radians(0.5))


WELL = Contact(
    "wall", "jog", "none", 0.1, 0.2, 0.1, 0.1, "ENABLED", (), "blocked at elbow", "", "no", is_weight=False
)


def test_a_contact_within_its_bounds_has_no_failure():
    assert WELL.failures == []
    assert "ok" in str(WELL)


@pytest.mark.parametrize(
    ("change", "failure"),
    [
        ({"backed_off": math.nan}, "backed off [s] nan > 0.3"),
        ({"overloaded": 1.2}, "overloaded [s] 1.20 > 1"),
        ({"load": 0.6}, "load 0.60 > 0.35"),
        ({"creep": 0.6}, "creep [deg] 0.60 > 0.5"),
        ({"lost": ("elbow",)}, "elbow lost its torque"),
        ({"away": "no"}, "a goal that leads away was refused: no"),
        ({"on": ""}, "a goal that presses on was taken"),
    ],
)
def test_what_is_beyond_its_bound_is_told(change, failure):
    assert replace(WELL, **change).failures == [failure]


def test_a_weight_that_is_too_much_may_go_on_to_load_the_servos():
    assert replace(WELL, load=0.6, is_weight=True).failures == []
