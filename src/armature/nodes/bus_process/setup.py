"""The loop that a configuration of the bus process describes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from armature.core.model.arm import Limit
from armature.core.trajectory.stopping import Dynamics
from armature.dynamixel.faults.policy import FaultPolicy
from armature.dynamixel.free_drive.settings import FreeDriveSettings
from armature.dynamixel.loop import link
from armature.dynamixel.loop.loop import LoopSettings, ServoLoop
from armature.dynamixel.protocol.base import Bus
from armature.dynamixel.protocol.device_names import port_paths
from armature.dynamixel.protocol.multi_bus import bus_of
from armature.dynamixel.tables.roles import Role
from armature.nodes.common.robot_files import read_file, read_wired_arm


def build(config: Mapping[str, Any]) -> tuple[Bus, ServoLoop, dict[str, Any]]:
    """Bus and loop; nothing is opened yet.

    Args:
        config: as the servo interface writes it, see servo_interface/parameters.py.

    Returns:
        Beside them the configuration with what the files hold now: the servo interface may have read others.

    Raises:
        ConfigError: a file or a value that cannot be used.
    """
    servos = read_file("wiring", config["wiring"])
    arm, wiring = read_wired_arm("urdf", config["urdf"], servos, config["wiring"], with_collisions=False)
    arm = arm.limited({joint: Limit(*values) for joint, values in config["limits"].items()})
    bus = bus_of(wiring, port_paths(config["port"], wiring.buses), config["latency"])
    settings = LoopSettings(
        dynamics={joint: Dynamics(*values) for joint, values in config["dynamics"].items()},
        registers={
            joint: {Role(role): value for role, value in values.items()}
            for joint, values in config["registers"].items()
        },
        max_missed_reads=config["max_missed_reads"],
        leads=config["feedforward"],
        protective_stop=config["protective_stop"],
        resumes=config["resumes"],
        policy=FaultPolicy.read(config["faults"]),
        following_error=config["following_error"],
        contact=config["contact"],
        free_drive=FreeDriveSettings(**config["free_drive"]),
    )
    read = {"joints": list(wiring.joints), "turns": wiring.turns, "files": link.digest(arm.urdf, servos)}
    return bus, ServoLoop(bus, wiring, arm, settings), {**config, **read}
