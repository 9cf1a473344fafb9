"""Results that cost time, kept for the next process: content-addressed files below $XDG_CACHE_HOME."""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from armature.environment import cache_folder
from armature.errors import ConfigError
from armature.private_folder import make_private

_DIGEST = hashlib.sha256().digest_size  # [byte]; that of a result stands before it
_LONGEST_WAIT = 60.0  # for another process, which may have been stopped meanwhile [s]
_POLL = 0.05  # [s]


class Cache:
    """A folder of results by the digest of what they were made of; one that cannot be used is no error."""

    def __init__(self, name: str, environment: Mapping[str, str] = os.environ) -> None:
        """Args: the folder's name below `armature`, and the environment that says where caches are."""
        self._base, self._name = cache_folder(environment), name

    def get(self, source: bytes, make: Callable[[], bytes]) -> bytes:
        """What was made of a source, or is made of it now.

        Processes that start together wait for the first one of them.

        Args:
            source: all that the result depends on.
            make: makes it.
        """
        try:
            folder = make_private(self._base, self._name, variable="XDG_CACHE_HOME")
        except ConfigError:
            return make()
        file = folder / hashlib.sha256(source).hexdigest()
        found = _read(file)
        if found is not None:
            return found
        with _alone(folder):
            found = _read(file)  # another process may have made it meanwhile
            if found is None:
                found = make()
                _write(file, found)
        return found


def _read(file: Path) -> bytes | None:
    """A result, unless it is missing or damaged."""
    try:
        kept = file.read_bytes()
    except OSError:
        return None
    content = kept[_DIGEST:]
    return content if kept[:_DIGEST] == hashlib.sha256(content).digest() else None


def _write(file: Path, content: bytes) -> None:
    import tempfile  # with all compressions, which a process that finds its results does not need

    with suppress(OSError):
        handle, temporary = tempfile.mkstemp(dir=file.parent)
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(hashlib.sha256(content).digest() + content)
            Path(temporary).replace(file)
        except OSError:
            Path(temporary).unlink()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """While no other process makes a result, unless one takes too long."""
    lock = -1
    with suppress(OSError):
        lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        _await(lock, time.monotonic() + _LONGEST_WAIT)
    try:
        yield
    finally:
        if lock >= 0:
            os.close(lock)


def _await(lock: int, deadline: float) -> None:
    while time.monotonic() < deadline:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_POLL)
        else:
            return
