"""Parameters of the servo interface, and the files that they name."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import asdict, astuple, dataclass, field, fields, make_dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from rclpy.node import Node

from armature.core.model.arm import ArmModel
from armature.core.model.poses import find_park
from armature.core.trajectory.stopping import Dynamics
from armature.dynamixel.faults.policy import FaultPolicy, meanings, ranges
from armature.dynamixel.free_drive.settings import FreeDriveSettings
from armature.dynamixel.loop import link
from armature.dynamixel.protocol.device_names import port_paths, port_text
from armature.dynamixel.protocol.port import LATENCY
from armature.dynamixel.tables.roles import Role
from armature.dynamixel.wiring.arm import ServoWiring, Wiring
from armature.environment import state_folder
from armature.errors import ConfigError
from armature.nodes.common.parameters.joint_limits import REDUCED, ArmLimits, limit_values, read_limits
from armature.nodes.common.parameters.parameters import located, read
from armature.nodes.common.parameters.payload import KeptPayload
from armature.nodes.common.parameters.wanted import described, within
from armature.nodes.common.robot_files import read_file, read_given_poses, read_wired_arm, with_allowed_pairs

_SERVO_DEFAULT = -1
_LONGEST_SILENCE = 0.5  # of a servo before it is named, which promise 4 wants within a second [s]
_FEWEST_CYCLES = 4  # that a servo's watchdog must wait: one request that is lost shall not trip it


@dataclass(frozen=True)
class StartParameters:
    """What is known before the node is configured."""

    autostart: bool = True  # configure and activate at start; false leaves it to a lifecycle manager
    exit_message_file: str = ""  # file that keeps how the arm was left; "" for the log alone


@dataclass(frozen=True)
class ServoParameters:
    """Parameters of the node itself."""

    urdf: str  # file of the robot's description
    wiring: str  # file: which servo turns which joint
    poses: str  # file of the named poses
    port: str  # serial device; NAME=DEVICE,… of several buses, or a folder of them
    rate: float = field(default=100.0, metadata=within(2.0, 400.0))  # of the bus loop [Hz]
    # Of the serial adapter, the default of FTDI adapters [s]
    latency: float = field(default=LATENCY, metadata=within(0.0, 0.1))
    # How long the port may take to appear [s]
    connect_timeout: float = field(default=10.0, metadata=within(0.0, 600.0))
    max_missed_reads: int = 5  # cycles without an answer before a servo counts as missing
    # Whether the processor is kept from deep sleep while torque is on, where that is permitted
    disable_cpu_sleep: bool = True
    feedforward: bool = True  # whether goals lead their set-points by what servos sag and lag
    park_pose: str = "park"  # of the poses file, in which the arm parks
    park_speed: float = 0.3  # fraction of the velocity limits
    checks__allowed_pairs: tuple[str, ...] = ()  # links that may touch on the way to park, as "first second"
    state_folder: str = ""  # for what outlives a restart; "" for armature in XDG_STATE_HOME

    def __post_init__(self) -> None:
        if self.max_missed_reads < 1:
            raise ConfigError("parameter max_missed_reads", self.max_missed_reads, "it must be at least 1")
        if self.max_missed_reads > _LONGEST_SILENCE * self.rate:
            raise ConfigError("parameter rate", self.rate, self._required_rate())
        if not 0.0 < self.park_speed <= 1.0:
            raise ConfigError("parameter park_speed", self.park_speed, "it must be within 0 and 1")

    def check_watchdog(self, time: float) -> None:
        """Refuse a rate at which the servos' own watchdog would stop them between two cycles.

        Args:
            time: faults.bus_watchdog.time [s]; 0 is off.

        Raises:
            ConfigError: the rate is too low for it.
        """
        if time and time * self.rate < _FEWEST_CYCLES:
            allowed = (
                f"faults.bus_watchdog.time is {time:g} s, and {_FEWEST_CYCLES} cycles must fit: give at least "
                f"{_FEWEST_CYCLES / time:g} Hz, or a time of {_FEWEST_CYCLES / self.rate:g} s, or 0 for off"
            )
            raise ConfigError("parameter rate", self.rate, allowed)

    def _required_rate(self) -> str:
        misses, bound = self.max_missed_reads, _LONGEST_SILENCE
        return (
            f"a silent servo would be named after {misses / self.rate:.2g} s, {bound:g} s may pass: "
            f"give at least {misses / bound:g} Hz, or max_missed_reads {int(bound * self.rate)}"
        )


@dataclass(frozen=True)
class JointParameters:
    """Parameters of one joint; -1 leaves a register at the servo's default."""

    position_p_gain: int = _SERVO_DEFAULT  # register Position P Gain
    position_i_gain: int = _SERVO_DEFAULT  # register Position I Gain
    position_d_gain: int = _SERVO_DEFAULT  # register Position D Gain
    feedforward_1st_gain: int = _SERVO_DEFAULT  # register Feedforward 1st Gain, of the velocity
    feedforward_2nd_gain: int = _SERVO_DEFAULT  # register Feedforward 2nd Gain, of the acceleration
    following_error: float = _SERVO_DEFAULT  # bound [rad] or [m]; 0 is off, -1 is 0.35 rad, off for a gripper
    contact: float = 0.0  # torque beyond the known load that is not a contact yet [N·m] or [N]; 0 is off

    def following_error_bound(self, joint: str) -> dict[str, float]:
        """Its bound of the following error by its name, where one is given [rad] or [m].

        Raises:
            ConfigError: a value that is neither at least 0 nor -1.
        """
        if self.following_error == _SERVO_DEFAULT:
            return {}
        if not self.following_error >= 0.0:
            allowed = "it must be at least 0; 0 is off, -1 the default"
            raise ConfigError(f"parameter {joint}.following_error", self.following_error, allowed)
        return {joint: self.following_error}

    def contact_bound(self, servo: ServoWiring) -> float:
        """Its bound of contact [N·m] or [N], 0 for off.

        Raises:
            ConfigError: a value below 0, or a servo whose torque constant was not measured.
        """
        where = f"parameter {servo.joint}.contact"
        if not 0.0 <= self.contact < math.inf:
            raise ConfigError(where, self.contact, "it must be at least 0; 0 is off")
        if self.contact and math.isnan(servo.torque_constant):
            raise ConfigError(
                where, self.contact, "measure its torque_constant first, for the wiring file; 0 is off"
            )
        return self.contact

    def registers(self, servo: ServoWiring) -> dict[str, int]:
        """Raw RAM values by role: the name of a gain's parameter is that of its role.

        Raises:
            ConfigError: a value beyond the register's range, or a gain that the servo does not have.
        """
        model = servo.model
        profile = (Role.PROFILE_VELOCITY, Role.PROFILE_ACCELERATION)
        values = {role.value: 0 for role in profile if model.has(role)}  # 0: the set-points are the profile
        for role in filter(_is_set_by_parameter, Role):
            value = getattr(self, role.value)
            if value == _SERVO_DEFAULT:
                continue
            where = f"parameter {servo.joint}.{role}"
            if not model.has(role):
                raise ConfigError(where, value, f"{model.name} has no such gain; -1 leaves it")
            register = model[role]
            if not register.minimum <= value <= register.maximum:
                allowed = f"it must be within {register.minimum} and {register.maximum}, or -1 for the default"
                raise ConfigError(where, value, allowed)
            values[role.value] = value
        return values


_JOINT_PARAMETERS = frozenset(each.name for each in fields(JointParameters))


def _is_set_by_parameter(role: Role) -> bool:
    return role.value in _JOINT_PARAMETERS


@dataclass(frozen=True)
class ServoConfiguration:
    """The whole configuration of the servo interface."""

    arm: ArmModel  # its limits narrowed by parameters
    wiring: Wiring
    park: Mapping[str, float]  # by joint [rad] or [m]
    park_speed: float
    dynamics: Mapping[str, Dynamics]  # by joint
    state_folder: Path
    child: Mapping[str, Any]  # the bus process's configuration
    is_reduced: bool = False  # whether its limits are a tenth, see ArmLimits
    payload_file: str = ""  # see KeptPayload

    @property
    def joints(self) -> tuple[str, ...]:
        """Joint names in the order of the wiring file, which is that of the readings."""
        return self.wiring.joints

    @cached_property
    def limit_values(self) -> dict[str, str]:
        """Its limits as values of the state: what the controllers' own are compared with."""
        return limit_values(self.arm, self.dynamics)

    @property
    def servos(self) -> tuple[str, ...]:
        """Names of all servos, among them the second ones of joints that have two."""
        return tuple(servo.name for servo in self.wiring.all_servos)

    @staticmethod
    def of(node: Node) -> ServoConfiguration:
        """Read parameters and files.

        Raises:
            ConfigError: naming the parameter or the file's field.
        """
        parameters = read(node, ServoParameters)
        wiring_text = read_file("wiring", parameters.wiring)
        arm, wiring = read_wired_arm("urdf", parameters.urdf, wiring_text, parameters.wiring)
        poses = read_given_poses(parameters.poses, arm)
        return ServoConfiguration.of_files(node, arm, wiring, poses, wiring_text)

    @staticmethod
    def of_files(
        node: Node, arm: ArmModel, wiring: Wiring, poses: Mapping[str, Mapping[str, float]], wiring_text: str
    ) -> ServoConfiguration:
        """By the parameters of a node, and files that have been read.

        Raises:
            ConfigError: naming the parameter.
        """
        with located(node):
            return ServoConfiguration._of(node, arm, wiring, poses, wiring_text)

    @staticmethod
    def _of(
        node: Node, arm: ArmModel, wiring: Wiring, poses: Mapping[str, Mapping[str, float]], wiring_text: str
    ) -> ServoConfiguration:
        parameters = read(node, ServoParameters)
        limits = read_limits(node, arm, wiring)
        park = find_park(poses, parameters.park_pose, limits.arm)
        joints = {servo.joint: read(node, JointParameters, f"{servo.joint}.") for servo in wiring.servos}
        faults = _read_faults(node)
        parameters.check_watchdog(faults["bus_watchdog.time"])
        return ServoConfiguration(
            arm=with_allowed_pairs(limits.arm, parameters.checks__allowed_pairs),
            wiring=wiring,
            park=park,
            park_speed=min(1.0, parameters.park_speed / (REDUCED if limits.is_reduced else 1.0)),
            dynamics={name: limits.dynamics[name] for name in joints},
            state_folder=Path(parameters.state_folder or state_folder(os.environ)),
            child={
                **_child(parameters, wiring, joints, limits, faults),
                "files": link.digest(arm.urdf, wiring_text),
                "free_drive": asdict(read(node, FreeDriveSettings, "free_drive.")),
            },
            is_reduced=limits.is_reduced,
            payload_file=read(node, KeptPayload).payload_file,
        )


def _read_faults(node: Node) -> dict[str, Any]:
    """Parameters of the fault state machine by their names without "faults."; see `policy`.

    Raises:
        ConfigError: a value that cannot be used.
    """
    defaults, texts, bounds = FaultPolicy().settings(), meanings(), ranges()
    columns = [
        (
            name.replace(".", "__"),
            type(value),
            field(default=value, metadata=described(texts[name], bounds.get(name))),
        )
        for name, value in defaults.items()
    ]
    given: Any = read(node, make_dataclass("FaultParameters", columns, frozen=True), "faults.")
    settings = {name: getattr(given, name.replace(".", "__")) for name in defaults}
    FaultPolicy.read(settings)
    return settings


def _child(
    parameters: ServoParameters,
    wiring: Wiring,
    joints: Mapping[str, JointParameters],
    limits: ArmLimits,
    faults: Mapping[str, Any],
) -> dict[str, Any]:
    return {
        "port": port_text(port_paths(parameters.port, wiring.buses)),
        "urdf": str(Path(parameters.urdf).absolute()),
        "wiring": str(Path(parameters.wiring).absolute()),
        "joints": list(wiring.joints),
        "turns": wiring.turns,
        "rate": parameters.rate,
        "latency": parameters.latency,
        "connect_timeout": parameters.connect_timeout,
        "max_missed_reads": parameters.max_missed_reads,
        "disable_cpu_sleep": parameters.disable_cpu_sleep,
        "feedforward": parameters.feedforward,
        "faults": dict(faults),
        "contact": {servo.joint: joints[servo.joint].contact_bound(servo) for servo in wiring.servos},
        "following_error": {
            key: bound for name, p in joints.items() for key, bound in p.following_error_bound(name).items()
        },
        "limits": {name: list(astuple(limits.arm.limit(name))) for name in joints},
        "dynamics": {name: list(astuple(limits.dynamics[name])) for name in joints},
        "registers": {servo.joint: joints[servo.joint].registers(servo) for servo in wiring.servos},
    }
