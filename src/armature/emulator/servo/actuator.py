"""The servo's law as a spring and a damper: what a simulator's own controller does between two commands."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from armature.core.model.arm import ArmModel
from armature.dynamixel.wiring.arm import ServoWiring, Wiring
from armature.emulator.servo.control_law import factory_stiffness
from armature.emulator.servo.motor import rotor_inertia


@dataclass(frozen=True)
class Law:
    """Torque of a servo around a set-point: stiffness · (set-point - position) - damping · velocity."""

    stiffness: float  # [N·m/rad] or [N/m]
    damping: float  # [N·m·s/rad] or [N·s/m]

    @staticmethod
    def of(entry: ServoWiring) -> Law:
        """What a joint's servos do to it with their factory gains, at their nominal voltage."""
        square = entry.reduction**2 * entry.motors
        return Law(factory_stiffness(entry.model) * square, entry.model.damping * square)

    def set_point(self, position: float, velocity: float, torque: float) -> float:
        """Where the set-point of this law must stand to give a torque [N·m] or [N] at a place and speed.

        For a servo with its factory gains that is its own set-point, however old place and speed are.
        """
        return position + (torque + self.damping * velocity) / self.stiffness


@dataclass(frozen=True)
class Actuator:
    """One joint of the simulator that a servo moves, alone or together with others: factor · leader + offset."""

    joint: str
    leader: str  # the joint of the wiring
    factor: float
    offset: float  # [rad] or [m]
    law: Law
    effort: float  # at stall [N·m] or [N]
    rotor: float  # inertia of the servo's rotor as the joint feels it [kg·m²] or [kg]


def actuators(arm: ArmModel, wiring: Wiring) -> tuple[Actuator, ...]:
    """The joints that a wiring's servos move, in its order, each followed by those that mimic it."""
    found = []
    for entry in wiring.servos:
        mimics = [(joint.name, joint.mimic) for joint in arm.joints if joint.mimic is not None]
        own = [(name, mimic.multiplier, mimic.offset) for name, mimic in mimics if mimic.joint == entry.joint]
        found += _shared(entry, [(entry.joint, 1.0, 0.0), *own])
    return tuple(found)


def _shared(entry: ServoWiring, joints: Sequence[tuple[str, float, float]]) -> list[Actuator]:
    """Split a servo among joints, so that together they push it back as one would."""
    law, share = Law.of(entry), 1.0 / math.fsum(factor**2 for _, factor, _ in joints)
    return [
        Actuator(
            joint=joint,
            leader=entry.joint,
            factor=factor,
            offset=offset,
            law=Law(law.stiffness * share, law.damping * share),
            effort=entry.model.stall_torque * entry.reduction * share * entry.motors,
            rotor=rotor_inertia(entry.model) * entry.reduction**2 * share * entry.motors,
        )
        for joint, factor, offset in joints
    ]
