"""What the operating system knows of a serial adapter (Linux, sysfs)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

BY_ID = Path("/dev/serial/by-id")
_SYS = Path("/sys")


@dataclass(frozen=True)
class Adapter:
    """A serial device."""

    device: str  # what its stable name leads to
    driver: str  # of the kernel; "" for what is no USB adapter
    latency_timer: int | None  # [ms]; None where it has none


def adapter(path: str, sys: Path = _SYS) -> Adapter:
    """Look at a device.

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
