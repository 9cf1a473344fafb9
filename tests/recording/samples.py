"""Topics and messages for bags, made without ROS 2."""

from __future__ import annotations

import struct

from armature.recording.bag.topic import Message, Qos, Topic

START = 1_790_000_000_000_000_000  # [ns since 1970]
BOOL = Topic("/protective_stop", "std_msgs/msg/Bool", "bool data\n", "RIHS01_bool")
TEXT = Topic(
    "/robot_description", "std_msgs/msg/String", "string data\n", qos=Qos(durability="transient_local", depth=1)
)


def bool_message(value: bool, index: int = 0, step: int = 10_000_000) -> Message:
    """A std_msgs/Bool by hand: CDR little-endian header, one byte."""
    time = START + index * step
    return Message(BOOL.name, time, time - 1000, b"\x00\x01\x00\x00" + bytes([value]), index)


def text_message(text: str, time: int = START) -> Message:
    """A std_msgs/String by hand: header, length with the final NUL, characters."""
    data = text.encode() + b"\0"
    return Message(TEXT.name, time, time, b"\x00\x01\x00\x00" + struct.pack("<I", len(data)) + data)
