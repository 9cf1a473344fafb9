"""Protocol 2.0 packets: one codec for both ends of the wire, in armature.dynamixel.packet."""

from armature.dynamixel.packet import (
    ALERT,
    BROADCAST_ID,
    HEADER,
    Error,
    Instruction,
    Packet,
    StreamDecoder,
    crc16,
    encode,
    status,
)

__all__ = [
    "ALERT",
    "BROADCAST_ID",
    "HEADER",
    "Error",
    "Instruction",
    "Packet",
    "StreamDecoder",
    "crc16",
    "encode",
    "status",
]
