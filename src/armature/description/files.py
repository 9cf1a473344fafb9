"""Files of a robot, read up to a bound, and what is wrong with those that cannot be read."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from armature.errors import ConfigError

TEXT, XML, MESH = 256 << 10, 16 << 20, 100 << 20
"""Bounds of a text, a description and a mesh [byte]; ten times the largest of published robots and more."""


def read_bytes(path: str | Path, at_most: int) -> bytes:
    """Content of a regular file; a pipe would wait for a writer, and a device need not come to an end.

    Args:
        path: of the file.
        at_most: its bound [byte].

    Raises:
        OSError: it cannot be read, is no regular file, or is larger; the reason is its strerror.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except ValueError as error:
        raise OSError(errno.EINVAL, "its name holds a null character") from error
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(handle)
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "it is a pipe or a device, and no regular file")
        content = b"" if found.st_size > at_most else file.read(at_most + 1)  # some of /proc tell no size
    if (size := max(found.st_size, len(content))) > at_most:
        raise OSError(errno.EFBIG, f"it holds {size:,} bytes; at most {at_most:,} are read")
    return content


def read_text(where: str, path: str | Path, allowed: str) -> str:
    """Text of a file in UTF-8, with its own line ends, since it may be written back.

    Args:
        where: what names the file, for the error.
        path: of the file.
        allowed: what would work, for the error.

    Raises:
        ConfigError: it cannot be read, with the reason.
    """
    try:
        return read_bytes(path, TEXT).decode("utf-8")
    except OSError as error:
        raise ConfigError(where, str(path), f"{allowed} ({error.strerror})") from error
    except UnicodeDecodeError as error:
        byte = f"UTF-8 can't decode byte {error.start + 1}, 0x{error.object[error.start]:02x}"
        raise ConfigError(where, str(path), f"{allowed} ({byte}: save it in UTF-8)") from error
