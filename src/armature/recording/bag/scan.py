"""Reads a bag's messages one after the other, as far as the file goes; it needs no index and no proper end."""

from __future__ import annotations

import os
import struct
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import yaml
import zstandard
from mcap.data_stream import ReadDataStream
from mcap.exceptions import McapError
from mcap.opcode import Opcode
from mcap.reader import make_reader
from mcap.records import Channel, Chunk, ChunkIndex, Schema
from mcap.records import Message as Record
from mcap.stream_reader import CRCValidationError, StreamReader, breakup_chunk
from mcap.well_known import MessageEncoding, SchemaEncoding

from armature.errors import RecordingError
from armature.recording.bag.metadata import read_notes
from armature.recording.bag.topic import INFINITE, Message, Qos, Topic

# What bytes make the reader raise that are cut off, or not those that were written.
_DAMAGED = (
    McapError,
    CRCValidationError,
    zstandard.ZstdError,
    struct.error,
    ValueError,
    EOFError,
    RuntimeError,  # of lz4
    OverflowError,
    MemoryError,
    StopIteration,
)
_COMPRESSIONS = ("", "zstd", "lz4")
_RECORD_HEAD = 9  # opcode and length [byte]
# Footer and magic (MCAP, "Footer"): opcode, length; begin of the summary and of its offsets, checksum; magic.
_END = struct.Struct("<BQQQI8s")
_UNCHECKED = 12  # checksum and magic [byte]


@dataclass
class Scan:
    """A pass over one MCAP file.

    Attributes:
        path: the file.
        topics: those met so far, by name.
        complete: whether the file ended as a finished one does; known after the pass, as what follows.
        holes: from when to when messages of a damaged part were logged [ns since 1970].
        damaged_at: where the file cannot be read first [byte], None where all can.
        foreign: messages that are not those of ROS 2, by topic and encoding.
        promised: messages of each topic by the file's own summary, None where it has none.
    """

    path: Path
    topics: dict[str, Topic] = field(default_factory=dict)
    complete: bool = False
    holes: list[tuple[int, int]] = field(default_factory=list)
    damaged_at: int | None = None
    foreign: Counter[tuple[str, str]] = field(default_factory=Counter)
    promised: Mapping[str, int] | None = None
    _schemas: dict[int, Any] = field(default_factory=dict)
    _channels: dict[int, Any] = field(default_factory=dict)

    def messages(self) -> Iterator[Message]:
        """Yield the messages in the order of the file; of a damaged file those that can be read.

        Raises:
            RecordingError: the file cannot be opened, is no MCAP file, or is compressed in an unknown way.
        """
        try:
            with self.path.open("rb") as file:
                for record in self._records(file):
                    if isinstance(record, Schema):
                        self._schemas[record.id] = record
                    elif isinstance(record, Channel):
                        self._meet(record)
                    elif isinstance(record, Record) and record.channel_id in self._channels:
                        yield from self._message(record)
        except OSError as error:
            raise RecordingError(str(self.path), f"cannot be read: {error.strerror}") from error

    def _message(self, record: Record) -> Iterator[Message]:
        channel = self._channels[record.channel_id]
        encoding = self._foreign_encoding(channel)
        if encoding:
            self.foreign[channel.topic, encoding] += 1
        else:
            yield Message(channel.topic, record.log_time, record.publish_time, record.data, record.sequence)

    def _meet(self, channel: Channel) -> None:
        self._channels[channel.id] = channel
        if not self._foreign_encoding(channel) and channel.topic not in self.topics:
            self.topics[channel.topic] = _topic(channel, self._schemas[channel.schema_id])

    def _foreign_encoding(self, channel: Channel) -> str:
        schema = self._schemas.get(channel.schema_id)
        if schema is None or channel.message_encoding != MessageEncoding.CDR:
            return str(channel.message_encoding) or "of no encoding"
        return "" if schema.encoding == SchemaEncoding.ROS2 else f"cdr by {schema.encoding}"

    def _records(self, file: BinaryIO) -> Iterator[Any]:
        summary = self._summary(file)
        if summary is None or not summary.chunk_indexes:
            file.seek(0)
            yield from self._in_order(file)
            return
        self.complete = True
        yield from (*summary.schemas.values(), *summary.channels.values())
        for index in sorted(summary.chunk_indexes, key=lambda index: index.chunk_start_offset):
            yield from self._indexed(file, index)

    def _summary(self, file: BinaryIO) -> Any:
        try:
            summary = make_reader(file).get_summary() if _is_sound(file) else None
        except (*_DAMAGED, OSError):  # it may be shorter than a summary
            return None
        if summary is not None and summary.statistics is not None:
            counts = summary.statistics.channel_message_counts.items()
            channels = summary.channels
            self.promised = {channels[key].topic: count for key, count in counts if key in channels}
        return summary

    def _indexed(self, file: BinaryIO, index: ChunkIndex) -> Iterable[Any]:
        file.seek(index.chunk_start_offset + _RECORD_HEAD)
        try:
            chunk = Chunk.read(ReadDataStream(file))
        except _DAMAGED:
            self._note_hole(index.chunk_start_offset, index)
            return ()
        return self._of_chunk(chunk, index.chunk_start_offset, index)

    def _in_order(self, file: BinaryIO) -> Iterator[Any]:
        at = 0
        try:
            for record in StreamReader(file, emit_chunks=True, validate_crcs=True).records:
                yield from self._of_chunk(record, at, record) if isinstance(record, Chunk) else (record,)
                at = file.tell()
            self.complete = True
        except _DAMAGED as error:
            if self.path.stat().st_size and not self._has_magic():
                raise RecordingError(str(self.path), "is not an MCAP file") from error
            if self.damaged_at is None:
                self.damaged_at = at

    def _of_chunk(self, chunk: Chunk, at: int, span: Chunk | ChunkIndex) -> Iterable[Any]:
        if chunk.compression not in _COMPRESSIONS and chunk.compression.isprintable():
            why = f"is compressed by {chunk.compression!r}; none, zstd and lz4 can be read"
            raise RecordingError(str(self.path), why)
        try:
            records: list[Any] = breakup_chunk(chunk, validate_crc=True)
            return records
        except _DAMAGED:
            self._note_hole(at, span)
            return ()

    def _note_hole(self, at: int, span: Chunk | ChunkIndex) -> None:
        if self.damaged_at is None:
            self.damaged_at = at
        self.holes.append((span.message_start_time, span.message_end_time))

    def _has_magic(self) -> bool:
        with self.path.open("rb") as file:
            return file.read(8) == b"\x89MCAP0\r\n"


def _is_sound(file: BinaryIO) -> bool:
    """Whether a file ends with a summary that is what was written."""
    file.seek(-_END.size, os.SEEK_END)
    opcode, _, start, _, checksum, _ = _END.unpack(file.read())
    if opcode != Opcode.FOOTER or not start:
        return False
    end = file.seek(0, os.SEEK_END)
    file.seek(start)
    summary = file.read(end - start - _UNCHECKED)
    file.seek(0)
    return not checksum or zlib.crc32(summary) == checksum


def bag_file(bag: Path) -> Path:
    """The MCAP file of a bag given by its folder, or by the file itself.

    Raises:
        RecordingError: there is none, there is more than one, or its metadata names another one.
    """
    if bag.is_file():
        return bag
    files = sorted(bag.glob("*.mcap"))
    for name in _listed_files(bag):
        if not (bag / name).is_file():
            raise RecordingError(str(bag), f"its metadata.yaml names {name}, which is missing; find that file")
    if len(files) != 1:
        reason = f"holds {len(files)} .mcap files; give a bag of one file" if bag.is_dir() else "does not exist"
        raise RecordingError(str(bag), reason)
    return files[0]


def _listed_files(bag: Path) -> tuple[str, ...]:
    try:
        return read_notes(bag).files
    except RecordingError:
        return ()


def _topic(channel: Any, schema: Any) -> Topic:
    return Topic(
        name=channel.topic,
        type=schema.name,
        schema=schema.data.decode(errors="replace"),
        type_hash=channel.metadata.get("topic_type_hash", ""),
        qos=_qos(channel.metadata.get("offered_qos_profiles", "")),
    )


def _qos(text: str) -> Qos:
    """The first offered profile; the default where there is none in version 9's words."""
    try:
        return _profile((yaml.safe_load(text) or [{}])[0])
    except (yaml.YAMLError, ValueError, TypeError, KeyError, AttributeError):  # somebody else's words
        return Qos()


def _profile(profile: dict[str, Any]) -> Qos:
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
