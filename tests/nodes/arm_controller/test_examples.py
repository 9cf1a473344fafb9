"""The examples: the trajectory fits the arm, and the client works against any such action."""

from __future__ import annotations

import importlib.util
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from armature.core.control.tracker import Tracker
from armature.core.model.poses import read_poses
from armature.core.model.urdf import read_urdf
from armature.core.trajectory import limits
from armature.core.trajectory.limits import GroupLimits
from armature.nodes.common.conversions import to_trajectory

from ..motion_graph import ARM

ROOT = Path(__file__).parents[3]
CLIENT = ROOT / "examples" / "send_trajectory.py"
SHORT = """
joint_names: [waist, elbow]
points:
  - positions: [{waist}, -0.2]
    velocities: [0, 0]
    time_from_start: {{sec: {sec}, nanosec: 600000000}}
"""


def client_module():
    spec = importlib.util.spec_from_file_location("send_trajectory", CLIENT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("pose", ["park", "home"])
def test_the_pick_and_place_is_within_the_limits_of_the_default_arm(pose):
    arm = read_urdf((ROOT / "urdf" / "armature6.urdf").read_text())
    poses = read_poses((ROOT / "config" / "poses.yaml").read_text(), arm, "poses.yaml")
    joints = [joint.name for joint in arm.driven if joint.kind == "revolute"]
    bounds = GroupLimits.of(arm, joints, dict.fromkeys(joints, 4.0), dict.fromkeys(joints, 40.0))
    goal = to_trajectory(client_module().read_trajectory(ROOT / "examples" / "pick_and_place.yaml"))
    limits.check_joints(goal.joints, joints)
    limits.check_end(goal)
    tracker = Tracker(bounds, np.array([poses[pose][joint] for joint in joints]))
    begun = tracker.plan(goal, 0.0)
    limits.check_motion(begun, bounds)
    _, _, acceleration = begun.sample_many(np.linspace(0.0, begun.duration, 2000))
    assert np.abs(acceleration).max() < 4.0
    assert 15.0 < goal.duration < 25.0


def run_client(folder, waist, sec=0):
    file = folder / "goal.yaml"
    file.write_text(SHORT.format(waist=waist, sec=sec))
    return subprocess.Popen(
        [sys.executable, str(CLIENT), str(file)],
        stdout=subprocess.PIPE,
        text=True,
    )


def finish(motion, client):
    try:
        motion.attend(lambda: client.poll() is not None)
    finally:
        client.kill()
    return client.returncode, client.communicate()[0]


@pytest.mark.process
def test_the_client_sends_a_file_and_tells_the_end(motion, tmp_path):
    code, said = finish(motion, run_client(tmp_path, 0.3))
    assert code == 0, said
    assert "succeeded: goal reached" in said
    motion.is_still()
    assert motion.servos.position[ARM[0]] == pytest.approx(0.3, abs=1e-6)


@pytest.mark.process
def test_the_client_fails_with_the_reason_of_a_refusal(motion, tmp_path):
    code, said = finish(motion, run_client(tmp_path, 2.5))
    assert code == 1
    assert "aborted: position of waist" in said


@pytest.mark.process
def test_ctrl_c_cancels_the_goal(motion, tmp_path):
    client = run_client(tmp_path, 1.5, sec=5)
    motion.attend(lambda: motion.servos.position[ARM[0]] > 0.05)
    client.send_signal(signal.SIGINT)
    code, said = finish(motion, client)
    assert code == 1
    assert "canceled" in said
    assert motion.servos.position[ARM[0]] < 1.4
