"""The arm in MuJoCo: poses of its frames, Jacobians, distances of its parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import mujoco
import numpy as np

from armature.core.arrays import Array
from armature.core.kinematics.kinematics import Quaternion, Vector
from armature.core.kinematics.mujoco_spec import LEAST_INERTIA, LEAST_MASS, body_names, read_spec
from armature.core.model.arm import ArmModel
from armature.errors import ConfigError, listed

_FLOOR = "floor"
_LOAD = "payload"


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
        self.floor = floor_name(arm)
        self.tool = tool
        self.payload = payload  # [kg]
        self.payload_at: Vector = (0.0, 0.0, 0.0)  # its centre in the tool's frame [m]
        self._load = _free_name(arm, _LOAD)
        self.model = _compile(arm, self.joints, armature or {}, (payload, tool), allowed_pairs)
        self.data = mujoco.MjData(self.model)
        self._frames = {link: int(self.model.body(body).id) for link, body in body_names(arm).items()}
        self._links = {number: link for link, number in self._frames.items()} | {0: self.floor}
        self._followers = [
            (self._address(joint.name), self._address(joint.mimic.joint), joint.mimic)
            for joint in arm.joints
            if joint.mimic is not None
        ]
        self._places = [self._address(joint) for joint in self.joints]
        self.dofs = [int(self.model.joint(joint).dofadr[0]) for joint in self.joints]
        self._jacobian = np.zeros((6, self.model.nv))

    def set_payload(self, mass: float, at: Vector = (0.0, 0.0, 0.0)) -> None:
        """Let the tool carry another mass.

        Args:
            mass: [kg].
            at: its centre in the tool's frame [m].
        """
        load = self.model.body(self._load)
        self.payload, self.payload_at = mass, at
        load.pos = at
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
        if name not in self._frames:
            raise ConfigError("frame", name, listed("frames", self._frames))
        return self._frames[name]

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
        """The link that a shape belongs to, or the floor's name."""
        return self._links[int(self.model.geom_bodyid[geom])]

    def _address(self, joint: str) -> int:
        return int(self.model.joint(joint).qposadr[0])


def floor_name(arm: ArmModel) -> str:
    """What the floor is called beside the links: "floor", unless a link is called so."""
    return _free_name(arm, _FLOOR)


def _free_name(arm: ArmModel, name: str) -> str:
    links = body_names(arm)
    while name in links:
        name = f"the {name}"
    return name


def _compile(
    arm: ArmModel,
    joints: Sequence[str],
    armature: Mapping[str, float],
    payload: tuple[float, str],
    allowed_pairs: Sequence[tuple[str, str]],
) -> mujoco.MjModel:
    names = body_names(arm)
    bodies = {**names, floor_name(arm): "world"}
    try:
        spec = read_spec(arm)
        for joint in spec.joints:
            joint.armature = armature.get(joint.name, 0.0)
        _load(spec, payload[0], names.get(payload[1], payload[1]), _free_name(arm, _LOAD))
        spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_PLANE, size=[0, 0, 1])
        for first, second in _apart(arm, joints) | _sorted({*allowed_pairs, *arm.touching}):
            spec.add_exclude(bodyname1=_body(bodies, first), bodyname2=_body(bodies, second))
        return spec.compile()
    except ConfigError:
        raise
    except ValueError as error:
        raise ConfigError("URDF", str(error), "MuJoCo must be able to read it") from error


def _load(spec: Any, mass: float, frame: str, name: str) -> None:
    tool = spec.body(frame)
    if tool is None and mass > 0.0:
        raise ConfigError("payload", frame, "the frame that carries it is not in the URDF")
    if tool is not None:
        load = tool.add_body(name=name)
        load.mass, load.inertia = _as_point(mass)
        load.explicitinertial = True


def _as_point(mass: float) -> tuple[float, list[float]]:
    """Mass and inertia; a point has none of its own, which MuJoCo does not take: that of a ball of 1 mm."""
    mass = max(mass, LEAST_MASS)
    return mass, [max(0.4e-6 * mass, LEAST_INERTIA)] * 3


def _apart(arm: ArmModel, joints: Sequence[str]) -> set[tuple[str, str]]:
    """Pairs that need no check: links joined to each other, and those that no joint of the arm moves apart.

    Fingers touch on purpose.
    """
    moving = set(joints) - set(arm.gripper)
    above = {joint.child: joint for joint in arm.joints}

    def movers(link: str) -> frozenset[str]:
        found = set()
        while link in above:
            joint = above[link]
            leader = joint.name if joint.mimic is None else joint.mimic.joint
            found |= {joint.name} if leader in moving else set()
            link = joint.parent
        return frozenset(found)

    moved = {link: movers(link) for link in (arm.root, *above)} | {floor_name(arm): frozenset()}
    links = sorted(moved)
    alike = {(a, b) for a in links for b in links if a < b and moved[a] == moved[b]}
    return alike | _sorted({(joint.parent, joint.child) for joint in arm.joints})


def _sorted(pairs: set[tuple[str, str]]) -> set[tuple[str, str]]:
    return {(min(pair), max(pair)) for pair in pairs}


def _body(bodies: Mapping[str, str], link: str) -> str:
    if link not in bodies:
        raise ConfigError("parameter checks.allowed_pairs", link, listed("links", bodies))
    return bodies[link]
