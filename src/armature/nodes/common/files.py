"""Files that parameters and options name; the bus process reads them too, which knows no rclpy."""

from __future__ import annotations

from pathlib import Path

from armature.errors import ConfigError


def read_file(name: str, path: str | Path) -> str:
    """Text of the file that a parameter names, or an option, which begins with a dash.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        return Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        where = name if name.startswith("-") else f"parameter {name}"
        raise ConfigError(where, str(path), f"a readable text file is needed ({error})") from error
