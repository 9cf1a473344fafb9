"""The wiring file: which servo turns which joint, and how."""

from __future__ import annotations

from dataclasses import dataclass, replace

from armature.core.document import read_document
from armature.core.model import ArmModel
from armature.core.units import quantity
from armature.dynamixel.control_table import BAUD_RATES, OperatingMode, baud_index
from armature.dynamixel.servo_entry import named, only, read_servo
from armature.dynamixel.servo_wiring import ServoWiring, second_name
from armature.errors import ConfigError

__all__ = ["ServoWiring", "Wiring", "second_name"]


@dataclass(frozen=True)
class Wiring:
    """All servos of one arm on one bus."""

    baud_rate: int  # [bit/s]
    servos: tuple[ServoWiring, ...]  # one a joint; see all_servos

    @property
    def all_servos(self) -> tuple[ServoWiring, ...]:
        """Each joint's servo, in the order of the file, with its second one behind it where it has two."""
        return tuple(one for servo in self.servos for one in (servo, servo.second) if one is not None)

    @property
    def joints(self) -> tuple[str, ...]:
        """Joint names, in the order of the file."""
        return tuple(servo.joint for servo in self.servos)

    @property
    def ids(self) -> tuple[int, ...]:
        """Servo ids, in the order of the file."""
        return tuple(servo.servo_id for servo in self.all_servos)

    @property
    def yielding(self) -> set[str]:
        """Joints that give way to what is stronger than their current limit."""
        return {servo.joint for servo in self.servos if servo.mode is OperatingMode.CURRENT_BASED_POSITION}

    def narrowed(self, arm: ArmModel) -> ArmModel:
        """The arm with the limits of its joints as far as they lie in the joints' ranges of motion."""
        servos = {servo.joint: servo for servo in self.servos}
        joints = [
            replace(joint, limit=servos[joint.name].within(joint.limit))
            if joint.limit is not None and joint.name in servos
            else joint
            for joint in arm.joints
        ]
        return replace(arm, joints=tuple(joints))

    @staticmethod
    def from_yaml(text: str, arm: ArmModel, source: str = "servos.yaml") -> Wiring:
        """Read a wiring file.

        Args:
            text: the file's content.
            arm: the arm whose joints it wires.
            source: the file's name, for errors.

        Raises:
            ConfigError: an unknown or missing joint, a duplicate id, a missing unit, an unknown model,
                a mode that the model does not have, a limit that the servo cannot reach,
                a range of motion without any of the URDF's.
        """
        content = named(read_document(text, source), source)
        only(content, ("bus", "joints"), source)
        bus = named(content.get("bus"), f"{source}: bus")
        only(bus, ("baud_rate",), f"{source}: bus")
        baud = quantity(f"{source}: bus.baud_rate", bus.get("baud_rate"), ("bit/s",))
        rate = BAUD_RATES[baud_index(f"{source}: bus.baud_rate", baud, bus["baud_rate"])]
        joints = named(content.get("joints"), f"{source}: joints")
        servos = tuple(read_servo(name, entry, arm, source) for name, entry in joints.items())
        wiring = Wiring(baud_rate=rate, servos=servos)
        _check_complete(wiring, arm, source)
        return wiring


def _check_complete(wiring: Wiring, arm: ArmModel, source: str) -> None:
    for servo in wiring.all_servos:
        others = [other.name for other in wiring.all_servos if other.servo_id == servo.servo_id]
        if len(others) > 1:
            raise ConfigError(f"{source}: id of {' and '.join(others)}", servo.servo_id, "ids must differ")
    missing = {joint.name for joint in arm.driven} - set(wiring.joints)
    if missing:
        raise ConfigError(f"{source}: joints", sorted(missing), "every driven joint of the URDF needs a servo")
