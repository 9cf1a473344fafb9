"""Files that parameters name; the bus child reads them too, which knows no rclpy."""

from __future__ import annotations

from pathlib import Path

from armature.errors import ConfigError


def read_file(parameter: str, path: str) -> str:
    """Text of the file that a parameter names.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        return Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"parameter {parameter}", path, f"a readable text file is needed ({error})") from error
