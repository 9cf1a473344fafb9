"""Every arm that ships: its files agree, and its claims hold in the emulator's physics."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import mujoco
import numpy as np
import pytest
import yaml

from armature import robots
from armature.core.model.arm import ArmModel
from armature.core.model.parameter_file import read_parameters
from armature.core.model.poses import read_poses
from armature.core.model.urdf import read_urdf
from armature.dynamixel.tables.roles import OperatingMode, Role
from armature.dynamixel.wiring.arm import Wiring
from armature.emulator.bus.bus import EmulatedBus
from armature.emulator.physics.mujoco_plant import MujocoPlant

ROBOTS = robots.robot_names()
SLIDING = ("armature5", "armature6", "open_manipulator_x")
WORKING = ("home", "up", "above_pick", "pick", "above_place", "place")
LOADED = WORKING[:4]  # the others are theirs in a mirror


@dataclass(frozen=True)
class Arm:
    """One arm's files, read."""

    model: ArmModel
    wiring: Wiring
    poses: dict[str, dict[str, float]]
    gains: dict[str, int]  # of the servos' position control, by parameter

    def bus(self, pose: str) -> EmulatedBus:
        return EmulatedBus.of_arm(self.model, self.wiring, self.poses[pose])

    def plant(self, bus: EmulatedBus) -> MujocoPlant:
        assert isinstance(bus.plant, MujocoPlant)
        return bus.plant


@cache
def load(name: str) -> Arm:
    robot = robots.find_robot(name)
    model = read_urdf(robot.urdf.read_text(), robot.urdf.name)
    wiring = Wiring.from_yaml(robot.wiring.read_text(), model, str(robot.wiring))
    given = (each for file in robot.parameters for each in read_parameters(file.read_text(), file.name))
    gains = {each.name: each.value for each in given if each.is_for("/servo_interface")}
    return Arm(model, wiring, read_poses(robot.poses.read_text(), model, str(robot.poses)), gains)


@pytest.fixture(params=ROBOTS)
def arm(request):
    return load(request.param)


@pytest.mark.parametrize("name", ROBOTS)
def test_its_directions_and_zeros_are_confirmed(name):
    wiring = load(name).wiring
    assert wiring.is_confirmed, f"once they are tested, end its servos.yaml with confirmed: {wiring.digest}"


def advance(bus, start, seconds):
    for tenth in range(round(seconds * 10)):
        bus.advance(start + (tenth + 1) * 0.1 + 1e-9)
    return start + seconds


def switch_on(bus):
    for servo in bus.servos:
        assert servo.write(64, b"\x01") == 0


def collisions(arm, position):
    """Pairs of links that touch, among all but neighbours."""
    spec = mujoco.MjSpec.from_string(arm.model.urdf)
    spec.compiler.fusestatic = False
    model = spec.compile()
    data = mujoco.MjData(model)
    for joint in arm.model.joints:
        if joint.kind != "fixed":
            leader = joint.mimic.joint if joint.mimic else joint.name
            data.joint(joint.name).qpos = position[leader]
    mujoco.mj_forward(model, data)
    bodies = [[model.geom_bodyid[geom] for geom in contact.geom] for contact in data.contact]
    return {tuple(model.body(body).name for body in pair) for pair in bodies}


def test_both_arms_are_there():
    assert set(ROBOTS) >= {"armature6", "open_manipulator_x"}


def test_the_arms_share_no_joint_and_no_id():
    first, second = load("armature6"), load("open_manipulator_x")
    assert not set(first.wiring.joints) & set(second.wiring.joints)
    assert not set(first.wiring.ids) & set(second.wiring.ids)


def test_frames_are_named_by_the_rules(arm):
    assert arm.model.root == "base_link"
    assert "tool0" in {joint.child for joint in arm.model.joints}


def test_the_last_driven_joint_is_the_gripper_or_there_is_none(arm):
    assert {joint.kind for joint in arm.model.arm_joints} == {"revolute"}
    assert arm.model.gripper_joints == (arm.model.driven[-1:] if arm.model.name != "armature7" else ())
    followers = [joint for joint in arm.model.joints if joint.mimic]
    assert {joint.mimic.joint for joint in followers} <= {joint.name for joint in arm.model.gripper_joints}
    assert bool(followers) == any(joint.kind == "prismatic" for joint in arm.model.gripper_joints)


def test_limits_fit_the_servos(arm):
    for entry in arm.wiring.servos:
        limit = arm.model.limit(entry.joint)
        assert limit.velocity * entry.reduction < entry.model.no_load_speed, entry.joint
        assert limit.effort <= entry.motors * entry.model.stall_torque * entry.reduction * 1.001, entry.joint
        for position in (limit.lower, limit.upper):
            assert 0 <= entry.to_ticks(position) <= 4_095, entry.joint


def test_inertias_are_possible(arm):
    """The moments of a body obey the triangle inequality."""
    model = mujoco.MjSpec.from_string(arm.model.urdf).compile()
    for a, b, c in model.body_inertia[1:]:
        assert min(a + b - c, b + c - a, c + a - b) >= -1e-9


def test_total_mass_is_that_of_servos_and_brackets():
    mass = mujoco.MjSpec.from_string(load("armature6").model.urdf).compile().body_mass.sum()
    servos = 2 * 0.165 + 3 * 0.082 + 2 * 0.0572
    assert servos < mass < 3.0 * servos


def test_every_arm_has_the_poses_that_the_page_offers(arm):
    assert {"park", *WORKING} <= set(arm.poses)


def test_no_named_pose_touches_itself(arm):
    for name, position in arm.poses.items():
        assert collisions(arm, position) == set(), name


def test_the_straight_way_from_park_to_home_is_free(arm):
    park, home = arm.poses["park"], arm.poses["home"]
    for share in np.linspace(0.0, 1.0, 51):
        position = {joint: park[joint] + share * (home[joint] - park[joint]) for joint in park}
        assert collisions(arm, position) == set(), share


def test_a_pose_that_touches_itself_is_found():
    arm = load("armature6")
    folded = {**arm.poses["park"], "wrist_pitch": 1.7}
    assert collisions(arm, folded)


def test_in_park_torque_off_moves_the_tool_by_less_than_5_mm(arm):
    bus = arm.bus("park")
    before = arm.plant(bus).frame_position("tool0")
    advance(bus, 0.0, 5.0)
    assert math.dist(before, arm.plant(bus).frame_position("tool0")) < 0.005


def test_parking_and_letting_go_moves_the_tool_by_less_than_5_mm(arm):
    """Driven into park, with the servos' own sag, then torque off."""
    bus = arm.bus("home")
    switch_on(bus)
    park = arm.poses["park"]
    for entry, servo in zip(arm.wiring.all_servos, bus.servos, strict=True):
        assert servo.write(112, (20).to_bytes(4, "little")) == 0
        assert servo.write(116, entry.to_ticks(park[entry.joint]).to_bytes(4, "little")) == 0
    now = advance(bus, 0.0, 8.0)
    parked = arm.plant(bus).frame_position("tool0")
    for servo in bus.servos:
        servo.write(64, b"\x00")
    advance(bus, now, 5.0)
    assert math.dist(parked, arm.plant(bus).frame_position("tool0")) < 0.005


def test_away_from_park_torque_off_lets_the_arm_fall(arm):
    bus = arm.bus("pick" if arm is load("armature6") else "above_pick")
    height = arm.plant(bus).frame_position("tool0")[2]
    advance(bus, 0.0, 3.0)
    assert arm.plant(bus).frame_position("tool0")[2] < height - 0.02


def test_joints_stop_at_their_limits(arm):
    bus = arm.bus("up")
    for servo in bus.servos:
        servo.write(11, bytes([16]))
        servo.write(64, b"\x01")
        servo.write(100, (300).to_bytes(2, "little"))
    advance(bus, 0.0, 4.0)
    for joint, position in zip(bus.plant.joints, bus.plant.positions, strict=True):
        limit = arm.model.limit(joint)
        slack = 0.01 * (limit.upper - limit.lower)
        assert limit.lower - slack <= position <= limit.upper + slack, joint


@pytest.mark.parametrize("name", SLIDING)
def test_the_second_finger_follows_the_first(name):
    arm = load(name)
    bus = arm.bus("home")
    switch_on(bus)
    entry, servo = arm.wiring.servos[-1], bus.servos[-1]
    limit = arm.model.limit(entry.joint)
    servo.write(116, entry.to_ticks(limit.upper).to_bytes(4, "little"))
    advance(bus, 0.0, 2.0)
    plant = arm.plant(bus)
    fingers = [joint.child for joint in arm.model.joints if joint.kind == "prismatic"]
    left, right = (np.array(plant.frame_position(finger)) for finger in fingers)
    palm = np.array(plant.frame_position(arm.model.joint(entry.joint).parent))
    assert np.linalg.norm(left - palm) == pytest.approx(np.linalg.norm(right - palm), abs=5e-4)
    assert bus.plant.positions[-1] == pytest.approx(limit.upper, abs=1e-3)


@pytest.mark.parametrize("pose", LOADED)
def test_held_with_its_gains_no_joint_sags_by_40_mrad(arm, pose):
    bus = arm.bus(pose)
    for entry, servo in zip(arm.wiring.all_servos, bus.servos, strict=True):
        gain = arm.gains.get(f"{entry.joint}.position_p_gain", entry.model.default(Role.POSITION_P_GAIN))
        assert servo.write(84, gain.to_bytes(2, "little")) == 0
    switch_on(bus)
    advance(bus, 0.0, 2.0)
    for joint, position in zip(bus.plant.joints, bus.plant.positions, strict=True):
        assert abs(position - arm.poses[pose][joint]) < 0.04, joint


def test_armature6_reaches_half_a_metre():
    arm = load("armature6")
    stretched = dict.fromkeys(arm.wiring.joints, 0.0) | {"shoulder": math.pi / 2, "elbow": -math.pi / 2}
    bus = EmulatedBus.of_arm(arm.model, arm.wiring, stretched)
    x, y, z = arm.plant(bus).frame_position("tool0")
    assert (y, z) == pytest.approx((0.0, 0.12), abs=1e-6)
    assert 0.48 < x < 0.55


def test_open_manipulator_x_has_its_published_dimensions():
    """e-Manual, OpenMANIPULATOR-X: at zero the tool is 0.286 m ahead of the base's origin and 0.2045 m high."""
    arm = load("open_manipulator_x")
    bus = EmulatedBus.of_arm(arm.model, arm.wiring, dict.fromkeys(arm.wiring.joints, 0.0))
    assert arm.plant(bus).frame_position("tool0") == pytest.approx((0.286, 0.0, 0.2045), abs=1e-9)


@pytest.mark.parametrize("name", ROBOTS)
def test_the_gripper_controller_knows_the_gain_of_a_finger_that_is_held_by_its_position(name):
    given = {"servo_interface": {}, "gripper_controller": {}}
    for file in robots.find_robot(name).parameters:
        for node, content in yaml.safe_load(file.read_text("utf-8")).items():
            given.get(node.rpartition("/")[2], {}).update(content["ros__parameters"])
    arm = load(name)
    fingers = {joint.name for joint in arm.model.gripper_joints}
    for servo in arm.wiring.servos:
        if servo.joint in fingers and servo.mode is not OperatingMode.CURRENT_BASED_POSITION:
            assert given["gripper_controller"].get(servo.joint) == given["servo_interface"].get(servo.joint)
