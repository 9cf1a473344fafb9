"""Text files of a robot, and what is wrong with those that cannot be read."""

from __future__ import annotations

from pathlib import Path

from armature.errors import ConfigError


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
        return Path(path).read_bytes().decode("utf-8")
    except OSError as error:
        raise ConfigError(where, str(path), f"{allowed} ({error.strerror})") from error
    except UnicodeDecodeError as error:
        byte = f"UTF-8 can't decode byte {error.start + 1}, 0x{error.object[error.start]:02x}"
        raise ConfigError(where, str(path), f"{allowed} ({byte}: save it in UTF-8)") from error
