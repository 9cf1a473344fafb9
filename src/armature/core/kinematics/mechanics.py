"""The arm in MuJoCo: poses of its frames, Jacobians, distances of its parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import mujoco
import numpy as np

from armature.core.arrays import Array
from armature.core.kinematics.kinematics import Quaternion
from armature.core.kinematics.mujoco_spec import read_spec
from armature.core.model.arm import ArmModel
from armature.errors import ConfigError

FLOOR = "floor"
# Links of a drawing without mass still have a place: MuJoCo wants some mass in what moves [kg], [kg·m²].
_LEAST_MASS, _LEAST_INERTIA = 1e-9, 1e-12
_LOAD = "/payload"  # no link has this name in ROS


class Mechanics:
    """One arm's model and its present configuration.

    Args:
        arm: the model of the URDF.
        joints: the joints that `place` sets, in its order.
        armature: inertia of the rotors as the joints feel it, by joint [kg·m²].
        tool: frame of the tool.
        payload: mass there [kg].
        allowed_pairs: pairs of links, or a link and "floor", whose contact is of no account.

    Raises:
        ConfigError: MuJoCo cannot use the URDF; an unknown frame or link.
    """

    def __init__(
        self,
        arm: ArmModel,
        joints: Sequence[str],
        armature: Mapping[str, float] | None = None,
        tool: str = "",
        payload: float = 0.0,
        allowed_pairs: Sequence[tuple[str, str]] = (),
    ) -> None:
        self.joints = tuple(joints)
        self.root = arm.root
        self.tool = tool
        self.payload = payload  # at the tool [kg]
        self.model = _compile(arm, self.joints, armature or {}, (payload, tool), allowed_pairs)
        self.data = mujoco.MjData(self.model)
        self._followers = [
            (self._address(joint.name), self._address(joint.mimic.joint), joint.mimic)
            for joint in arm.joints
            if joint.mimic is not None
        ]
        self._places = [self._address(joint) for joint in self.joints]
        self.dofs = [int(self.model.joint(joint).dofadr[0]) for joint in self.joints]
        self._jacobian = np.zeros((6, self.model.nv))

    def set_payload(self, mass: float) -> None:
        """Let the tool carry another mass [kg]."""
        load = self.model.body(_LOAD)
        self.payload = mass
        load.mass, load.inertia = _as_point(mass)
        mujoco.mj_setConst(self.model, mujoco.MjData(self.model))  # what follows from the masses

    def set_other_joints(self, positions: Mapping[str, float]) -> None:
        """Set the positions of the other joints, such as the gripper's [rad] or [m]."""
        for joint, position in positions.items():
            self.data.qpos[self._address(joint)] = position

    def set_position(self, position: Array) -> None:
        """Set the positions of the joints [rad] or [m], Shape (n,), and update the frames."""
        self.data.qpos[self._places] = position
        for follower, leader, mimic in self._followers:
            self.data.qpos[follower] = mimic.multiplier * self.data.qpos[leader] + mimic.offset
        mujoco.mj_kinematics(self.model, self.data)

    def frame(self, name: str) -> int:
        """The number of a frame.

        Raises:
            ConfigError: no such frame.
        """
        number = mujoco.mj_name2id(self.model, mujoco.mjtObj.mjOBJ_BODY, name)
        if number <= 0:
            names = (self.model.body(index).name for index in range(1, self.model.nbody))
            raise ConfigError("frame", name, f"frames are {', '.join(names)}")
        return int(number)

    def translation(self, frame: int) -> Array:
        """Where a frame is in the root frame [m], Shape (3,)."""
        place: Array = self.data.xpos[frame].copy()
        return place

    def rotation(self, frame: int) -> Quaternion:
        """How a frame is turned in the root frame."""
        w, x, y, z = self.data.xquat[frame].tolist()
        return (x, y, z, w)

    def jacobian(self, frame: int) -> Array:
        """Velocity of a frame's origin and its angular velocity, by joint, in the root frame; Shape (6, n)."""
        mujoco.mj_comPos(self.model, self.data)
        mujoco.mj_jacBody(self.model, self.data, self._jacobian[:3], self._jacobian[3:], frame)
        columns: Array = self._jacobian[:, self.dofs]
        return columns

    def link_of(self, geom: int) -> str:
        """The link that a shape belongs to, or "floor"."""
        body = int(self.model.geom_bodyid[geom])
        return FLOOR if body == 0 else str(self.model.body(body).name)

    def _address(self, joint: str) -> int:
        return int(self.model.joint(joint).qposadr[0])


def _compile(
    arm: ArmModel,
    joints: Sequence[str],
    armature: Mapping[str, float],
    payload: tuple[float, str],
    allowed_pairs: Sequence[tuple[str, str]],
) -> mujoco.MjModel:
    try:
        spec = read_spec(arm)
        spec.compiler.boundmass, spec.compiler.boundinertia = _LEAST_MASS, _LEAST_INERTIA
        for joint in spec.joints:
            joint.armature = armature.get(joint.name, 0.0)
        _load(spec, *payload)
        spec.worldbody.add_geom(name=FLOOR, type=mujoco.mjtGeom.mjGEOM_PLANE, size=[0, 0, 1])
        for first, second in _apart(arm, joints) | set(allowed_pairs):
            spec.add_exclude(bodyname1=_body(spec, first), bodyname2=_body(spec, second))
        return spec.compile()
    except ValueError as error:
        raise ConfigError("URDF", str(error), "MuJoCo must be able to read it") from error


def _load(spec: Any, mass: float, frame: str) -> None:
    tool = spec.body(frame)
    if tool is None and mass > 0.0:
        raise ConfigError("payload", frame, "the frame that carries it is not in the URDF")
    if tool is not None:
        load = tool.add_body(name=_LOAD)
        load.mass, load.inertia = _as_point(mass)
        load.explicitinertial = True


def _as_point(mass: float) -> tuple[float, list[float]]:
    """Mass and inertia; a point has none of its own, which MuJoCo does not take: that of a ball of 1 mm."""
    mass = max(mass, _LEAST_MASS)
    return mass, [max(0.4e-6 * mass, _LEAST_INERTIA)] * 3


def _apart(arm: ArmModel, joints: Sequence[str]) -> set[tuple[str, str]]:
    """Pairs that need no check: links joined to each other, and those that no joint moves apart."""
    moved: dict[str, frozenset[str]] = {FLOOR: frozenset(), arm.root: frozenset()}
    while len(moved) < len(arm.joints) + 2:
        for joint in arm.joints:  # in any order
            if joint.parent in moved:
                leader = joint.name if joint.mimic is None else joint.mimic.joint
                own = {joint.name} if leader in joints else set()
                moved[joint.child] = moved[joint.parent] | own
    links = sorted(moved)
    alike = {(a, b) for a in links for b in links if a < b and moved[a] == moved[b]}
    return alike | {(joint.parent, joint.child) for joint in arm.joints}


def _body(spec: Any, link: str) -> str:
    name = "world" if link == FLOOR else link
    if spec.body(name) is None:
        names = ", ".join(body.name for body in spec.bodies if body.name != "world")
        raise ConfigError("allowed pair", link, f"links are {names}, {FLOOR}")
    return name
