"""The latch of the protective stop on disk, which outlives servo interface, bus process and a reboot."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from armature.core.recovery_commands import RELEASE, in_namespace
from armature.errors import ConfigError
from armature.private_folder import require_own

_TEXT = (
    f"The protective stop of this port is latched; once the graph runs, release it: {RELEASE}\n"
    "The port is known as:\n"
)


class ProtectiveStopLatch:
    """Files that exist while the stop is latched, one for each name of a port, so that no other name evades it."""

    def __init__(self, folder: Path, names: Callable[[], Iterable[str]], namespace: str = "") -> None:
        """Find or make the folder.

        Args:
            folder: where state is kept.
            names: by which the ports are known at present; they begin with a slash.
            namespace: of the arm.

        Raises:
            ConfigError: the folder cannot be written, or others may write to it.
        """
        self.failure = ""  # why it could not be written; empty where it was
        self.is_engaged = False
        self._folder = folder
        self._names = names
        self._head = in_namespace(_TEXT, namespace)
        self._written: frozenset[str] = frozenset()
        self._lock = threading.Lock()
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            require_own(folder, "set the parameter state_folder to a folder of your own")
            (folder / f".writable.{os.getpid()}").touch()
            (folder / f".writable.{os.getpid()}").unlink()
            self._look()
        except OSError as error:
            raise ConfigError(
                "parameter state_folder", str(folder), f"a folder that can be written is needed ({error.strerror})"
            ) from error

    def reload(self) -> None:
        """Read the files again: a port that has appeared has more names, and may be latched under one of them."""
        with self._lock:
            self._try(self._write_state if self.failure else self._look)

    def set(self, *, engaged: bool) -> None:
        """Latch or release on disk, if that is a change; where writing fails, it counts for this process alone."""
        with self._lock:
            if engaged == self.is_engaged and not self.failure:
                return
            self.is_engaged = engaged
            self._try(self._write_state)

    def _try(self, act: Callable[[], None]) -> None:
        try:
            act()
            self.failure = ""
        except OSError as error:
            self.failure = f"it could not be written to {self._folder} ({error.strerror}): a restart forgets it"

    def _write_state(self) -> None:
        if self.is_engaged:
            self._engage()
        else:
            self._release()

    def _look(self) -> None:
        self.is_engaged = self.is_engaged or any(self._file(name).exists() for name in self._names())
        if self.is_engaged:
            self._engage()

    def _engage(self) -> None:
        names = self._all_names()
        if names == self._written:
            return
        for name in sorted(names):
            self._write(self._file(name), self._head + "".join(f"{other}\n" for other in sorted(names)))
        _sync_folder(self._folder)
        self._written = names

    def _release(self) -> None:
        for name in self._all_names():
            self._file(name).unlink(missing_ok=True)
        _sync_folder(self._folder)
        self._written = frozenset()

    def _all_names(self) -> frozenset[str]:
        """Names at present, and those under which the same latch was written before."""
        names = {*self._names(), *self._written}
        for name in tuple(names):
            file = self._file(name)
            if file.exists():
                names.update(
                    line for line in file.read_text("utf-8", "replace").splitlines() if line.startswith("/")
                )
        return frozenset(names)

    def _file(self, name: str) -> Path:
        return self._folder / f"protective_stop{name.replace('/', '-')}"

    @staticmethod
    def _write(file: Path, text: str) -> None:
        fresh = file.with_name(f".{file.name}.{os.getpid()}")
        with fresh.open("w", encoding="utf-8") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        fresh.replace(file)


def _sync_folder(folder: Path) -> None:
    """A rename or a removal is on the disk once its folder is."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
