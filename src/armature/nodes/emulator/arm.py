"""The emulated arm that the options describe: servos, with physics of MuJoCo or an arm in Gazebo."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from armature.core.model.arm import ArmModel
from armature.core.model.poses import completed
from armature.dynamixel.wiring.arm import Wiring
from armature.emulator.bus.bus import EmulatedBus
from armature.errors import ConfigError, listed
from armature.nodes.common.priority import prefer_real_time
from armature.nodes.common.robot_files import read_file, read_given_poses, read_wired_arm
from armature.nodes.emulator.options import GAZEBO

_LONGEST_LATENCY = 1.0  # [s]


@contextmanager
def emulated_arm(options: argparse.Namespace, ros_arguments: Sequence[str]) -> Iterator[EmulatedBus]:
    """The arm's servos on their bus.

    Args:
        options: see options.py.
        ros_arguments: for the node that an arm in Gazebo needs.

    Raises:
        ConfigError: a file or an option that cannot be used.
        ProcessError: Gazebo does not answer.
    """
    servos = read_file("--wiring", options.wiring)
    arm, wiring = read_wired_arm("--urdf", options.urdf, servos, str(options.wiring))
    poses = read_given_poses(options.poses, arm, "--poses")
    start = _find_start(options, poses)
    if options.baud is not None:
        wiring = replace(wiring, buses=dict.fromkeys(wiring.buses, options.baud))
    if not 0.0 <= options.usb_latency <= _LONGEST_LATENCY:
        raise ConfigError("--usb-latency", options.usb_latency, f"it takes 0 to {_LONGEST_LATENCY:g} s")
    if options.plant == GAZEBO:
        with _in_gazebo(arm, wiring, ros_arguments, options.gazebo_timeout) as bus:
            yield _delay(bus, options.usb_latency)
        return
    rest = completed(poses[options.park_pose], arm) if options.park_pose in poses else None
    bus = EmulatedBus.of_arm(arm, wiring, completed(start, arm), time.monotonic(), rest)
    if options.factory is not None:
        bus.factory_reset(options.factory)
    yield _delay(bus, options.usb_latency)


def _find_start(options: argparse.Namespace, poses: Mapping[str, Mapping[str, float]]) -> Mapping[str, float]:
    """Where the arm is switched on."""
    option, name = (
        ("--start-pose", options.start_pose) if options.start_pose else ("--park-pose", options.park_pose)
    )
    if name not in poses:
        raise ConfigError(option, name, f"{options.poses}: {listed('poses', poses)}")
    return poses[name]


def _delay(bus: EmulatedBus, latency: float) -> EmulatedBus:
    for each in bus.wires.values():
        each.usb_latency = latency
    return bus


@contextmanager
def _in_gazebo(
    arm: ArmModel, wiring: Wiring, ros_arguments: Sequence[str], timeout: float
) -> Iterator[EmulatedBus]:
    # rclpy, 30 MB, only where it is needed.
    from armature.nodes.emulator.gazebo_plant import gazebo_plant

    prefer_real_time()  # before the threads of DDS begin, which the servos would wait for
    with gazebo_plant(arm, wiring, ros_arguments, timeout) as plant:
        yield EmulatedBus.of_plant(plant, wiring, time.monotonic())
