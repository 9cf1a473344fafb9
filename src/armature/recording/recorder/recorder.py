"""The recorder: keeps the last seconds in memory, records on request, saves snapshots."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path

from armature.errors import CommandRefused, RecordingError
from armature.recording.bag.bag import BagWriter
from armature.recording.bag.topic import Message, Topic
from armature.recording.recorder.active_recording import (
    ActiveRecording,
    Interruption,
    find_interrupted,
    remove_marker,
    write_marker,
)
from armature.recording.recorder.limits import RecorderLimits
from armature.recording.recorder.ring import Ring
from armature.recording.recorder.session import Session


class Recorder:
    """Keeps bags in one folder. It starts no thread: the owner drains the session that `begin` returns."""

    def __init__(self, root: Path, limits: RecorderLimits, distro: str = "", runner: int = 0) -> None:
        """Keep bags below a folder, which is made when first needed.

        Args:
            root: the folder.
            limits: bounds on memory and disk.
            distro: name of the ROS 2 distribution.
            runner: id of the process that has started this one.
        """
        self._runner = runner
        self.root = root
        self.session: Session | None = None
        self._limits = limits
        self._distro = distro
        self._ring = Ring(limits.snapshot_seconds, limits.snapshot_bytes)

    def receive(self, topic: Topic, message: Message) -> None:
        """Keep a message for a snapshot, and add it to the active recording, if any."""
        self._ring.add(topic, message)
        if self.session is not None:
            self.session.offer(topic, message)

    def count_lost(self, topic: str, count: int) -> None:
        """Count messages of a topic that the middleware lost."""
        if self.session is not None:
            self.session.count_lost(topic, count)

    def find_interrupted(self) -> Interruption | None:
        """Find the recording that an earlier recorder did not finish; None if there is none to resume.

        Raises:
            RecordingError: its marker cannot be read.
        """
        return find_interrupted(self.root, self._runner)

    def begin(self, now: int, continues: str = "") -> Session:
        """Begin a recording with the latched messages, and mark it as active on disk.

        Args:
            now: [ns since 1970].
            continues: name of the interrupted bag that it resumes, or "".

        Raises:
            CommandRefused: a recording is active.
            RecordingError: the disk is short of space, or the folder cannot be written.
        """
        if self.session is not None:
            raise CommandRefused("start", f"{self.session.bag} is being recorded", "stop it first")
        session = Session(self._begin_bag(now, continues), self._limits.queue_bytes)
        topics = {topic.name: topic for topic in self._ring.topics}
        for message in self._ring.latched(now):
            session.offer(topics[message.topic], message)
        self.session = session
        return session

    def end(self) -> Session:
        """Detach the active recording; close its session, then mark it as stopped or interrupted.

        Raises:
            CommandRefused: there is none.
        """
        if self.session is None:
            raise CommandRefused("stop", "nothing is being recorded", "start a recording first")
        session, self.session = self.session, None
        return session

    def mark_stopped(self, _session: Session) -> None:
        """Mark a recording as stopped: no recorder resumes it.

        Raises:
            RecordingError: the folder cannot be written.
        """
        remove_marker(self.root)

    def mark_interrupted(self, session: Session) -> None:
        """Mark a recording as ended with this recorder: the next one under the same runner resumes it.

        Raises:
            RecordingError: the folder cannot be written.
        """
        write_marker(self.root, ActiveRecording(session.bag.name, self._runner, has_ended=True))

    def snapshot(self, now: int) -> Path:
        """Write the last seconds as a bag, and return its folder.

        Args:
            now: [ns since 1970].

        Raises:
            CommandRefused: no message has been received yet.
            RecordingError: the disk is short of space, or the folder cannot be written.
        """
        messages = self._ring.snapshot(now)
        if not messages:
            raise CommandRefused("snapshot", "no message has been received", "try again when the graph is up")
        with self._new_bag("snapshot", now) as writer:
            for topic in self._ring.topics:
                writer.add_topic(topic)
            for message in messages:
                writer.write(message)
            return writer.folder

    def free_space(self) -> int:
        """Free space on the disk of the folder [bytes].

        Raises:
            RecordingError: the disk is gone.
        """
        existing = self.root
        try:
            existing = next((path for path in (self.root, *self.root.parents) if path.exists()), Path("/"))
            return shutil.disk_usage(existing).free
        except OSError as error:
            raise RecordingError(str(existing), str(error.strerror)) from error

    def check_space(self) -> None:
        """Check that the disk has space to record.

        Raises:
            RecordingError: less space is free than the reserve.
        """
        free = self.free_space()
        if free < self._limits.free_bytes:
            raise RecordingError(
                str(self.root),
                f"{free / 1e6:.0f} MB are free and {self._limits.free_bytes / 1e6:.0f} MB are kept in reserve; "
                "free some space, or record to another disk",
            )

    def _begin_bag(self, now: int, continues: str) -> BagWriter:
        bag = self._new_bag("recording", now, {"continues": continues} if continues else {})
        try:
            write_marker(self.root, ActiveRecording(bag.folder.name, self._runner))
        except RecordingError:
            bag.discard()
            raise
        return bag

    def _new_bag(self, kind: str, now: int, custom: Mapping[str, str] | None = None) -> BagWriter:
        self.check_space()
        return BagWriter(self.root / bag_name(kind, now), distro=self._distro, custom=custom)


def bag_name(kind: str, now: int) -> str:
    """Name a bag after the time it begins, in UTC, for example recording_2026-11-22T10-31-59.123Z.

    Args:
        kind: its first word.
        now: [ns since 1970].
    """
    time = datetime.fromtimestamp(now // 1_000_000_000, timezone.utc)
    return f"{kind}_{time:%Y-%m-%dT%H-%M-%S}.{now // 1_000_000 % 1000:03d}Z"
