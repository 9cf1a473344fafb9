"""The latch of the protective stop on disk, where it outlives both halves of the servo interface and a reboot."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path

from armature.errors import ConfigError

_TEXT = "The protective stop of this port is latched; release it with /servo_interface/protective_stop.\n"


class ProtectiveLatch:
    """One small file that exists while the stop is latched."""

    def __init__(self, folder: Path, port: str) -> None:
        """Find or make the folder.

        Args:
            folder: where state is kept.
            port: the serial device by its stable name; each has its own latch.

        Raises:
            ConfigError: the folder cannot be written.
        """
        self.failure = ""  # why it is not on the disk, where it is not
        self._lock = threading.Lock()
        self._file = folder / f"protective_stop{port.replace('/', '-')}"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.is_engaged = self._file.exists()
            self._write(self.is_engaged)
        except OSError as error:
            raise ConfigError(
                "parameter state_folder", str(folder), f"a folder that can be written is needed ({error.strerror})"
            ) from error

    def keep(self, *, engaged: bool) -> None:
        """Write and sync, if it is not so already; where that fails, it counts for this process alone."""
        with self._lock:
            if engaged == self.is_engaged and not self.failure:
                return
            self.is_engaged = engaged
            try:
                self._write(engaged)
                self.failure = ""
            except OSError as error:
                self.failure = f"it could not be written to {self._file} ({error.strerror}): a restart forgets it"

    def _write(self, engaged: bool) -> None:
        fresh = self._file.with_name(f".{self._file.name}.{os.getpid()}")
        with fresh.open("w", encoding="utf-8") as file:
            file.write(_TEXT)
            file.flush()
            os.fsync(file.fileno())
        if engaged:
            fresh.replace(self._file)
        else:
            fresh.unlink()
            with suppress(FileNotFoundError):
                self._file.unlink()
        _sync_folder(self._file.parent)


def _sync_folder(folder: Path) -> None:
    """A rename or a removal is on the disk once its folder is."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
