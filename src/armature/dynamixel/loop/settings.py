"""How the loop works."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field

from armature.core.model.arm import ArmModel
from armature.core.trajectory.stopping import Dynamics
from armature.dynamixel.faults.policy import FaultPolicy
from armature.dynamixel.free_drive.settings import FreeDriveSettings
from armature.dynamixel.motion.feedforward import Stiffness
from armature.dynamixel.servo.servos import ServoSettings
from armature.dynamixel.tables.roles import OperatingMode, Role
from armature.dynamixel.wiring.servo import ServoWiring
from armature.errors import ConfigError

# About 20°: well beyond what a servo lags behind at full speed with the gains of the arms shipped here. A finger
# that has closed on something is away from its set-point for good, so it has no bound by default.
_FOLLOWING_ERROR = 0.35  # [rad]

_STIFF = (OperatingMode.POSITION, OperatingMode.EXTENDED_POSITION)


@dataclass(frozen=True)
class LoopSettings:
    """How the loop works."""

    dynamics: Mapping[str, Dynamics]  # by joint
    registers: Mapping[str, Mapping[Role, int]] = field(default_factory=dict)  # raw RAM values by joint
    max_missed_reads: int = 5  # cycles without an answer before a servo counts as missing
    protective_stop: bool = False  # latched already, by a loop before this one
    resumes: bool = False  # a loop before this one served these servos: one that is missing is a fault, no refusal
    policy: FaultPolicy = field(default_factory=FaultPolicy)
    following_error: Mapping[str, float] = field(default_factory=dict)  # bound by joint [rad] or [m]; 0: off
    contact: Mapping[str, float] = field(default_factory=dict)  # bound by joint [N·m] or [N]; 0: off
    free_drive: FreeDriveSettings = field(default_factory=FreeDriveSettings)
    leads: bool = True  # whether goals lead their set-points by what servos sag and lag

    def __post_init__(self) -> None:
        if self.max_missed_reads < 1:
            raise ConfigError("max_missed_reads", self.max_missed_reads, "it must be at least 1")
        for joint, bound in self.following_error.items():
            if not bound >= 0.0:
                raise ConfigError(f"parameter {joint}.following_error", bound, "it must be at least 0; 0 is off")

    @property
    def servos(self) -> ServoSettings:
        """How servos are set up, read and enabled."""
        policy = self.policy
        return ServoSettings(self.registers, self.max_missed_reads, policy.watchdog_time, policy.encoder_mismatch)

    def stiffness(self, servos: Iterable[ServoWiring]) -> dict[str, Stiffness]:
        """Of the servos whose goals are to lead, by joint; a current-based one yields on purpose."""
        led = [(servo, self.p_gain(servo)) for servo in servos if self.leads and servo.mode in _STIFF]
        return {servo.joint: Stiffness.of(servo, gain) for servo, gain in led if gain}

    def p_gain(self, servo: ServoWiring) -> int:
        """The position P gain of a servo, 0 where it has none."""
        own = self.registers.get(servo.joint, {})
        return own.get(Role.POSITION_P_GAIN, servo.model.default(Role.POSITION_P_GAIN))

    def following_errors(self, arm: ArmModel, fingers: Container[str]) -> dict[str, float]:
        """Bound of each driven joint [rad] or [m], 0 for off.

        Args:
            arm: whose joints they are.
            fingers: joints that close on things.
        """
        return {
            joint.name: self.following_error.get(joint.name, 0.0 if joint.name in fingers else _FOLLOWING_ERROR)
            for joint in arm.driven
        }
