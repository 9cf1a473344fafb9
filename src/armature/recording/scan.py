"""Reads a bag's messages one after the other, as far as the file goes; it needs no index and no proper end."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
import zstandard
from mcap.exceptions import McapError
from mcap.stream_reader import CRCValidationError, StreamReader

from armature.errors import RecordingError
from armature.recording.topic import INFINITE, Message, Qos, Topic

# What a file that ends in the middle of a record makes the reader raise.
_CUT_OFF = (McapError, CRCValidationError, zstandard.ZstdError, struct.error, ValueError, EOFError)


@dataclass
class Scan:
    """A pass over one MCAP file.

    Attributes:
        path: the file.
        topics: those met so far, by name.
        complete: whether the file ended as a finished one does; known after the pass.
    """

    path: Path
    topics: dict[str, Topic] = field(default_factory=dict)
    complete: bool = False

    def messages(self) -> Iterator[Message]:
        """Yield the messages in the order of the file; stop without an error where the file is cut off.

        Raises:
            RecordingError: the file cannot be opened, or is no MCAP file.
        """
        try:
            with self.path.open("rb") as file:
                yield from self._messages(StreamReader(file, validate_crcs=True))
        except OSError as error:
            raise RecordingError(str(self.path), f"cannot be read: {error.strerror}") from error

    def _messages(self, reader: Any) -> Iterator[Message]:
        schemas: dict[int, Any] = {}
        channels: dict[int, Topic] = {}
        for record in self._records(reader):
            kind = type(record).__name__
            if kind == "Schema":
                schemas[record.id] = record
            elif kind == "Channel" and record.schema_id in schemas:
                channels[record.id] = _topic(record, schemas[record.schema_id])
                self.topics.setdefault(record.topic, channels[record.id])
            elif kind == "Message" and record.channel_id in channels:
                yield _message(channels[record.channel_id].name, record)

    def _records(self, reader: Any) -> Iterator[Any]:
        try:
            yield from reader.records
        except _CUT_OFF as error:
            if self.path.stat().st_size and not self._has_magic():
                raise RecordingError(str(self.path), "is not an MCAP file") from error
        else:
            self.complete = True

    def _has_magic(self) -> bool:
        with self.path.open("rb") as file:
            return file.read(8) == b"\x89MCAP0\r\n"


def bag_file(bag: Path) -> Path:
    """The MCAP file of a bag given by its folder, or by the file itself.

    Raises:
        RecordingError: there is none, or more than one.
    """
    if bag.is_file():
        return bag
    files = sorted(bag.glob("*.mcap"))
    if len(files) != 1:
        reason = f"holds {len(files)} .mcap files; give a bag of one file" if bag.is_dir() else "does not exist"
        raise RecordingError(str(bag), reason)
    return files[0]


def _message(topic: str, record: Any) -> Message:
    return Message(topic, record.log_time, record.publish_time, record.data, record.sequence)


def _topic(channel: Any, schema: Any) -> Topic:
    return Topic(
        name=channel.topic,
        type=schema.name,
        schema=schema.data.decode(),
        type_hash=channel.metadata.get("topic_type_hash", ""),
        qos=_qos(channel.metadata.get("offered_qos_profiles", "")),
    )


def _qos(text: str) -> Qos:
    """The first offered profile; the default where there is none in version 9's words."""
    profile = (yaml.safe_load(text) or [{}])[0]
    default = Qos()
    return Qos(
        history=_word(profile, "history", default.history),
        depth=int(profile.get("depth", default.depth)),
        reliability=_word(profile, "reliability", default.reliability),
        durability=_word(profile, "durability", default.durability),
        deadline=_nanoseconds(profile.get("deadline")),
        lifespan=_nanoseconds(profile.get("lifespan")),
        liveliness=_word(profile, "liveliness", default.liveliness),
        liveliness_lease=_nanoseconds(profile.get("liveliness_lease_duration")),
    )


def _word(profile: dict[str, Any], key: str, default: str) -> str:
    value = profile.get(key)
    return value if isinstance(value, str) else default


def _nanoseconds(time: Any) -> int:
    return INFINITE if time is None else int(time["sec"]) * 1_000_000_000 + int(time["nsec"])
