"""A marker on disk that a recording is active, so that a restarted recorder resumes it."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from armature.errors import RecordingError

_FILE = ".recording.json"


@dataclass(frozen=True)
class ActiveRecording:
    """A recording that was started and has not been stopped.

    Attributes:
        bag: name of the bag that is, or was, being written.
        runner: id of the process that started the recorder.
        has_ended: whether the recorder was ended by a signal, and closed the bag before.
    """

    bag: str
    runner: int
    has_ended: bool = False


@dataclass(frozen=True)
class Interruption:
    """A recording that ended without being stopped.

    Attributes:
        bag: its folder.
        end: when its last messages were written to disk [ns since 1970].
    """

    bag: Path
    end: int


def write_marker(root: Path, recording: ActiveRecording) -> None:
    """Write the marker and sync it to disk; it is whole or absent, never half written.

    Raises:
        RecordingError: the folder cannot be written.
    """
    new = root / f"{_FILE}.new"
    try:
        with new.open("w", encoding="utf-8") as file:
            json.dump(asdict(recording), file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(root / _FILE)
    except OSError as error:
        raise RecordingError(str(root), f"{error.strerror}; choose a folder that can be written") from error


def remove_marker(root: Path) -> None:
    """Remove the marker, so that the next recorder resumes nothing.

    Raises:
        RecordingError: the folder cannot be written, so the next recorder would resume the recording.
    """
    try:
        (root / _FILE).unlink(missing_ok=True)
    except NotADirectoryError:
        return
    except OSError as error:
        raise RecordingError(
            str(root / _FILE), f"cannot be removed: {error.strerror}; remove it by hand"
        ) from error


def find_interrupted(root: Path, runner: int) -> Interruption | None:
    """Find the recording to resume; None if there is none.

    A recording whose recorder was killed is always resumed. One whose recorder was ended by a signal is resumed
    only under the same runner: restarting the recorder alone continues it, ending the whole graph ends it.

    Raises:
        RecordingError: the marker cannot be read.
    """
    try:
        recording = ActiveRecording(**json.loads((root / _FILE).read_text("utf-8")))
        bag = root / str(recording.bag)
        newest = next(path for path in (bag / "metadata.yaml", root / _FILE) if path.exists())
        end = newest.stat().st_mtime_ns  # every flush writes it
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, TypeError) as error:
        raise RecordingError(str(root / _FILE), "is not what a recorder writes; remove it") from error
    if recording.has_ended and recording.runner != runner:
        return None
    return Interruption(bag, end)
