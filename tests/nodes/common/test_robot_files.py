"""URDF and wiring read together: every process has the same arm."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
import rclpy

from armature.core.kinematics.collision import Clearances
from armature.core.kinematics.mechanics import Mechanics
from armature.emulator.bus.bus import EmulatedBus
from armature.errors import ConfigError
from armature.nodes.common.parameters.joint_limits import read_limits
from armature.nodes.common.robot_files import NamedPoses, own_poses_file, read_given_arm, read_wired_arm
from armature.share import share_folder

from ..motion_graph import URDF

ENTRY = "model: XM430-W350, direction: 1, zero_offset: 180 deg, reduction: 1 rad/rad"
WIRING = f"""
bus: {{baud_rate: 1000000 bit/s}}
joints:
  waist: {{id: 1, {ENTRY}}}
  elbow: {{id: 2, {ENTRY}}}
"""
INERTIAL = (
    '<inertial><mass value="0.1"/><inertia ixx="1e-4" iyy="1e-4" izz="1e-4" ixy="0" ixz="0" iyz="0"/></inertial>'
)
SOLID = re.sub(r'(<link name="\w+")/>', rf"\1>{INERTIAL}</link>", URDF)


@pytest.fixture
def node():
    context = rclpy.Context()
    rclpy.init(context=context)
    node = rclpy.create_node("test", context=context)
    yield node
    node.destroy_node()
    context.shutdown()


@pytest.fixture
def urdf(tmp_path):
    file = tmp_path / "two.urdf"
    file.write_text(SOLID)
    return file


def test_a_joint_that_the_wiring_fixes_is_fixed_for_kinematics_emulator_and_description(urdf, tmp_path):
    file = tmp_path / "servos.yaml"
    file.write_text(WIRING + "  gripper: {fixed: 20 mm}\n", "utf-8")
    arm, _ = read_given_arm(urdf, file)
    assert [joint.name for joint in arm.driven] == ["waist", "elbow"]
    assert arm.gripper_joints == ()
    mechanics = Mechanics(arm, ("waist", "elbow"), tool="tool0")
    mechanics.set_position([0.0, 0.0])
    assert mechanics.translation(mechanics.frame("left")) == pytest.approx([0.2, 0.02, 0.1])
    assert mechanics.translation(mechanics.frame("right")) == pytest.approx([0.2, -0.02, 0.1])
    assert Clearances(mechanics, 0.01).at([0.0, 0.0]) == {}
    wired = read_wired_arm("urdf", urdf, file.read_text("utf-8"), "servos.yaml")
    bus = EmulatedBus.of_arm(*wired, {"waist": 0.0, "elbow": 0.0})
    assert bus.plant.frame_position("left") == pytest.approx((0.2, 0.02, 0.1))


def test_beside_a_joint_that_the_wiring_fixes_the_others_have_limits(urdf, tmp_path, node):
    file = tmp_path / "servos.yaml"
    file.write_text(WIRING + "  gripper: {fixed: 20 mm}\n", "utf-8")
    limits = read_limits(node, *read_given_arm(urdf, file))
    assert list(limits.dynamics) == ["waist", "elbow"]
    assert limits.is_reduced


def test_a_joint_that_the_wiring_forgets_is_refused_with_what_to_write(urdf, tmp_path):
    file = tmp_path / "servos.yaml"
    file.write_text(WIRING, "utf-8")
    with pytest.raises(ConfigError, match=r"servos.yaml: joints: \[gripper\] .*write gripper: {fixed: 0 mm}"):
        read_given_arm(urdf, file)


def test_without_a_wiring_file_the_arm_is_the_urdfs(urdf):
    arm, wiring = read_given_arm(urdf, "")
    assert ([joint.name for joint in arm.driven], wiring) == (["waist", "elbow", "gripper"], None)


@pytest.mark.parametrize(
    ("names", "unused"),
    [
        (("bus_process", "monitor", "servo_interface", "state_publisher"), ("mujoco",)),
        (("bus_process", "state_publisher"), ("mujoco", "importlib.metadata", "tempfile")),
        (("recorder",), ("mujoco", "armature.description.shapes", "armature.dynamixel.tables")),
    ],
)
def test_processes_do_not_load_what_they_do_not_use(names, unused):
    imports = ", ".join(f"armature.nodes.{name}.__main__" for name in names)
    program = f"import sys, {imports}; print(*{{*{unused}}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == []


def test_no_process_loads_what_generates_messages():
    # As rclpy does when the first node is made.
    program = "import sys, armature.nodes, rosidl_generator_py; print('lark' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "False"


# Named poses, which are read anew once their file has changed


POSES = "park: {waist: 0 rad, elbow: 0 rad}\n"


@pytest.fixture
def poses(urdf, tmp_path):
    file = tmp_path / "poses.yaml"
    file.write_text(POSES)
    return file, NamedPoses(file, read_given_arm(urdf, "")[0])


def test_poses_are_others_once_their_file_has_changed(poses):
    file, named = poses
    assert not named.refresh()
    file.write_text(f"{POSES}out: {{waist: 1 rad, elbow: 0.5 rad}}\n")
    assert named.refresh()
    assert dict(named)["out"] == {"waist": 1.0, "elbow": 0.5}
    assert list(named) == ["park", "out"]
    assert not named.refresh()


@pytest.mark.parametrize("content", ["out: {waist: 9 rad, elbow: 0 rad}", "park: [", "", None])
def test_a_file_that_cannot_be_used_leaves_the_poses_as_they_were_and_says_why(poses, content):
    file, named = poses
    if content is None:
        file.unlink()
    else:
        file.write_text(content)
    assert not named.refresh()
    assert list(named) == ["park"]
    assert "poses" in named.failure
    file.write_text(POSES)
    assert not named.refresh()
    assert named.failure == ""


def test_only_arms_that_ship_have_poses_of_the_users_beside_their_file(poses, tmp_path, monkeypatch):
    file, _ = poses
    config, own = share_folder() / "config", tmp_path / "armature" / "poses"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert own_poses_file(file) is None
    assert own_poses_file(config / "robots" / "armature5" / "poses.yaml") == own / "armature5.yaml"
    assert own_poses_file(config / "poses.yaml") == own / "armature6.yaml"
