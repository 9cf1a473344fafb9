"""Emulated servos on a port of virtual time in place of a device, under commands that are run in this process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import ModuleType

import pytest

from armature.bench.simulation.virtual import Bench
from armature.bench.simulation.virtual_port import VirtualPort
from armature.emulator.bus.bus import EmulatedBus
from armature.emulator.faults.catalogue import Fault
from armature.emulator.servo.servo import Servo

_STEP = 0.05  # [s]; a longer pause would be skipped


class _SharedPort(VirtualPort):
    """A port whose far end somebody tampers with from another thread."""

    def __init__(self, far: EmulatedBus, lock: threading.RLock) -> None:
        super().__init__(far)
        self.lock = lock

    def _put(self, packet: bytes) -> None:
        with self.lock:
            super()._put(packet)


class VirtualArm:
    """An arm, torque off, in its zero pose where a hand holds it; and what a test does to it."""

    path = "virtual"

    def __init__(self, bench: Bench | None = None) -> None:
        """Args: another arm than the default one."""
        self._lock = threading.RLock()
        bench = bench or Bench(dict.fromkeys(Bench().positions(), 0.0))
        self.bus, self.faults = bench.far, bench.faults
        self._port = _SharedPort(self.bus, self._lock)

    def put_in_place(self, monkeypatch: pytest.MonkeyPatch, *modules: ModuleType) -> None:
        """Let these modules find it wherever they look for a port."""
        for module in modules:
            monkeypatch.setattr(module, "SerialPort", self._tuned)

    def _tuned(self, _path: str, baud_rate: int, _latency: float) -> VirtualPort:
        self._port.baud_rate = self.bus.wire.baud_rate = baud_rate
        return self._port

    def pass_time(self, seconds: float) -> None:
        """Let time pass [s]."""
        with self._lock:
            for _ in range(round(seconds / _STEP)):
                self._port.time += _STEP
                self.bus.advance(self._port.time)

    def inject(self, fault: Fault) -> None:
        """Bring a fault about, and let it strike."""
        with self._lock:
            self.faults.inject(fault)
        self.pass_time(_STEP)

    def clear(self, fault: Fault) -> None:
        """Take a fault away."""
        with self._lock:
            self.faults.clear(fault)

    def change(self, deed: Callable[[EmulatedBus], object]) -> None:
        """Do something to the bus."""
        with self._lock:
            deed(self.bus)

    def servo(self, joint: str) -> Servo:
        """The servo of a joint."""
        return self.bus.servo(joint)

    def set(self, joint: str, name: str, value: int) -> None:
        """Write a register of a servo as the bus would."""
        register = self.servo(joint).model[name]
        with self._lock:
            self.servo(joint).write(register.address, value.to_bytes(register.size, "little"))
