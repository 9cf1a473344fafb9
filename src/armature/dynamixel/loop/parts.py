"""What the bus loop is made of: one object for each of its jobs, over the servos of one arm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from armature.core.model.arm import ArmModel, Limit
from armature.dynamixel.faults.back_off import BackOff
from armature.dynamixel.faults.faults import Faults
from armature.dynamixel.faults.policy import FaultPolicy
from armature.dynamixel.faults.recovery import Recovery
from armature.dynamixel.faults.supervision import build_watches
from armature.dynamixel.free_drive.compliance import Compliances
from armature.dynamixel.free_drive.free_drive import FreeDrive
from armature.dynamixel.loop.settings import LoopSettings
from armature.dynamixel.motion.commanded_mode import CommandedMode
from armature.dynamixel.motion.feedforward import Feedforward
from armature.dynamixel.motion.grip import HOLDING_SHARE, Grip, max_lead
from armature.dynamixel.protocol.base import Bus
from armature.dynamixel.servo.servos import Servos
from armature.dynamixel.wiring.arm import Wiring


@dataclass(frozen=True)
class LoopParts:
    """Shared by the cycle, by what is asked of it and by what is seen of it."""

    bus: Bus
    limits: Mapping[str, Limit]  # by joint
    policy: FaultPolicy
    servos: Servos
    commanded: CommandedMode
    faults: Faults
    recovery: Recovery
    feedforward: Feedforward
    grip: Grip
    back_off: BackOff
    free_drive: FreeDrive
    # Servos that were missing at the start: whether they hold is not known.
    missing_at_start: set[str] = field(default_factory=set)

    @staticmethod
    def of(bus: Bus, wiring: Wiring, arm: ArmModel, settings: LoopSettings) -> LoopParts:
        """Of a closed bus, the servos on it, the arm that they move, and how."""
        arm = wiring.narrow_limits(arm)
        limits = {joint: arm.limit(joint) for joint in wiring.joints}
        servos = Servos.of(bus, wiring, limits, settings.servos)
        commanded = CommandedMode(limits, settings.dynamics, protective_stop=settings.protective_stop)
        gripper = {joint.name for joint in arm.gripper_joints}
        fingers = gripper | wiring.compliant_joints
        bounds = settings.following_errors(arm, fingers)
        watch = build_watches(
            wiring.all_servos,
            limits,
            bounds,
            fingers,
            settings.policy,
            settings.contact,
            {joint.name: joint.friction for joint in arm.driven},
        )
        faults = Faults(servos, watch, settings.policy)
        feedforward = Feedforward(settings.stiffness(wiring.servos), limits)
        held = [servos.joints[joint] for joint in sorted(gripper)]
        compliances = Compliances(servos, commanded, faults, limits, settings.free_drive)
        back_off = BackOff(
            servos,
            commanded.setpoints,
            feedforward,
            limits,
            settings.dynamics,
            {
                axis.wiring.joint: max_lead(axis.wiring, HOLDING_SHARE, settings.p_gain(axis.wiring))
                for axis in held
            },
            {joint.name: joint.unit for joint in arm.driven},
            lambda joint: faults.watch(joint).is_guided,
        )
        return LoopParts(
            bus=bus,
            limits=limits,
            policy=settings.policy,
            servos=servos,
            commanded=commanded,
            faults=faults,
            recovery=Recovery(servos, commanded.setpoints, faults, settings.policy),
            feedforward=feedforward,
            grip=Grip(held, servos),
            back_off=back_off,
            free_drive=FreeDrive(servos, commanded, faults, compliances),
        )
