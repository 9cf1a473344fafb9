"""Whether a way is free: contacts of the arm with itself and with the floor, by MuJoCo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import mujoco
import numpy as np

from armature.core.model import ArmModel

_STEP = 0.02  # between checked positions [rad] or [m]
_TOLERANCE = 1e-3  # depth that counts as touching, not as a collision [m]


@dataclass(frozen=True)
class Contact:
    """The first place where two parts of the arm, or one and the floor, would meet."""

    first: str  # link
    second: str  # link, or "floor"
    fraction: float  # of the way, 0 to 1


class CollisionModel:
    """Collision shapes of a URDF over a floor at height 0."""

    def __init__(self, urdf: str, arm: ArmModel) -> None:
        """Args: the URDF's text, and the model read from it."""
        spec = mujoco.MjSpec.from_string(urdf)
        spec.worldbody.add_geom(
            name="floor", type=mujoco.mjtGeom.mjGEOM_PLANE, size=[0, 0, 1], pos=[0, 0, -_TOLERANCE]
        )
        self._arm = arm
        self._model = spec.compile()
        self._data = mujoco.MjData(self._model)
        self._address = {
            joint.name: int(self._model.joint(joint.name).qposadr[0])
            for joint in arm.joints
            if joint.kind != "fixed"
        }

    def first_contact(self, joints: Sequence[str], start: np.ndarray, end: np.ndarray) -> Contact | None:
        """Walk a straight line in joint space.

        Args:
            joints: names.
            start: positions at its begin [rad] or [m], Shape (n,).
            end: positions at its end [rad] or [m], Shape (n,).

        Returns:
            The first contact that is deeper than at the start; None where the way is free.
        """
        steps = max(1, int(np.ceil(np.max(np.abs(end - start)) / _STEP)))
        allowed = self._depths(joints, start)
        for step in range(1, steps + 1):
            fraction = step / steps
            for pair, depth in self._depths(joints, start + fraction * (end - start)).items():
                if depth > allowed.get(pair, 0.0) + _TOLERANCE:
                    return Contact(*pair, fraction)
        return None

    def _depths(self, joints: Sequence[str], positions: np.ndarray) -> dict[tuple[str, str], float]:
        at = dict(zip(joints, map(float, positions), strict=True))
        for joint in self._arm.joints:
            if joint.mimic is not None and joint.mimic.joint in at:
                at[joint.name] = joint.mimic.multiplier * at[joint.mimic.joint] + joint.mimic.offset
        for name, position in at.items():
            self._data.qpos[self._address[name]] = position
        mujoco.mj_kinematics(self._model, self._data)
        mujoco.mj_collision(self._model, self._data)
        depths: dict[tuple[str, str], float] = {}
        for contact in self._data.contact[: self._data.ncon]:
            first, second = sorted((self._name(contact.geom1), self._name(contact.geom2)))
            if "floor" in (first, second) and self._arm.root in (first, second):
                continue
            depths[first, second] = max(depths.get((first, second), 0.0), -float(contact.dist))
        return depths

    def _name(self, geom: int) -> str:
        if self._model.geom(geom).name == "floor":
            return "floor"
        body = int(self._model.geom_bodyid[geom])
        return self._arm.root if body == 0 else str(self._model.body(body).name)
