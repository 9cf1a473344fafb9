"""Finishes bags whose writer died: scans the bag, rewrites it, verifies the copy, and only then replaces it."""

from __future__ import annotations

import errno
import fcntl
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mcap.reader import make_reader

from armature.errors import RecordingError
from armature.recording.bag.bag import BagWriter
from armature.recording.bag.metadata import read_notes
from armature.recording.bag.scan import Scan, bag_file

_WORKSHOP = ".recovering"


@dataclass(frozen=True)
class Recovered:
    """A bag that was finished.

    Attributes:
        bag: its folder.
        messages: how many it holds.
        cut_off: whether the file ended within a record, so that the tail since the last flush is missing.
    """

    bag: Path
    messages: int
    cut_off: bool


def unfinished_bags(root: Path) -> list[Path]:
    """Bags of ours below a folder whose writer neither closed them nor lives."""
    folders = sorted(path.parent for path in root.glob("*/metadata.yaml"))
    return [folder for folder in folders if _is_unfinished(folder)]


def finish_bag(bag: Path) -> Recovered:
    """Give an unfinished bag its index, summary and metadata.

    The original stays in its place until the new file is on disk and holds as many messages.

    Raises:
        RecordingError: the bag is being written, cannot be read, or there is no room for the new file.
    """
    original = bag_file(bag)
    workshop = bag / _WORKSHOP
    with _lock(original):
        shutil.rmtree(workshop, ignore_errors=True)
        try:
            scan, counts = _rewrite(original, workshop / bag.name)
            _verify(workshop / bag.name, counts)
            (workshop / bag.name / original.name).replace(original)
            (workshop / bag.name / "metadata.yaml").replace(bag / "metadata.yaml")
        except OSError as error:
            raise RecordingError(
                str(bag), f"cannot be finished: {error.strerror}; it was left as it is"
            ) from error
        finally:
            shutil.rmtree(workshop, ignore_errors=True)
    return Recovered(bag, sum(counts.values()), cut_off=not scan.complete)


def _is_unfinished(folder: Path) -> bool:
    try:
        if read_notes(folder).state != "recording":
            return False
        with _lock(bag_file(folder)):
            return True
    except (OSError, RecordingError):  # it cannot be read; others can
        return False


def _rewrite(original: Path, folder: Path) -> tuple[Scan, Counter[str]]:
    scan, counts = Scan(original), Counter[str]()
    notes = read_notes(original.parent)
    with BagWriter(folder, distro=notes.distro, custom=notes.custom) as writer:
        writer.dropped.update(notes.dropped)
        for message in scan.messages():
            writer.add_topic(scan.topics[message.topic])
            writer.write(message)
            counts[message.topic] += 1
        for topic, count in notes.counts.items():  # flushed, and not to be read any more
            if count > counts[topic]:
                writer.dropped[topic] = writer.dropped.get(topic, 0) + count - counts[topic]
        writer.close("recovered")
    return scan, counts


def _verify(folder: Path, expected: Counter[str]) -> None:
    with bag_file(folder).open("rb") as file:
        summary = make_reader(file).get_summary()
    counted = summary.statistics.channel_message_counts if summary else {}
    found = {summary.channels[channel].topic: count for channel, count in counted.items()}
    if found != dict(expected):
        raise RecordingError(str(folder), f"expected {dict(expected)} messages, found {found}")


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno != errno.EWOULDBLOCK:
                raise
            raise RecordingError(str(path.parent), "is being written by another process") from error
        yield
