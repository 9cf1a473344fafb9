"""Files of a user's, replaced whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from armature.errors import ConfigError, system_reason


@contextmanager
def beside(file: Path) -> Iterator[Path]:
    """Where new content is prepared, so that it takes its place whole.

    Raises:
        ConfigError: what the block does is refused by the system; nothing was saved.
    """
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        yield fresh
    except OSError as error:
        raise ConfigError(
            str(file), system_reason(error), "nothing was saved; the file and its folder must be writable"
        ) from error
    finally:
        fresh.unlink(missing_ok=True)


def write(file: Path, content: bytes, like: Path | None = None) -> None:
    """Create a file, with the permissions of another where one is named, and sync it to disk."""
    with file.open("xb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    if like is not None:
        shutil.copymode(like, file)
