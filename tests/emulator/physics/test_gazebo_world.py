"""The world for Gazebo: the URDF's arm with the servos' stiffness, in a form that SDF's own checker passes."""

from __future__ import annotations

import math
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from functools import cache

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from armature import robots, share
from armature.core.kinematics.kinematics import Pose, compose, forward, from_rpy
from armature.core.model.poses import read_poses
from armature.core.model.urdf import read_urdf
from armature.dynamixel.tables.registry import servo_model
from armature.dynamixel.tables.roles import Role
from armature.dynamixel.wiring.arm import Wiring
from armature.emulator.physics.gazebo_world import COMMANDS_TOPIC, STATES_TOPIC, STEP, gazebo_world
from armature.emulator.servo.actuator import Law, actuators
from armature.emulator.servo.drive import Drive
from armature.emulator.servo.motor import rotor_inertia
from armature.emulator.servo.registers import RegisterFile
from armature.errors import ConfigError

ROBOTS = robots.robot_names()


@cache
def load(name):
    robot = robots.find_robot(name)
    arm = read_urdf(robot.urdf.read_text("utf-8"))
    wiring = Wiring.from_yaml(robot.wiring.read_text("utf-8"), arm)
    return arm, wiring, read_poses(robot.poses.read_text("utf-8"), arm)


@cache
def world(name, namespace=""):
    arm, wiring, poses = load(name)
    return gazebo_world(arm, wiring, poses["park"], namespace)


def parsed(name, namespace=""):
    return ElementTree.fromstring(world(name, namespace))


def numbers(text):
    return [float(part) for part in text.split()]


def moments(inertia):
    tensor = {element.tag: float(element.text) for element in inertia}
    return np.array([[tensor["i" + "".join(sorted(a + b))] for b in "xyz"] for a in "xyz"])


# Each kind of joint and element.
@pytest.mark.parametrize("name", ["armature5", "koch_follower", "open_manipulator_x"])
def test_debians_checker_of_sdf_passes_the_world(name, tmp_path):
    """`gz sdf --check` of any Gazebo, or `ign sdf --check` of Debian's libsdformat-dev and ignition-tools."""
    tool = shutil.which("gz") or shutil.which("ign")
    if tool is None:
        pytest.skip("neither gz nor ign is installed; apt install libsdformat-dev ignition-tools")
    file = tmp_path / "world.sdf"
    file.write_text(world(name), "utf-8")
    checked = subprocess.run([tool, "sdf", "--check", str(file)], capture_output=True, text=True, timeout=50)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "Valid" in checked.stdout
    assert "Warning" not in checked.stderr


@pytest.mark.parametrize("name", ROBOTS)
def test_links_and_joints_are_those_of_the_urdf(name):
    arm, _, _ = load(name)
    model = parsed(name).find(f".//model[@name='{name}']")
    bodies = ElementTree.fromstring(arm.urdf).iter("link")
    massless = {link.get("name") for link in bodies if link.find("inertial") is None} - {arm.root}
    links = {link.get("name") for link in model.findall("link")}
    assert {frame.get("name") for frame in model.findall("frame")} == massless
    assert links | massless == {arm.root, *(joint.child for joint in arm.joints)}
    joints = {joint.get("name"): joint for joint in model.findall("joint")}
    for joint in arm.joints:
        if joint.child in massless:
            continue
        found = joints[joint.name]
        assert (found.findtext("parent"), found.findtext("child")) == (joint.parent, joint.child)
        if joint.limit is not None:
            assert float(found.findtext("axis/limit/lower")) == pytest.approx(joint.limit.lower)
            assert float(found.findtext("axis/limit/upper")) == pytest.approx(joint.limit.upper)
            assert numbers(found.findtext("axis/xyz")) == pytest.approx(joint.axis)


@pytest.mark.parametrize("name", ROBOTS)
def test_at_zero_every_frame_stands_where_the_urdf_has_it(name):
    arm, _, _ = load(name)
    model = parsed(name).find(f".//model[@name='{name}']")
    zero = dict.fromkeys((joint.name for joint in arm.driven), 0.0)
    joints = {joint.findtext("child"): joint for joint in model.findall("joint")}
    frames = {frame.get("name"): frame for frame in model.findall("frame")}

    def place(link):
        """Where a frame of the SDF stands in the root."""
        element = frames.get(link)
        parent = element.get("attached_to") if element is not None else joints[link].findtext("parent")
        element = joints[link] if element is None else element
        if parent == "world":
            return Pose((0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0))
        x, y, z, *rpy = numbers(element.findtext("pose"))
        return compose(place(parent), Pose((x, y, z), from_rpy(tuple(rpy))))

    for joint in arm.joints:
        expected, found = forward(arm, zero, joint.child), place(joint.child)
        assert found.translation == pytest.approx(expected.translation, abs=1e-8)
        assert found.rotation == pytest.approx(expected.rotation, abs=1e-8)


@pytest.mark.parametrize("name", ROBOTS)
def test_a_turning_link_bears_its_rotor_and_every_inertia_is_possible(name):
    arm, wiring, _ = load(name)
    model = parsed(name).find(f".//model[@name='{name}']")
    plain = {link.get("name"): link.find("inertial") for link in ElementTree.fromstring(arm.urdf).iter("link")}
    rotors = {one.joint: one.motors * rotor_inertia(one.model) * one.reduction**2 for one in wiring.servos}
    for joint in arm.driven:
        link = model.find(f"link[@name='{joint.child}']")
        tensor = moments(link.find("inertial/inertia"))
        principal = np.linalg.eigvalsh(tensor)
        assert 0.0 < principal[2] <= principal[0] + principal[1] + 1e-12
        assert float(link.findtext("inertial/mass")) == float(plain[joint.child].find("mass").get("value"))
        axis = np.array(joint.axis)
        own = {key: float(value) for key, value in plain[joint.child].find("inertia").attrib.items()}
        before = np.array([[own["i" + "".join(sorted(a + b))] for b in "xyz"] for a in "xyz"])
        added = rotors[joint.name] if joint.kind == "revolute" else 0.0
        assert axis @ (tensor - before) @ axis == pytest.approx(added, abs=1e-9)


@pytest.mark.parametrize("name", ROBOTS)
def test_the_controller_has_the_stiffness_of_the_servos_and_holds_the_start(name):
    arm, wiring, poses = load(name)
    plugin = parsed(name).find(".//plugin[@filename='gz-sim-joint-trajectory-controller-system']")
    columns = [
        [element.text for element in plugin.findall(tag)]
        for tag in ("joint_name", "initial_position", "position_p_gain", "position_cmd_max", "position_cmd_min")
    ]
    rows = {joint: list(map(float, values)) for joint, *values in zip(*columns, strict=True)}
    assert set(rows) == {joint.name for joint in arm.joints if joint.kind != "fixed"}
    for actuator in actuators(arm, wiring):
        start, stiffness, most, least = rows[actuator.joint]
        assert start == pytest.approx(actuator.factor * poses["park"][actuator.leader] + actuator.offset)
        assert stiffness == pytest.approx(actuator.law.stiffness)
        assert most == pytest.approx(actuator.effort) == pytest.approx(-least)


@pytest.mark.parametrize("name", ROBOTS)
def test_what_gazebo_does_to_a_joint_in_a_step_is_stable(name):
    """Explicit damping c on inertia J over a step h: c h / J < 2; a spring k: k h² / J < 4."""
    arm, wiring, _ = load(name)
    for actuator in actuators(arm, wiring):
        if arm.joint(actuator.joint).kind == "revolute":
            assert actuator.law.damping * STEP / actuator.rotor < 1.0
            assert actuator.law.stiffness * STEP**2 / actuator.rotor < 1.0


def test_a_mimic_joint_shares_the_servo_with_its_leader():
    arm, wiring, _ = load("armature6")
    left, right = (each for each in actuators(arm, wiring) if each.leader == "gripper")
    assert (left.joint, right.joint) == ("gripper", "gripper_right")
    alone = Law.of(wiring.servos[-1])
    assert left.law.stiffness + right.factor**2 * right.law.stiffness == pytest.approx(alone.stiffness)
    assert left.law.damping + right.factor**2 * right.law.damping == pytest.approx(alone.damping)


@given(angle=st.floats(-2.5, 2.5), speed=st.floats(-3.0, 3.0), error=st.floats(-0.1, 0.1))
def test_the_set_point_for_gazebo_is_the_servos_own_wherever_the_joint_was_seen(angle, speed, error):
    """So what the message says does not age on its way."""
    model = servo_model("XM430-W350")
    registers = RegisterFile(model)
    drive = Drive(model)
    registers[Role.GOAL_PWM] = registers[Role.PWM_LIMIT]
    drive.configure(registers)
    drive.step(math.pi + angle, 0.0, 1e-3)
    drive.switch_on(drive.position)
    drive.profile.hold(drive.position + error / model.position_unit)
    torque = drive.step(math.pi + angle, speed, 1e-3)
    entry = load("armature6")[1].servos[0]
    assert Law.of(entry).set_point(angle, speed, torque) == pytest.approx(angle + error, abs=1e-9)


@pytest.mark.parametrize("namespace", ["", "left"])
def test_the_topics_are_those_of_the_bridges_configuration(namespace):
    bridged = yaml.safe_load(share.gazebo_bridge().read_text("utf-8"))
    by_name = {entry["gz_topic_name"]: entry for entry in bridged}
    assert by_name["/clock"]["direction"] == "GZ_TO_ROS"
    assert by_name[STATES_TOPIC]["direction"] == "GZ_TO_ROS"
    assert by_name[COMMANDS_TOPIC]["direction"] == "ROS_TO_GZ"
    assert all(entry["ros_topic_name"] == entry["gz_topic_name"] for entry in bridged)
    prefix = f"/{namespace}/" if namespace else "/"
    found = {topic.text for topic in parsed("armature6", namespace).iter("topic")}
    assert found == {prefix + STATES_TOPIC, prefix + COMMANDS_TOPIC}


def changed(old, new):
    """armature6 with a part of its URDF replaced."""
    arm, wiring, poses = load("armature6")
    assert old in arm.urdf
    text = arm.urdf.replace(old, new)
    return gazebo_world(read_urdf(text), wiring, poses["park"])


def test_a_moving_link_without_inertia_is_refused():
    urdf = load("armature6")[0].urdf
    link = urdf[urdf.index('<link name="forearm">') : urdf.index('<joint name="forearm_roll"')]
    with pytest.raises(ConfigError, match=r"link forearm: inertial.*needs mass and inertia"):
        changed(link, '<link name="forearm"/>')


def test_an_inertia_without_moments_is_refused():
    with pytest.raises(ConfigError, match=r"link forearm: inertial.*<inertia/>"):
        changed('<inertia ixx="3.11e-05" ixy="0" ixz="0" iyy="5.31e-05" iyz="0" izz="5.72e-05"/>', "")


def test_a_shape_without_geometry_is_refused():
    with pytest.raises(ConfigError, match=r"link upper_arm: collision.*<geometry>"):
        changed('<geometry><box size="0.034 0.098 0.14"/></geometry>', "<geometry/>")


def test_a_link_that_is_called_as_a_joint_has_another_name_there():
    """SDF has one space of names for links and joints, URDF two."""
    arm, wiring, poses = load("armature6")
    text = arm.urdf.replace('"upper_arm"', '"elbow"').replace('"forearm"', '"elbow_link"')
    model = ElementTree.fromstring(gazebo_world(read_urdf(text), wiring, poses["park"])).find(
        ".//model[@name='armature6']"
    )
    names = [each.get("name") for tag in ("link", "joint", "frame") for each in model.findall(tag)]
    assert len(set(names)) == len(names)
    assert model.find("joint[@name='elbow']/parent").text == "elbow_link_link"
    assert model.find("joint[@name='elbow']/child").text == "elbow_link"


def test_a_urdf_that_has_a_namespace_gives_the_same_world():
    arm, wiring, poses = load("armature6")
    other = read_urdf(arm.urdf.replace("<robot", '<robot xmlns="http://www.ros.org"', 1))
    assert gazebo_world(other, wiring, poses["park"]) == world("armature6")


def test_a_mesh_is_named_as_the_urdf_names_it_and_scaled():
    mesh = '<mesh filename="file:///some where/a part.stl" scale="0.001 0.001 0.001"/>'
    found = changed('<box size="0.034 0.098 0.14"/>', mesh)
    assert "<uri>file:///some where/a part.stl</uri>" in found
    assert "<scale>0.001 0.001 0.001</scale>" in found
