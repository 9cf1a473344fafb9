"""Writes bags: an MCAP file of raw CDR messages in rosbag2's folder layout, safe against a sudden end."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from mcap.well_known import MessageEncoding, Profile, SchemaEncoding
from mcap.writer import CompressionType, Writer

from armature.errors import RecordingError
from armature.recording.bag.metadata import BagInfo, qos_yaml, to_serialized_metadata, write_metadata
from armature.recording.bag.topic import Message, Topic

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_REMEDIES = {
    errno.ENOSPC: "free some space, or record to another disk",
    errno.EDQUOT: "free some space, or record to another disk",
    errno.EFBIG: "raise the limit of the file size, or record to another disk",
    errno.EROFS: "give a folder on a disk that can be written",
    errno.EACCES: "give a folder that this user may write",
    errno.ENOTDIR: "give a folder, not a file",
    errno.EEXIST: "give a folder, not a file",
}


class BagWriter:
    """Writes one bag: `<name>/<name>_0.mcap` and `<name>/metadata.yaml`.

    What was written before a call of `flush` survives the death of the process, and of the machine as far as its
    disk keeps its word. An exclusive lock on the MCAP file tells other processes that its writer is alive.
    It is not safe to use from two threads.
    """

    def __init__(self, folder: Path, *, distro: str = "", custom: Mapping[str, str] | None = None) -> None:
        """Create the folder and begin the file.

        Args:
            folder: the bag's folder; its last part is the bag's name. Missing parents are made.
            distro: name of the ROS 2 distribution.
            custom: further entries of the bag's custom_data.

        Raises:
            RecordingError: the name is unfit or taken, or the folder cannot be written.
        """
        if not _NAME.fullmatch(folder.name):
            raise RecordingError(
                str(folder), "a bag's name is letters, digits, '.', '_' and '-', and starts with no dot"
            )
        self.folder = folder
        self.messages = self.bytes = 0
        self.dropped: dict[str, int] = {}
        self._distro, self._custom = distro, dict(custom or {})
        self._topics: dict[str, Topic] = {}
        self._schemas: dict[str, int] = {}
        self._channels: dict[str, int] = {}
        self._counts: Counter[str] = Counter()
        self._start = self._end = 0
        self._failed = False
        self._file = self._create()
        self._writer: Any = Writer(self._file, compression=CompressionType.ZSTD)
        try:
            with self._translate_errors():
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._writer.start(profile=Profile.ROS2, library="armature")
            self.flush()
        except RecordingError:
            self.discard()
            raise

    def add_topic(self, topic: Topic) -> None:
        """Make a topic known; it stands in the bag even if no message follows.

        Raises:
            RecordingError: another type was recorded under this name.
        """
        known = self._topics.setdefault(topic.name, topic)
        if known.type != topic.type:
            raise RecordingError(str(self.folder), f"{topic.name} is recorded as {known.type}, not {topic.type}")
        if topic.name not in self._channels:
            with self._translate_errors():
                self._channels[topic.name] = self._register(topic)

    def write(self, message: Message) -> None:
        """Add a message; it is on disk after the next `flush`.

        Raises:
            RecordingError: the topic was not added, or the file cannot be written.
        """
        if message.topic not in self._channels:
            raise RecordingError(str(self.folder), f"{message.topic} was not added before its first message")
        with self._translate_errors():
            self._writer.add_message(
                self._channels[message.topic],
                log_time=message.log_time,
                data=message.data,
                publish_time=message.publish_time,
                sequence=message.sequence & 0xFFFFFFFF,  # MCAP's field has 32 bits
            )
        self._start = min(self._start or message.log_time, message.log_time)
        self._end = max(self._end, message.log_time)
        self._counts[message.topic] += 1
        self.messages += 1
        self.bytes += len(message.data)

    def flush(self) -> None:
        """Bring everything to disk and say so in metadata.yaml.

        Raises:
            RecordingError: the disk is full, or gone.
        """
        with self._translate_errors():
            self._writer.flush()
            self._settle("recording")

    def close(self, state: str = "closed") -> None:
        """Write index and summary, and end the bag. A bag that failed before is left for recovery.

        Raises:
            RecordingError: the disk is full, or gone.
        """
        if self._file.closed:
            return
        try:
            if not self._failed:
                with self._translate_errors():
                    self._writer.flush()
                    self._writer.add_metadata(
                        "rosbag2", {"serialized_metadata": to_serialized_metadata(self.info(state))}
                    )
                    self._writer.finish()
                    self._file.flush()
                    self._settle(state)
        finally:
            with suppress(OSError):  # a buffer that cannot be written was reported above
                self._file.close()

    def discard(self) -> None:
        """Of a bag that could not be begun nothing stays: neither reader nor recovery would know what it is."""
        with suppress(OSError):
            self._file.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def info(self, state: str) -> BagInfo:
        """What the bag says about itself."""
        return BagInfo(
            file=f"{self.folder.name}_0.mcap",
            start=self._start,
            duration=self._end - self._start,
            counts={topic: self._counts[name] for name, topic in self._topics.items()},
            dropped=self.dropped,
            state=state,
            distro=self._distro,
            custom=self._custom,
        )

    def __enter__(self) -> BagWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _create(self) -> BinaryIO:
        with self._translate_errors():
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            try:
                self.folder.mkdir()
            except FileExistsError:
                raise RecordingError(
                    str(self.folder), "exists already and is never overwritten; give another name"
                ) from None
            try:
                return (self.folder / f"{self.folder.name}_0.mcap").open("xb")
            except OSError:
                self.folder.rmdir()
                raise

    def _register(self, topic: Topic) -> int:
        if topic.type not in self._schemas:
            schema = self._writer.register_schema(topic.type, SchemaEncoding.ROS2, topic.schema.encode())
            self._schemas[topic.type] = schema
        metadata = {"offered_qos_profiles": qos_yaml(topic.qos), "topic_type_hash": topic.type_hash}
        channel: int = self._writer.register_channel(
            topic.name, MessageEncoding.CDR, self._schemas[topic.type], metadata
        )
        return channel

    def _settle(self, state: str) -> None:
        os.fdatasync(self._file.fileno())
        write_metadata(self.folder, self.info(state))

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        if self._failed:
            raise RecordingError(str(self.folder), "failed before; what was flushed until then can be recovered")
        try:
            yield
        except OSError as error:
            self._failed = True
            remedy = _REMEDIES.get(error.errno or 0, "check the disk")
            raise RecordingError(str(self.folder), f"{error.strerror or error}; {remedy}") from error
