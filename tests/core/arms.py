"""Our two arms, with what plans, checks and steers them."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import numpy as np

from armature.core.kinematics.collision_scaling import CollisionScaling
from armature.core.kinematics.drive_ratings import ratings_from_urdf
from armature.core.kinematics.inverse_kinematics import InverseKinematics
from armature.core.kinematics.kinematics import forward
from armature.core.kinematics.mechanics import Mechanics
from armature.core.kinematics.twist_servo import TwistServo
from armature.core.model.poses import read_poses
from armature.core.model.urdf import read_urdf
from armature.core.planning.goal_checks import CheckSettings, GoalChecks
from armature.core.planning.moves import MoveSettings, Planner
from armature.core.steps import run_to_end
from armature.core.trajectory.limits import GroupLimits

ROOT = Path(__file__).resolve().parents[2]
ACCELERATION, JERK = 4.0, 40.0
KEEP = 0.02  # from the position limits while jogging [rad]


class Whole:
    """Somebody who works in steps, asked for the whole work at once."""

    def __init__(self, worker):
        self._worker = worker

    def __getattr__(self, name):
        asked = getattr(self._worker, name)

        def whole(*args, **options):
            result = asked(*args, **options)
            return run_to_end(result) if isinstance(result, Generator) else result

        return whole


class Rig:
    """Any arm, with what checks and plans its motions.

    Args:
        model: the arm.
        drives: ratings by joint; the URDF's effort limits otherwise.
        payload: at the tool [kg].
        collision: whether it is checked.
    """

    def __init__(self, model, drives=None, payload=0.0, collision=True):
        self.model = model
        self.joints = tuple(joint.name for joint in model.arm_joints)
        bounds = dict.fromkeys(self.joints, ACCELERATION), dict.fromkeys(self.joints, JERK)
        self.limits = GroupLimits.of(model, self.joints, *bounds)
        self.mechanics = Mechanics(model, self.joints, tool="tool0", payload=payload)
        drives = drives or ratings_from_urdf(model)
        self.checks = GoalChecks(self.mechanics, drives, CheckSettings(collision=collision))
        self.in_steps = Planner(self.checks, self.limits, MoveSettings())
        self.planner = Whole(self.in_steps)
        self.inverse = Whole(InverseKinematics(self.mechanics, self.limits, None, 0.0))
        self.servo = TwistServo(self.mechanics, self.limits, "tool0")

    def check(self, motion):
        """Check a motion as a goal; raises GoalRefused."""
        check = self.checks.begin(motion)
        while not check.advance(200):
            pass
        return check


def chain(axes, lengths, kinds=(), mass=0.3):
    """A URDF of links one upon the other, joint1 at the foot, with a tool0 at the end.

    Args:
        axes: of the joints, each "x", "y" or "z".
        lengths: of the links, the foot first [m].
        kinds: of the joints; revolute otherwise.
        mass: of each link [kg].
    """
    text, turned = '<link name="base_link"/>', {"x": "1 0 0", "y": "0 1 0", "z": "0 0 1"}
    for index, (axis, length) in enumerate(zip(axes, lengths, strict=True), 1):
        parent, kind = (
            (f"link{index - 1}" if index > 1 else "base_link"),
            kinds[index - 1] if kinds else "revolute",
        )
        below = lengths[index - 2] if index > 1 else 0.1
        bounds = "" if kind == "continuous" else 'lower="-2.9" upper="2.9"'
        text += f"""<link name="link{index}"><inertial><origin xyz="0 0 {length / 2}"/><mass value="{mass}"/>
          <inertia ixx="1e-3" iyy="1e-3" izz="1e-3" ixy="0" ixz="0" iyz="0"/></inertial></link>
          <joint name="joint{index}" type="{kind}"><parent link="{parent}"/><child link="link{index}"/>
          <origin xyz="0 0 {below}"/><axis xyz="{turned[axis]}"/>
          <limit {bounds} velocity="2" effort="20"/></joint>"""
    text += f"""<link name="tool0"/><joint name="tool" type="fixed"><parent link="link{len(axes)}"/>
      <child link="tool0"/><origin xyz="0 0 {lengths[-1]}"/></joint>"""
    return f'<robot name="chain">{text}</robot>'


def free_place(arm, draw):
    """Random positions of the joints where nothing collides, a little within their limits."""
    span = arm.limits.upper - arm.limits.lower
    while True:
        place = arm.limits.lower + (0.03 + 0.94 * draw.random(len(span))) * span
        if all(gap > 0.006 for gap in arm.checks.clearances.at(place).values()):
            return place


class Arm:
    """One of our arms."""

    def __init__(self, name):
        urdf = (ROOT / "urdf" / f"{name}.urdf").read_text("utf-8")
        own = ROOT / "config" / "robots" / name / "poses.yaml"
        file = own if own.is_file() else ROOT / "config" / "poses.yaml"
        self.model = read_urdf(urdf)
        self.joints = tuple(joint.name for joint in self.model.driven if joint.kind == "revolute")
        bounds = dict.fromkeys(self.joints, ACCELERATION), dict.fromkeys(self.joints, JERK)
        self.limits = GroupLimits.of(self.model, self.joints, *bounds)
        self.mechanics = Mechanics(self.model, self.joints, tool="tool0")
        self.checks = GoalChecks(self.mechanics, ratings_from_urdf(self.model), CheckSettings())
        self.clearances = self.checks.clearances
        self.inverse = Whole(InverseKinematics(self.mechanics, self.limits, self.clearances, CheckSettings.margin))
        self.in_steps = Planner(self.checks, self.limits, MoveSettings())
        self.planner = Whole(self.in_steps)
        self.servo = TwistServo(self.mechanics, self.limits, "tool0")
        keep = np.full(len(self.joints), KEEP)
        self.guard = CollisionScaling(self.clearances, self.limits, keep, CheckSettings.margin)
        poses = read_poses(file.read_text("utf-8"), self.model)
        self.poses = {name: np.array([pose[joint] for joint in self.joints]) for name, pose in poses.items()}

    def place(self, position):
        """Where the tool is by the URDF alone, without MuJoCo."""
        positions = dict.fromkeys((joint.name for joint in self.model.driven), 0.0)
        return forward(self.model, positions | dict(zip(self.joints, position, strict=True)), "tool0")

    def at(self, position):
        """Where the tool is [m], Shape (3,)."""
        return np.array(self.place(position).translation)

    def places(self, motion, count=40):
        """Places of the tool along a motion [m], Shape (count, 3)."""
        rows = motion.sample_many(np.linspace(0.0, motion.duration, count))[0]
        return np.array([self.at(row) for row in rows])
