"""The way from where the arm is to where its torque may be turned off."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from armature.core.trajectory import Trajectory
from armature.core.transfer import transfer
from armature.errors import CommandRefused
from armature.nodes.servo_parameters import ServoConfiguration


def way_to_park(configuration: ServoConfiguration, start: Mapping[str, float]) -> Trajectory:
    """The straight way in joint space to the park pose.

    Args:
        configuration: the arm, its park pose and how fast it may go there.
        start: where every joint rests now [rad] or [m].

    Raises:
        CommandRefused: the arm would meet itself or the floor.
    """
    # Here, not above: MuJoCo takes a third of the process's memory, which it needs for this alone.
    from armature.core.collision import CollisionModel

    joints = configuration.joints
    park = {**start, **configuration.park}
    contact = CollisionModel(configuration.urdf, configuration.arm).first_contact(
        joints, np.array([start[joint] for joint in joints]), np.array([park[joint] for joint in joints])
    )
    if contact is not None:
        raise CommandRefused(
            "park",
            f"{contact.first} would meet {contact.second} at {contact.fraction:.0%} of the way",
            "move the arm to where the straight way is free, or support it and call /servo_interface/torque_off; "
            "torque stays on",
        )
    limits = {joint: configuration.arm.limit(joint) for joint in joints}
    return transfer(joints, start, park, limits, configuration.dynamics, configuration.park_speed)
