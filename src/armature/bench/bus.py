"""Bus cycle time against the time that the wire itself needs."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from armature.bench.figure import Figure
from armature.core.model import ArmModel
from armature.dynamixel.bus import ServoBus
from armature.dynamixel.port import ServoPort
from armature.dynamixel.wiring import Wiring
from armature.errors import ProcessError
from armature.graph import Robot

_CYCLES = 500
_BITS_PER_BYTE = 10
_BAUD_RATES = (1_000_000, 4_000_000)
_STATE = (126, 10)  # current, velocity, position: address and length, the same in all models of the arms
_READY_TIME = 20.0  # [s]


def measure(robot: Robot) -> list[Figure]:
    """One Sync Write of goals and one Sync Read of states of all servos, at each baud rate."""
    return [_measure(robot, baud_rate) for baud_rate in _BAUD_RATES]


def wire_time(servos: int, baud_rate: int) -> float:
    """Time that the bytes of one cycle take on the wire [s].

    Protocol 2.0 manual: Sync Write 14 + 5 n bytes, Sync Read 14 + n bytes, each status packet 11 + 10 bytes.
    """
    size = (14 + 5 * servos) + (14 + servos) + servos * (11 + _STATE[1])
    return size * _BITS_PER_BYTE / baud_rate


def _measure(robot: Robot, baud_rate: int) -> Figure:
    arm = ArmModel.from_urdf(robot.urdf.read_text("utf-8"), robot.urdf.name)
    wiring = Wiring.from_yaml(robot.wiring.read_text("utf-8"), arm, robot.wiring.name)
    with tempfile.TemporaryDirectory() as folder:
        link = Path(folder) / "bus"
        emulator = _emulate(robot, link, baud_rate)
        try:
            times = _cycle_times(wiring, link, baud_rate)
        finally:
            emulator.terminate()
            emulator.wait()
    median = sorted(times)[len(times) // 2]
    wire = wire_time(len(wiring.servos), baud_rate)
    name = f"bus cycle of {len(wiring.servos)} servos at {baud_rate / 1e6:g} Mbps, p50"
    return Figure(name, 1000.0 * median, "ms", 1000.0 * wire, "the wire's time")


def _emulate(robot: Robot, link: Path, baud_rate: int) -> subprocess.Popen[bytes]:
    files = ["--urdf", robot.urdf, "--wiring", robot.wiring, "--poses", robot.poses]
    command = [sys.executable, "-m", "armature.nodes.emulator", *files, "--link", link, "--baud", baud_rate]
    emulator = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL)
    give_up = time.monotonic() + _READY_TIME
    while not link.exists():
        if emulator.poll() is not None or time.monotonic() > give_up:
            emulator.kill()
            raise ProcessError("emulator", "it does not start", "run it by hand: armature emulate --link PATH")
        time.sleep(0.01)
    return emulator


def _cycle_times(wiring: Wiring, link: Path, baud_rate: int) -> list[float]:
    bus = ServoBus(ServoPort(str(link), baud_rate, 0.016))
    bus.open()
    register = wiring.servos[0].model.registers["Goal Position"]
    goals = {servo.servo_id: servo.to_ticks(0.0) for servo in wiring.servos}
    times = []
    try:
        for servo in wiring.servos:  # as the servo interface does before it arms
            bus.write(servo.servo_id, servo.model.registers["Return Delay Time"], 0)
        for _ in range(_CYCLES):
            begun = time.perf_counter()
            bus.sync_write(register, goals)
            answers = bus.sync_read(wiring.ids, *_STATE)
            if len(answers) == len(goals):
                times.append(time.perf_counter() - begun)
    finally:
        bus.close()
    if len(times) < _CYCLES // 2:
        raise ProcessError("emulator", f"only {len(times)} of {_CYCLES} cycles were answered", "free the machine")
    return times
