"""Torques that a motion needs, by MuJoCo's inverse dynamics, and torques that the servos can give."""

from __future__ import annotations

from collections.abc import Mapping

import mujoco
import numpy as np

from armature.core.arrays import Array
from armature.core.kinematics.drive_ratings import DriveRatings
from armature.core.kinematics.mechanics import Mechanics
from armature.core.trajectory.trajectory import State

_WITHOUT_CONTACT = int(mujoco.mjtDisableBit.mjDSBL_CONTACT) | int(mujoco.mjtDisableBit.mjDSBL_CONSTRAINT)


class Torques:
    """Torques of the joints that a `Mechanics` moves."""

    def __init__(self, mechanics: Mechanics, drives: Mapping[str, DriveRatings]) -> None:
        """Args: the arm with the rotors' inertia, and its drives by joint."""
        self._mechanics = mechanics
        self._stall = np.array([drives[joint].stall_torque for joint in mechanics.joints])
        self._fastest = np.array([drives[joint].no_load_speed for joint in mechanics.joints])
        self._friction = mechanics.model.dof_frictionloss[mechanics.dofs]

    def required(self, state: State) -> Array:
        """Torques for a state of motion: inertia, gravity, damping and dry friction [N·m], Shape (n,)."""
        model, data, dofs = self._mechanics.model, self._mechanics.data, self._mechanics.dofs
        flags = model.opt.disableflags
        model.opt.disableflags = flags | _WITHOUT_CONTACT
        data.qvel[:], data.qacc[:] = 0.0, 0.0
        data.qvel[dofs], data.qacc[dofs] = state.velocity, state.acceleration
        self._mechanics.set_position(state.position)
        mujoco.mj_inverse(model, data)
        model.opt.disableflags = flags
        torques: Array = data.qfrc_inverse[dofs] + self._friction * np.sign(state.velocity)
        return torques

    def loads(self, positions: Array) -> Array:
        """Torques that hold the arm's weight at rest at some positions [N·m], each of Shape (m, n)."""
        return np.array([self._weight(position) for position in positions])

    def _weight(self, position: Array) -> Array:
        """By the recursive Newton-Euler method: inertia, damping and friction do not come in."""
        model, data = self._mechanics.model, self._mechanics.data
        data.qvel[:] = 0.0
        self._mechanics.set_position(position)
        mujoco.mj_comPos(model, data)
        mujoco.mj_comVel(model, data)
        found = np.zeros(model.nv)
        mujoco.mj_rne(model, data, 0, found)
        weight: Array = found[self._mechanics.dofs]
        return weight

    def available(self, torques: Array, velocity: Array) -> Array:
        """Highest torques in the directions of some: less where a moving motor drives, no less where it brakes.

        A permanent magnet motor's torque falls linearly from stall to no-load speed.

        Args:
            torques: [N·m], Shape (n,).
            velocity: [rad/s], Shape (n,).
        """
        driving = np.maximum(np.sign(torques) * velocity, 0.0)
        bound: Array = self._stall * np.maximum(1.0 - driving / self._fastest, 0.0)
        return bound
