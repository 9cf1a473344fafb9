"""By which names a serial device is known, so that it is recognised under another one (Linux, udev)."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from armature.nodes.serial_adapter import BY_ID, stable_names

_PSEUDO = "/dev/pts/"


def known_names(paths: Iterable[str], by_id: Path = BY_ID) -> tuple[str, ...]:
    """The given paths, and what else the devices are called for as long as they exist.

    Args:
        paths: devices, or links to them; one that is absent is known by its path alone.
        by_id: the folder of udev's links by maker and serial number.
    """
    return tuple(dict.fromkeys(name for path in paths for name in (path, *_device_names(path, by_id))))


def _device_names(path: str, by_id: Path) -> list[str]:
    try:
        device, born = os.path.realpath(path), os.stat(path).st_ctime_ns  # noqa: PTH116  # through the link
    except OSError:
        return []
    if device.startswith(_PSEUDO):  # the next pseudo-terminal gets the same number
        return [f"{device}@{born}"]
    # The kernel numbers adapters in the order in which they come, so what udev calls them is better.
    return [name for name in stable_names(by_id) if os.path.realpath(name) == device] or [device]
