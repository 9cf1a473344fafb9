"""A serial device as Linux knows it: its adapter and its names (sysfs, udev)."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

BY_ID = Path("/dev/serial/by-id")
_SYS = Path("/sys")
_PSEUDO = "/dev/pts/"


@dataclass(frozen=True)
class Adapter:
    """A serial device."""

    device: str  # that its stable name links to
    driver: str  # of the kernel; "" for what is no USB adapter
    latency_timer: int | None  # [ms]; None where it has none


def read_adapter(path: str, sys: Path = _SYS) -> Adapter:
    """Read the adapter of a device.

    Args:
        path: the device, or a link to it.
        sys: where sysfs is.
    """
    device = os.path.realpath(path)
    node = sys / "bus" / "usb-serial" / "devices" / Path(device).name
    try:
        driver = (node / "driver").resolve(strict=True).name
    except OSError:
        driver = ""
    try:
        timer = int((node / "latency_timer").read_text("utf-8"))
    except (OSError, ValueError):
        return Adapter(device, driver, None)
    return Adapter(device, driver, timer)


def stable_names(folder: Path = BY_ID) -> list[str]:
    """Serial adapters that are plugged in, by names that stay the same."""
    return sorted(str(entry) for entry in folder.iterdir()) if folder.is_dir() else []


def known_names(paths: Iterable[str], by_id: Path = BY_ID) -> tuple[str, ...]:
    """The given paths, and the other names of the devices for as long as they exist.

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
    # The kernel numbers adapters in the order in which they appear, so udev's names are better.
    return [name for name in stable_names(by_id) if os.path.realpath(name) == device] or [device]
