"""Keeps the processor out of deep sleep, from which it wakes late (Linux, "PM Quality Of Service Interface")."""

from __future__ import annotations

import os
import struct
from contextlib import suppress
from pathlib import Path

_DEVICE = Path("/dev/cpu_dma_latency")
_AT_ONCE = struct.pack("i", 0)  # how long waking may take [µs]


class CpuSleep:
    """Inhibits it as long as the device is held open; that costs power, so only while torque is on."""

    def __init__(self, device: Path = _DEVICE) -> None:
        """Args: the device of PM QoS."""
        self._device = device
        self._file = -1
        self.is_permitted = os.access(device, os.W_OK)

    def inhibit(self, *, awake: bool) -> None:
        """Stay awake from now on, or sleep as the machine likes."""
        if awake == (self._file >= 0) or not self.is_permitted:
            return
        if awake:
            self._open()
        else:
            os.close(self._file)
            self._file = -1

    def _open(self) -> None:
        try:
            self._file = os.open(self._device, os.O_WRONLY)
            os.write(self._file, _AT_ONCE)
        except OSError:
            self.is_permitted = False
            with suppress(OSError):
                os.close(self._file)
            self._file = -1
