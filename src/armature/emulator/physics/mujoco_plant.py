"""The emulator's own physics: the URDF's arm in MuJoCo."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from copy import copy
from functools import lru_cache

import mujoco
import numpy as np

from armature.core.kinematics.mujoco_spec import body_names, read_spec
from armature.core.model.arm import ArmModel
from armature.errors import ConfigError, bounds

# Time constant of the joint stops [s]: stiff, yet more than two steps of 1 ms.
_STOP_TIME = 2.5e-3
# MuJoCo's friction creeps under load; its stiffest impedance makes the creep too small to see.
_DRY_FRICTION = [0.9999, 0.9999, 0.001, 0.5, 2.0]
_JAMMED = 1e4  # [N·m] of friction in a jammed joint
_WALL = "armature wall"
_CONTACT_TIME = 5e-3  # time constant of the contact with a wall [s]
_REST_REACH = 0.1  # how far a joint may be from where the arm rests, to be carried [rad] or [m]
_REST_FRICTION = 1.5  # of a joint that is carried [its load there]
_DEEPEST = 5e-3  # that a part may be in a wall where that appears [m]


class MujocoPlant:
    """The arm of a URDF: gravity, joint friction and damping, joint limits as hard stops, mimic joints.

    It has no contact between bodies and no floor, unless one puts a wall there.
    """

    def __init__(self, arm: ArmModel, armature: Mapping[str, float], start: Mapping[str, float]) -> None:
        """Build the arm at rest.

        Args:
            arm: the model of the URDF.
            armature: driven joints with the inertia of their rotors as the joint feels it [kg·m²] or [kg].
            start: position of each driven joint [rad] or [m].

        Raises:
            ConfigError: MuJoCo cannot build the arm, for example because the hull of a mesh is not there.
        """
        self.joints = tuple(armature)
        self._model = copy(_compile(arm, tuple(armature.items())))  # which jams, walls and payloads change
        self._data = mujoco.MjData(self._model)
        self._names = body_names(arm)
        self._dt = 0.0
        self.payload = 0.0
        joints = [self._model.joint(name) for name in self.joints]
        self._places = [int(joint.qposadr[0]) for joint in joints]
        self._dofs = [int(joint.dofadr[0]) for joint in joints]
        self._driven = np.array(self._dofs)
        self._pushes = np.zeros(len(joints))  # from outside [N·m] or [N]
        self._is_pushed = False
        self._jams: Counter[str] = Counter()
        self._own_friction = self._model.dof_frictionloss.copy()
        self._friction = self._own_friction.copy()
        self._limp_friction: dict[int, float] = {}
        self._limp: list[bool] = []
        self._rest: list[float] = []
        self._rest_friction: dict[int, float] = {}
        self._is_at_rest = False
        self._tool = self._model.body(self._names[arm.tool]).id
        self._wall = self._model.geom(_WALL).id
        self._enable_contacts(False)
        self._tool_mass = float(self._model.body_mass[self._tool])
        self._tool_centre = self._model.body_ipos[self._tool].copy()
        # Views: looking them up anew costs as much as a step of the physics.
        self._qpos, self._qvel = self._data.qpos, self._data.qvel
        self._applied = self._data.qfrc_applied
        self._qpos[self._places] = [start[name] for name in self.joints]
        _place_followers(self._model, self._data)
        mujoco.mj_forward(self._model, self._data)
        self._read()

    def time(self, now: float) -> float:
        """As fast as the computer's."""
        return now

    def step(self, dt: float, torques: Sequence[float | None]) -> None:
        """Advance by dt [s]."""
        if dt != self._dt:
            self._model.opt.timestep = self._dt = dt
        self._let_hang([torque is None for torque in torques])
        forces = [torque or 0.0 for torque in torques]
        self._applied[self._driven] = forces + self._pushes if self._is_pushed else forces
        mujoco.mj_step(self._model, self._data)
        self._read()

    def _let_hang(self, limp: list[bool]) -> None:
        """Take or leave the friction of gears and of a rest, where servos were turned off or on."""
        is_at_rest = any(limp) and self._is_near_rest()
        if limp == self._limp and is_at_rest == self._is_at_rest:
            return
        self._limp, self._is_at_rest = limp, is_at_rest
        for joint, is_limp, dof in zip(self.joints, limp, self._dofs, strict=True):
            holding = [self._own_friction[dof]]
            if is_limp:
                holding.append(self._limp_friction.get(dof, 0.0))
            if is_limp and is_at_rest:
                holding.append(self._rest_friction[dof])
            self._friction[dof] = max(holding)
            if not self._jams[joint]:
                self._model.dof_frictionloss[dof] = self._friction[dof]

    def _is_near_rest(self) -> bool:
        away = zip(self.positions, self._rest, strict=False)  # none where there is no rest
        return bool(self._rest) and all(abs(position - rest) < _REST_REACH for position, rest in away)

    def jam(self, joint: str) -> None:
        """Let a joint stand still: dry friction beyond any motor's torque."""
        self._jams[joint] += 1
        self._model.dof_frictionloss[self._dof(joint)] = _JAMMED

    def release(self, joint: str) -> None:
        """Give a joint its own friction back, once nothing jams it any more."""
        self._jams[joint] -= 1
        if not self._jams[joint]:
            self._model.dof_frictionloss[self._dof(joint)] = self._friction[self._dof(joint)]

    def set_limp_friction(self, joint: str, friction: float) -> None:
        """What keeps a joint in its place while its servo is off: the friction of its gear [N·m] or [N]."""
        self._limp_friction[self._dof(joint)] = friction

    def set_rest(self, rest: Mapping[str, float]) -> None:
        """Where the limp arm lies on a table, a stand or its own parts: positions of the joints [rad] or [m].

        There are no contacts, so friction stands for them: enough to carry the weight, near that pose alone.
        """
        data = mujoco.MjData(self._model)
        self._rest = [rest[name] for name in self.joints]
        data.qpos[self._places] = self._rest
        _place_followers(self._model, data)
        mujoco.mj_forward(self._model, data)
        self._rest_friction = {dof: _REST_FRICTION * abs(float(data.qfrc_bias[dof])) for dof in self._dofs}

    def set_stops(self, joint: str, lower: float, upper: float) -> None:
        """Let a joint go no farther than a range of its motion [rad] or [m]."""
        number = self._model.joint(joint).id
        if self._model.jnt_limited[number]:
            before = self._model.jnt_range[number]
            lower, upper = max(lower, before[0]), min(upper, before[1])
        self._model.jnt_range[number], self._model.jnt_limited[number] = (lower, upper), True

    def place(self, joint: str, position: float) -> None:
        """Put a joint at a position [rad] or [m], at rest.

        Raises:
            ConfigError: it is beyond the joint's stops.
        """
        found = self._model.joint(joint)
        lower, upper = map(float, found.range)
        if self._model.jnt_limited[found.id] and not lower <= position <= upper:
            raise ConfigError(
                f"position of {joint}", position, f"its stops are at {bounds(lower, upper, position, 'g', 'and')}"
            )
        self._qpos[found.qposadr] = position
        self._qvel[found.dofadr] = 0.0
        _place_followers(self._model, self._data)
        self._read()

    def set_payload(self, mass: float) -> None:
        """Hang a mass [kg] on the tool's frame, a point without inertia of its own."""
        whole = self._tool_mass + mass
        self._model.body_mass[self._tool] = whole
        # MuJoCo gives a link without mass a centre somewhere else than in its frame.
        self._model.body_ipos[self._tool] = self._tool_centre * (self._tool_mass / whole if whole else 0.0)
        mujoco.mj_setConst(self._model, mujoco.MjData(self._model))
        self.payload = mass

    def push(self, joint: str, torque: float) -> None:
        """Add a torque [N·m] or force [N]."""
        self._pushes[self.joints.index(joint)] += torque
        self._is_pushed = bool(self._pushes.any())

    def build_wall(self, normal: Sequence[float], distance: float) -> None:
        """Put a wall in the arm's way: a plane that no link's collision shape goes through.

        Args:
            normal: from the wall towards the arm, in the base's frame. Shape (3,).
            distance: of the wall from the base's origin [m].

        Raises:
            ConfigError: a part of the arm is in it already.
        """
        direction = np.array(normal, dtype=float) / np.linalg.norm(normal)
        self._model.geom_pos[self._wall] = -distance * direction
        mujoco.mju_quatZ2Vec(self._model.geom_quat[self._wall], direction)
        self._enable_contacts(True)
        mujoco.mj_forward(self._model, self._data)
        deepest = min(self._data.contact, key=lambda contact: contact.dist, default=None)
        if deepest is not None and deepest.dist < -_DEEPEST:
            self.remove_wall()
            geom = next(geom for geom in deepest.geom if geom != self._wall)
            body = self._model.body(self._model.geom_bodyid[geom]).name
            link = next(link for link, name in self._names.items() if name == body)
            allowed = f"{link} is {-deepest.dist:.3f} m in it; put it farther away"
            raise ConfigError("wall", f"{distance:g} m from the base", allowed)

    def remove_wall(self) -> None:
        """End what build_wall() began."""
        self._enable_contacts(False)

    def _enable_contacts(self, on: bool) -> None:
        self._model.geom_conaffinity[self._wall] = int(on)
        contact = int(mujoco.mjtDisableBit.mjDSBL_CONTACT)
        flags = int(self._model.opt.disableflags)
        self._model.opt.disableflags = flags & ~contact if on else flags | contact

    def _dof(self, joint: str) -> int:
        return self._dofs[self.joints.index(joint)]

    def frame_position(self, link: str) -> tuple[float, float, float]:
        """Where a link's frame stands in the base [m]."""
        mujoco.mj_kinematics(self._model, self._data)
        x, y, z = self._data.body(self._names[link]).xpos
        return float(x), float(y), float(z)

    def _read(self) -> None:
        positions, velocities = self._qpos.tolist(), self._qvel.tolist()
        self.positions = [positions[place] for place in self._places]
        self.velocities = [velocities[dof] for dof in self._dofs]


@lru_cache(maxsize=4)
def _compile(arm: ArmModel, rotors: tuple[tuple[str, float], ...]) -> mujoco.MjModel:
    armature = dict(rotors)
    try:
        spec = read_spec(arm)
        spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
        spec.option.disableflags |= mujoco.mjtDisableBit.mjDSBL_CONTACT
        for joint in spec.joints:
            joint.armature = armature.get(joint.name, 0.0)
            joint.solref_limit = [_STOP_TIME, 1.0]
            joint.solref_friction = [_STOP_TIME, 1.0]
            joint.solimp_friction = _DRY_FRICTION
        for geom in spec.geoms:  # which meet a wall, and not each other
            geom.contype, geom.conaffinity = int(bool(geom.contype)), 0
        spec.worldbody.add_geom(
            name=_WALL,
            type=mujoco.mjtGeom.mjGEOM_PLANE,
            size=[1.0, 1.0, 1.0],
            pos=[1.0, 0.0, 0.0],  # of a frame that is its body's the place could not be changed any more
            quat=[0.6, 0.8, 0.0, 0.0],
            contype=0,
            conaffinity=1,  # with neither it would count as something to see, which a URDF's reader discards
            solref=[_CONTACT_TIME, 1.0],
        )
        return spec.compile()
    except ConfigError:
        raise
    except ValueError as error:
        raise ConfigError("URDF", str(error), "correct the URDF") from error


def _place_followers(model: mujoco.MjModel, data: mujoco.MjData) -> None:
    """Put mimic joints where their leaders want them: MuJoCo's joint equality, y = a0 + a1 x."""
    for index in range(model.neq):
        follower, leader = model.eq_obj1id[index], model.eq_obj2id[index]
        offset, factor = model.eq_data[index][:2]
        position = data.qpos[model.jnt_qposadr[leader]]
        data.qpos[model.jnt_qposadr[follower]] = offset + factor * position
