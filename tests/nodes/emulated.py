"""The emulator and the bus process as real processes, and what a test asks of them."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from armature.core.model.urdf import read_urdf
from armature.dynamixel.loop import link
from armature.dynamixel.loop.status import LoopStatus
from armature.dynamixel.protocol.bus import ServoBus
from armature.dynamixel.protocol.serial_port import SerialPort
from armature.dynamixel.tables.roles import Role
from armature.dynamixel.wiring.arm import Wiring
from armature.emulator.servo.servo import BOOT_TIME
from armature.errors import BusError
from armature.nodes.servo_interface.bus_process.client import BusClient
from armature.nodes.servo_interface.bus_process.spawn import BusStart

ROOT = Path(__file__).resolve().parents[2]
URDF, SERVOS, POSES = ROOT / "urdf/armature6.urdf", ROOT / "config/servos.yaml", ROOT / "config/poses.yaml"
LOWER = ("waist", "shoulder", "elbow")
JOINTS = Wiring.from_yaml(SERVOS.read_text("utf-8"), read_urdf(URDF.read_text("utf-8"))).joints


@contextmanager
def emulator(
    link_path: Path,
    pose: str = "park",
    baud: int = 1_000_000,
    robot: tuple[Path, Path, Path] = (URDF, SERVOS, POSES),
    stderr: int | None = None,
) -> Iterator[subprocess.Popen]:
    """The emulator's process, serving its bus at a path."""
    urdf, wiring, poses = map(str, robot)
    files = ("--urdf", urdf, "--wiring", wiring, "--poses", poses, "--start-pose", pose)
    command = [
        sys.executable,
        "-m",
        "armature.nodes.emulator",
        *files,
        "--link",
        str(link_path),
        "--baud",
        str(baud),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr) as process:
        try:
            assert process.stdout.readline().startswith(b"ready"), "the emulator did not start"
            yield process
        finally:
            process.kill()


def on_two_buses(folder: Path) -> Path:
    """A wiring file of the same servos, those of waist, shoulder and elbow on one bus, the others on another."""
    content = yaml.safe_load(SERVOS.read_text("utf-8"))
    content["buses"] = dict.fromkeys(("lower", "upper"), content.pop("bus"))
    for joint, entry in content["joints"].items():
        entry["bus"] = "lower" if joint in LOWER else "upper"
    file = folder / "servos.yaml"
    file.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    return file


def power_cycle(port: Path) -> None:
    """Let every servo start anew, torque off, as between two tests."""
    wiring = Wiring.from_yaml(SERVOS.read_text("utf-8"), read_urdf(URDF.read_text("utf-8")))
    give_up = time.monotonic() + 15.0
    while not _rebooted(ServoBus(SerialPort(str(port), wiring.buses[""], 0.1)), wiring):
        assert time.monotonic() < give_up, "the servos do not come back"
        time.sleep(0.1)


def _rebooted(bus: ServoBus, wiring: Wiring) -> bool:
    try:
        bus.open()
        for servo in wiring.servos:
            bus.reboot(servo.servo_id)
        time.sleep(BOOT_TIME)
        torque = [bus.read(servo.servo_id, servo.model[Role.TORQUE_ENABLE]) for servo in wiring.servos]
        return not any(torque)
    except BusError:  # a child that was killed has not let go yet, or a busy machine answered late
        return False
    finally:
        bus.close()


def child_config(port: Path, **changes: object) -> dict[str, object]:
    """What the servo interface tells its child."""
    return {
        "port": str(port),
        "urdf": str(URDF),
        "wiring": str(SERVOS),
        "rate": 100.0,
        "latency": 0.03,  # a busy machine answers late
        "connect_timeout": 5.0,
        "max_missed_reads": 20,
        "disable_cpu_sleep": True,
        "feedforward": True,
        "protective_stop": False,
        "resumes": False,
        "faults": {"bus_watchdog.time": 2.0},  # a busy machine puts processes aside
        "following_error": {},
        "contact": {},
        "free_drive": {},
        "simulated_time": False,
        "limits": {},
        "dynamics": {joint: [4.0, 40.0] for joint in JOINTS},
        "registers": {},
        **changes,
    }


class Listening:
    """A client of the child, heard in a thread as the servo interface hears it."""

    def __init__(self, config: dict[str, object]) -> None:
        attachment = BusStart(config).attach()
        self.client = BusClient(attachment, config)
        self.statuses: list[LoopStatus] = []
        self.cycles = 0
        self.last_error: str | None = None
        self.found = self.client.was_found
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        self.last_error = self.client.listen(self._on_cycle, self.statuses.append)

    def _on_cycle(self, readings: link.CycleReadings) -> None:
        self.cycles += 1

    @property
    def status(self) -> LoopStatus:
        return self.statuses[-1]

    def mode(self) -> str:
        return self.statuses[-1].mode if self.statuses else ""

    @property
    def pid(self) -> int:
        return self.client.child.pid

    def close(self) -> None:
        self.client.close()
        self._thread.join()

    def end(self) -> None:
        """End the child too."""
        process = self.client.child
        self.close()
        if process is not None:
            process.terminate()
            process.wait(10.0)


def shared_memory_files(pid: int) -> set[str]:
    """What Fast DDS has mapped from /dev/shm in a process, which it would leave behind if it were killed."""
    lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
    return {line.split()[-1] for line in lines if "/dev/shm/fast" in line}
