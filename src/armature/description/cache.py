"""Results that cost time, kept for the next process: content-addressed files below $XDG_CACHE_HOME."""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from armature.environment import cache_folder


class Cache:
    """A folder of results by the digest of what they were made of; one that cannot be used is no error."""

    def __init__(self, name: str, environment: Mapping[str, str] = os.environ) -> None:
        """Args: the folder's name below `armature`, and the environment that says where caches are."""
        self._folder = cache_folder(environment) / name

    def get(self, source: bytes, make: Callable[[], bytes], is_whole: Callable[[bytes], bool]) -> bytes:
        """What was made of a source, or is made of it now.

        Processes that start together wait for the first one of them.

        Args:
            source: all that the result depends on.
            make: makes it.
            is_whole: whether a result from the folder can be trusted.
        """
        file = self._folder / hashlib.sha256(source).hexdigest()
        found = _read(file)
        if found is not None and is_whole(found):
            return found
        with self._alone():
            found = _read(file)  # another process may have made it meanwhile
            if found is None or not is_whole(found):
                found = make()
                self._write(file, found)
        return found

    def _write(self, file: Path, content: bytes) -> None:
        with suppress(OSError):
            handle, temporary = tempfile.mkstemp(dir=self._folder)
            try:
                with os.fdopen(handle, "wb") as out:
                    out.write(content)
                Path(temporary).replace(file)
            except OSError:
                Path(temporary).unlink()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """While no other process makes a result."""
        lock = -1
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = os.open(self._folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield
        finally:
            if lock >= 0:
                os.close(lock)


def _read(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None
