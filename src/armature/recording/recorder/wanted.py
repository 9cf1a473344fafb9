"""That a recording is wanted, kept on disk: a recorder that comes back goes on with it."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from armature.errors import RecordingError

_FILE = ".recording.json"


@dataclass(frozen=True)
class Wanted:
    """A recording that was started and that nobody has stopped.

    Attributes:
        bag: name of the bag that is, or was, being written.
        runner: id of the process that had started the recorder.
        has_ended: whether the recorder ended by a signal, after it had closed the bag.
    """

    bag: str
    runner: int
    has_ended: bool = False


@dataclass(frozen=True)
class Interruption:
    """A recording that ended without being stopped.

    Attributes:
        bag: the folder that holds it.
        since: until when it is on disk [ns since 1970].
    """

    bag: Path
    since: int


def keep(root: Path, wanted: Wanted) -> None:
    """Write and sync, in one step.

    Raises:
        RecordingError: the folder cannot be written.
    """
    new = root / f"{_FILE}.new"
    try:
        with new.open("w", encoding="utf-8") as file:
            json.dump(asdict(wanted), file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(root / _FILE)
    except OSError as error:
        raise RecordingError(str(root), f"{error.strerror}; give a folder that can be written") from error


def forget(root: Path) -> None:
    """Nothing is wanted any more.

    Raises:
        RecordingError: the folder cannot be written: the next recorder would go on.
    """
    try:
        (root / _FILE).unlink(missing_ok=True)
    except NotADirectoryError:
        return
    except OSError as error:
        raise RecordingError(
            str(root / _FILE), f"cannot be removed: {error.strerror}; remove it by hand"
        ) from error


def interruption(root: Path, runner: int) -> Interruption | None:
    """What is to be gone on with: after a death always, after an orderly end only below the same runner.

    Whoever ends the whole graph ends its recording too; whoever starts the recorder alone anew does not.

    Raises:
        RecordingError: what is kept cannot be read.
    """
    try:
        wanted = Wanted(**json.loads((root / _FILE).read_text("utf-8")))
        bag = root / str(wanted.bag)
        told = next(path for path in (bag / "metadata.yaml", root / _FILE) if path.exists())
        since = told.stat().st_mtime_ns  # every flush writes it
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, TypeError) as error:
        raise RecordingError(str(root / _FILE), f"is not what a recorder writes ({error}); remove it") from error
    if wanted.has_ended and wanted.runner != runner:
        return None
    return Interruption(bag, since)
