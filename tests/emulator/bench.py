"""A bench of flywheels turned by servos, and a host at the other end of the wire."""

from __future__ import annotations

from dataclasses import dataclass

from armature.core.model.urdf import read_urdf
from armature.dynamixel.protocol.packet import Error, Instruction, StreamDecoder, encode
from armature.dynamixel.tables.model import Register, ServoModel
from armature.dynamixel.tables.roles import Role
from armature.dynamixel.wiring.arm import Wiring
from armature.emulator.bus.bus import EmulatedBus
from armature.emulator.faults.board import FaultBoard
from armature.emulator.servo.servo import Servo

_WHEEL = """<link name="wheel{n}"><inertial><mass value="0.1"/>
  <inertia ixx="1e-3" ixy="0" ixz="0" iyy="1e-3" iyz="0" izz="1e-3"/></inertial></link>
<joint name="joint{n}" type="continuous"><parent link="bench"/><child link="wheel{n}"/><axis xyz="0 0 1"/>
  <limit velocity="10" effort="20"/><dynamics friction="0" damping="0"/></joint>"""


def urdf(count: int) -> str:
    """Flywheels on upright axles: gravity has no say."""
    wheels = "".join(_WHEEL.format(n=n) for n in range(1, count + 1))
    return f'<robot name="bench"><link name="bench"/>{wheels}</robot>'


def wiring(models: tuple[str, ...]) -> str:
    """Ids from 1 on, zero in the middle of the turn."""
    lines = [
        f"  joint{n}: {{id: {n}, model: {model}, direction: 1, zero_offset: 180 deg, reduction: 1 rad/rad}}"
        for n, model in enumerate(models, 1)
    ]
    return "bus: {baud_rate: 1000000 bit/s}\njoints:\n" + "\n".join(lines)


@dataclass(frozen=True)
class Reply:
    """A status packet."""

    servo_id: int
    error: int
    data: bytes

    @property
    def value(self) -> int:
        """The data as a signed number."""
        return int.from_bytes(self.data, "little", signed=True)


class Host:
    """Sends bytes and lets time pass."""

    def __init__(self, *models: str) -> None:
        text = urdf(len(models))
        arm = read_urdf(text)
        start = dict.fromkeys((joint.name for joint in arm.driven), 0.0)
        self.bus = EmulatedBus.of_arm(arm, Wiring.from_yaml(wiring(models), arm), start)
        for servo in self.bus.servos:  # as the factory delivers it, not as an arm needs it
            servo.registers[Role.RETURN_DELAY] = servo.model.default(Role.RETURN_DELAY)
        self.faults = FaultBoard(self.bus)
        self.now = 0.0

    @property
    def servo(self) -> Servo:
        return self.bus.servos[0]

    @property
    def position(self) -> float:
        return self.bus.plant.positions[0]

    def wait(self, seconds: float) -> None:
        """Let time pass, in pieces shorter than the bus would skip."""
        end = self.now + seconds
        while self.now < end - 1e-9:
            self.now = min(end, self.now + 0.1)
            self.bus.advance(self.now + 1e-9)

    def send(self, data: bytes) -> bytes:
        """All bytes that come back."""
        return b"".join(answer.data for answer in self.bus.transmit(data, self.now))

    def ask(self, instruction: int, parameters: bytes = b"", servo_id: int = 1) -> list[Reply]:
        """Status packets that come back."""
        answer = self.send(encode(servo_id, instruction, parameters))
        packets = list(StreamDecoder().feed(answer))
        assert all(packet.instruction == Instruction.STATUS and packet.intact for packet in packets)
        return [Reply(packet.packet_id, packet.parameters[0], packet.parameters[1:]) for packet in packets]

    def one(self, instruction: int, parameters: bytes = b"", servo_id: int = 1) -> Reply:
        replies = self.ask(instruction, parameters, servo_id)
        assert len(replies) == 1
        return replies[0]

    def read(self, name: str, servo_id: int = 1) -> int:
        register = register_of(self.bus.servos[servo_id - 1].model, name)
        reply = self.one(Instruction.READ, place(register.address) + place(register.size), servo_id)
        assert reply.error in (Error.NONE, 0x80)
        return register.decode(int.from_bytes(reply.data, "little"))

    def write(self, name: str, value: int, servo_id: int = 1) -> int:
        """Error number of the answer."""
        register = register_of(self.bus.servos[servo_id - 1].model, name)
        data = (value % (1 << 8 * register.size)).to_bytes(register.size, "little")
        return self.one(Instruction.WRITE, place(register.address) + data, servo_id).error

    def set(self, **values: int) -> None:
        """Write registers, by role or by the manual's name, and expect no error."""
        for name, value in values.items():
            assert self.write(name, value) == Error.NONE, name


def register_of(model: ServoModel, name: str) -> Register:
    """A register by its role, or by the manual's name where it has none."""
    return next(register for register in model.registers.values() if name == register.key)


def place(number: int) -> bytes:
    """An address or a length."""
    return number.to_bytes(2, "little")
