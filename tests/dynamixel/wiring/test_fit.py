"""An arm as it is wired: groups, joints without a servo, continuous joints."""

from __future__ import annotations

import math

import pytest

from armature.core.model.urdf import read_urdf
from armature.dynamixel.wiring.arm import Wiring
from armature.errors import ConfigError

SPEED = 'velocity="3" effort="1"/>'
ARM = read_urdf(f"""<robot name="r"><link name="a"/><link name="b"/><link name="c"/>
<link name="d"/><link name="e"/>
<joint name="turn" type="continuous"><parent link="a"/><child link="b"/><limit {SPEED}</joint>
<joint name="gripper" type="revolute"><parent link="b"/><child link="c"/>
  <limit lower="0.2" upper="1.5" {SPEED}</joint>
<joint name="slide" type="prismatic"><parent link="b"/><child link="d"/>
  <limit lower="0" upper="0.03" {SPEED}</joint>
<joint name="lift" type="revolute"><parent link="b"/><child link="e"/>
  <limit lower="-1" upper="1" {SPEED}</joint>
</robot>""")
ENTRY = "model: XM430-W350, direction: 1, zero_offset: 180 deg"
TURNING, SLIDING = f"{{id: 1, {ENTRY}, reduction: 1 rad/rad}}", f"{{id: 3, {ENTRY}, reduction: 80 rad/m}}"


def wiring(**entries):
    text = "bus: {baud_rate: 1000000 bit/s}\njoints:\n"
    usual = {
        "turn": TURNING,
        "gripper": TURNING.replace("id: 1", "id: 2"),
        "slide": SLIDING,
        "lift": TURNING.replace("id: 1", "id: 4"),
    }
    text += "".join(f"  {joint}: {entry}\n" for joint, entry in (usual | entries).items() if entry)
    return Wiring.from_yaml(text, ARM, "servos.yaml")


def group(arm):
    return [joint.name for joint in arm.gripper_joints]


def test_the_wiring_says_which_joints_are_the_grippers_where_the_urdf_does_not():
    assert group(wiring().fit(ARM)) == ["gripper", "slide"]
    to_arm = SLIDING.replace("id", "group: arm, id")
    to_gripper = TURNING.replace("id: 1", "group: gripper, id: 4")
    assert group(wiring(slide=to_arm, lift=to_gripper).fit(ARM)) == ["gripper", "lift"]


def test_a_joint_without_a_servo_is_fixed_and_no_joint_of_the_wiring():
    fixed = wiring(gripper="{fixed: 30 deg}", slide="{fixed: 10 mm}")
    assert (fixed.joints, fixed.fixed["slide"]) == (("turn", "lift"), pytest.approx(0.01))
    arm = fixed.fit(ARM)
    assert [joint.name for joint in arm.driven] == ["turn", "lift"]
    assert arm.joint("slide").xyz == pytest.approx((0.01, 0.0, 0.0))
    assert arm.joint("gripper").rpy == pytest.approx((math.radians(30.0), 0.0, 0.0))
    assert group(arm) == []


def test_a_continuous_joint_goes_as_far_as_its_servo():
    limit = wiring().bound_to_reach(ARM).limit("turn")
    assert (limit.lower, limit.upper) == pytest.approx((-math.pi, math.pi * 2047 / 2048))
    assert (limit.velocity, limit.effort) == (3.0, 1.0)
    turns = wiring(turn=TURNING.replace("id", "mode: extended position, id")).bound_to_reach(ARM).limit("turn")
    assert (turns.lower, turns.upper) == pytest.approx((-256.5 * math.tau, 255.5 * math.tau), rel=1e-3)
    geared = TURNING.replace("1 rad/rad", "2 rad/rad").replace("direction: 1", "direction: -1")
    assert wiring(turn=geared).bound_to_reach(ARM).limit("turn").upper == pytest.approx(math.pi / 2.0)


def test_two_servos_of_a_continuous_joint_bound_it_both():
    second = "second: {id: 9, direction: -1, zero_offset: 90 deg}, id"
    limit = wiring(turn=TURNING.replace("id", second, 1)).bound_to_reach(ARM).limit("turn")
    assert (limit.lower, limit.upper) == pytest.approx((-math.pi, math.pi / 2.0), abs=2e-3)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"gripper": ""}, r"joints: \[gripper\] .*where it has none, write gripper: {fixed: 11\.4591559 deg}$"),
        ({"slide": "", "lift": ""}, r"write slide: {fixed: 0 mm}; lift: {fixed: 0 deg}$"),
        ({"gripper": "{fixed: 0 deg}"}, r"gripper\.fixed: '0 deg' .*the URDF allows 0\.2000 to 1\.5000 rad"),
        ({"gripper": "{fixed: 0.5}"}, r"gripper\.fixed: 0\.5 .*a number and a unit"),
        ({"slide": "{fixed: 1 deg}"}, r"slide\.fixed: '1 deg' .*units: m, mm"),
        ({"slide": "{fixed: 1 mm, id: 3}"}, r"'id' .*keys are fixed"),
        ({"tail": "{fixed: 0 deg}"}, r"'tail' .*joints of r are turn, gripper"),
        (
            {"lift": TURNING.replace("id: 1", "group: wrist, id: 4")},
            r"lift\.group: 'wrist' .*groups are arm, gripper",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_what_would_work(entries, message):
    with pytest.raises(ConfigError, match=message):
        wiring(**entries)


def test_what_a_refusal_tells_to_write_is_taken():
    with pytest.raises(ConfigError) as refused:
        wiring(gripper="")
    written = refused.value.allowed.rpartition("write gripper: ")[2]
    assert wiring(gripper=written).fit(ARM).joint("gripper").kind == "fixed"


@pytest.mark.parametrize("mode", ["position", "extended position"])
def test_both_ends_of_a_continuous_joint_are_goals_that_its_servo_takes(mode):
    wired = wiring(turn=TURNING.replace("id", f"mode: {mode}, id"))
    (servo,) = (servo for servo in wired.servos if servo.joint == "turn")
    limit = wired.bound_to_reach(ARM).limit("turn")
    assert (servo.to_ticks(limit.lower), servo.to_ticks(limit.upper)) == servo.reach


def test_another_place_of_a_joint_without_a_servo_voids_what_was_confirmed():
    places = ("{fixed: 30 deg}", "{fixed: 31 deg}", TURNING.replace("id: 1", "id: 2"))
    assert len({wiring(gripper=place).digest for place in places}) == 3


@pytest.mark.parametrize("half", ["3.1416", "3.14159265359", "3.142"])
def test_half_a_turn_each_way_goes_as_far_as_the_servo(half):
    """Usual in published files; one tick more than a servo has."""
    lone = "<joint name='turn' type='revolute'><parent link='a'/><child link='b'/>"
    limit = f"<limit lower='-{half}' upper='{half}' {SPEED}"
    arm = read_urdf(f"<robot name='r'><link name='a'/><link name='b'/>{lone}{limit}</joint></robot>")
    found = Wiring.from_yaml(f"bus: {{baud_rate: 1 Mbps}}\njoints: {{turn: {TURNING}}}\n", arm)
    limit = found.bound_to_reach(arm).limit("turn")
    assert (limit.lower, limit.upper) == (-math.pi, pytest.approx(math.pi - found.servos[0].step))
    assert found.narrow_limits(arm).limit("turn").upper == limit.upper
