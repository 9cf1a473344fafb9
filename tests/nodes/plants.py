"""The emulator's servos on each plant, and the passing of its time."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from armature.core.model.poses import read_poses
from armature.core.model.urdf import read_urdf
from armature.dynamixel.wiring.arm import Wiring
from armature.emulator.bus.bus import EmulatedBus
from armature.emulator.faults.board import FaultBoard
from armature.emulator.physics.gazebo_world import gazebo_world
from armature.nodes.emulator.gazebo_plant import GazeboPlant
from armature.robots import find_robot

STAND_IN = Path(__file__).with_name("gazebo_stand_in.py")
START = "pick"  # an arm that is let go there falls
PATIENCE = 20.0  # [s] of the computer's


class Robot:
    """The files of an arm, read."""

    def __init__(self, name: str) -> None:
        self.files = find_robot(name)
        self.arm = read_urdf(self.files.urdf.read_text("utf-8"))
        self.wiring = Wiring.from_yaml(self.files.wiring.read_text("utf-8"), self.arm)
        self.poses = read_poses(self.files.poses.read_text("utf-8"), self.arm)

    def world(self, pose: str) -> str:
        return gazebo_world(self.arm, self.wiring, self.poses[pose])


ROBOT = Robot("armature6")


class Rig:
    """Servos on MuJoCo, whose time passes as it is told to."""

    factor = 1.0

    def __init__(self) -> None:
        self.bus = EmulatedBus.of_arm(ROBOT.arm, ROBOT.wiring, ROBOT.poses[START])
        self.faults = FaultBoard(self.bus)
        self.now = 0.0

    def look(self) -> None:
        """Let what has happened by now be known."""
        self.now += 0.02 * self.factor
        self.bus.advance(self.now)

    def run(self, factor: float) -> None:
        """Set how fast the plant's time passes."""
        self.factor = factor

    def wait(self, seconds: float) -> None:
        """Let so much of the plant's time pass."""
        end = self.bus.time + seconds
        self.until(lambda: self.bus.time >= end)

    def until(self, condition) -> None:
        """Let time pass until something holds."""
        give_up = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < give_up, f"waited in vain; the arm is at {self.bus.plant.positions}"
            self.look()


class GazeboRig(Rig):
    """Servos on the arm of another process, over the bridge's topics."""

    def __init__(self, plant: GazeboPlant, process: subprocess.Popen) -> None:
        self._process = process
        self._plant = plant
        self.run(1.0)
        self._order("reset")
        # The servos have just lost their power: none drives the arm any more.
        plant.await_rest(time.monotonic, time.sleep, PATIENCE)
        self.bus = EmulatedBus.of_plant(plant, ROBOT.wiring, time.monotonic())
        self.faults = FaultBoard(self.bus)

    def look(self) -> None:
        time.sleep(0.002)
        self.bus.advance(time.monotonic())

    def run(self, factor: float) -> None:
        self._order(f"factor {factor}")

    def _order(self, text: str) -> None:
        order(self._process, text)


def order(process: subprocess.Popen, text: str) -> None:
    """Tell the stand-in what to do."""
    process.stdin.write(f"{text}\n")
    process.stdin.flush()


@contextmanager
def stand_in(
    folder: Path, pose: str = START, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen]:
    """The process in Gazebo's place, with a world of ours."""
    world = folder / "world.sdf"
    world.write_text(ROBOT.world(pose), "utf-8")
    files = ("--urdf", ROBOT.files.urdf, "--wiring", ROBOT.files.wiring, "--world", world)
    command = [sys.executable, str(STAND_IN), *map(str, files)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment) as process:
        try:
            assert process.stdout.readline() == "ready\n", "the stand-in did not start"
            yield process
        finally:
            process.kill()
