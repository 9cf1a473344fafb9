"""The first hour with one's own arm: five servos in odd conditions, from the table to the first motion."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import count
from types import SimpleNamespace

import numpy as np
import pytest

from armature.bench.simulation.virtual import Bench
from armature.cli import main
from armature.cli.servos import calibrate, check, scan, setup_steps
from armature.core.model.poses import read_poses
from armature.core.trajectory.segments import LoopTime, Segment
from armature.core.trajectory.trajectory import Trajectory
from armature.dynamixel.protocol import multi_bus
from armature.dynamixel.tables.roles import Role
from armature.dynamixel.wiring.arm import Wiring
from armature.emulator.faults.catalogue import Place
from armature.emulator.servo.servo import BOOT_TIME
from armature.errors import CommandRefused
from armature.nodes.common.robot_files import read_arm
from armature.robots import find_robot

from ...virtual_arm import VirtualArm
from ..at_terminal import at_terminal

pytestmark = pytest.mark.usefixtures("nothing_left")
ROBOT = find_robot("open_manipulator_x")
ARM = read_arm("URDF", ROBOT.urdf)
SHIPPED = Wiring.from_yaml(ROBOT.wiring_text, ARM)
JOINTS = SHIPPED.joints
ZERO = dict.fromkeys(JOINTS, 0.0)
SLIP = math.radians(10.0)
# As it is built: joint2 is mirrored, and the horn of joint3 sits 10 deg from where it is thought to be.
BUILT = replace(
    SHIPPED,
    servos=tuple(
        replace(
            servo,
            direction=-servo.direction if servo.joint == "joint2" else servo.direction,
            zero_offset=servo.zero_offset + (SLIP if servo.joint == "joint3" else 0.0),
        )
        for servo in SHIPPED.servos
    ),
)


class Workbench(VirtualArm):
    """Five servos on a table, one of them connected at a time, and then the arm made of them."""

    def __init__(self):
        super().__init__(Bench(ZERO, arm=ARM, wiring=BUILT))
        for joint in JOINTS:
            self.servo(joint).factory_reset(0xFF)
            self.servo(joint).line_breaks = 1
        self.servo("joint4").registers[Role.OPERATING_MODE] = 4
        self.servo("joint1").registers[Role.DRIVE_MODE] = 9
        self.pass_time(BOOT_TIME + 0.1)

    def connect(self, joint):
        def plug(bus):
            for name in JOINTS:
                bus.servo(name).line_breaks = int(name != joint)

        self.change(plug)
        return "\n"

    def assemble(self):
        for joint in JOINTS:
            self.servo(joint).line_breaks = 0
        self.inject(Place())

    def let_go(self):
        self.change(lambda _: self.faults.clear())
        self.pass_time(0.05)

    def push(self, joint, position):
        return lambda: self.inject(Place(joint, position))


@pytest.fixture
def bench(monkeypatch):
    bench = Workbench()
    bench.put_in_place(monkeypatch, setup_steps, scan, check, multi_bus)
    monkeypatch.setattr(calibrate, "_SPACING", 0.0)
    # So long each cycle takes, however busy this machine is.
    monkeypatch.setattr(check, "time", SimpleNamespace(perf_counter=count(0.0, 0.001).__next__))
    return bench


@pytest.fixture
def words(bench, tmp_path):
    """What every command says of this arm; its wiring file is a first draft."""
    file = tmp_path / "servos.yaml"
    file.write_text(ROBOT.wiring_text.partition("# Directions")[0], "utf-8")
    return ["--robot", "open_manipulator_x", "--wiring", str(file), "--port", bench.path]


def read_wiring(words):
    with open(words[3], encoding="utf-8") as file:  # noqa: PTH123
        return Wiring.from_yaml(file.read(), ARM)


def set_up(bench, words, monkeypatch):
    """The servos one by one; once the person forgets to exchange them."""
    script = []
    for number, joint in enumerate(JOINTS):
        if number == 1:
            script += [(f"{joint}: connect", "\n"), ("Make it that of joint2 all the same? [y/N]", "n\n")]
        script += [(f"{joint}: connect", lambda joint=joint: bench.connect(joint)), ("EEPROM? [y/N]", "y\n")]
    return at_terminal(monkeypatch, ["setup", *words], *script)


def calibrate_by_hand(bench, words, monkeypatch):
    script = [("and press Enter", "\n"), ("Test the directions", "\n")]
    for joint in ("joint1", "joint3", "joint4"):
        script += [(f"{joint}: push it", bench.push(joint, 0.5)), ("28.", "y")]
    mirrored = [
        ("joint2: push it", bench.push("joint2", 0.5)),
        ("-28.", "f"),
        ("direction will be -1", bench.push("joint2", 0.2)),
        ("11.", bench.push("joint2", -0.2)),
        ("-11.", "y"),
    ]
    gripper = [("gripper_left_joint: push it", bench.push("gripper_left_joint", 0.01)), ("10.0 mm", "y")]
    script = [
        *script[:4],
        *mirrored,
        *script[4:],
        *gripper,
        ("range of motion too?", "\n"),
        ("Write this to", "y\n"),
    ]
    return at_terminal(monkeypatch, ["calibrate", *words, "--http", "none"], *script)


def started(bench, wiring):
    """The loop that `up` would start on these servos."""
    loop = Bench(ZERO, arm=ARM, wiring=wiring)
    for port in loop.ports.values():
        port.far, port.time = bench.bus, bench._port.time
    loop.far, loop.cycle_at = bench.bus, bench._port.time
    return loop


@pytest.mark.timeout(120)
def test_five_factory_new_servos_come_to_their_first_motion_by_the_tutorial(bench, words, monkeypatch, capsys):
    code, seen = set_up(bench, words, monkeypatch)
    assert code == 0, seen
    assert seen.startswith("robot open_manipulator_x; wiring file ")
    assert "this XM430-W350 is that of joint1: it has id 11" in seen
    bench.assemble()
    code, seen = calibrate_by_hand(bench, words, monkeypatch)
    assert code == 0, seen
    wiring = read_wiring(words)
    assert wiring.is_confirmed
    for found, true in zip(wiring.servos, BUILT.servos, strict=True):
        assert found.direction == true.direction
        assert found.zero_offset == pytest.approx(true.zero_offset, abs=0.005)
    bench.let_go()
    assert main.main(["check", *words]) == 0, capsys.readouterr().out
    loop = started(bench, wiring).enabled()
    before = loop.positions()["joint2"]
    rows = np.zeros((2, len(JOINTS)))
    rows[:] = [[loop.loop.state.setpoints(loop.now)[joint].position for joint in JOINTS]] * 2
    rows[1, JOINTS.index("joint2")] += 0.1
    way = Trajectory(JOINTS, np.array([0.0, 2.0]), rows, np.zeros_like(rows), np.zeros_like(rows))
    loop.loop.follow(Segment(1, "s1", LoopTime(loop.now), way), loop.now)
    loop.run(2.5)
    assert loop.positions()["joint2"] - before == pytest.approx(0.1, abs=0.03)


def test_who_starts_without_setting_up_is_refused_with_what_would_be_written(bench):
    bench.assemble()
    for number, joint in zip(SHIPPED.ids, JOINTS, strict=True):
        bench.servo(joint).registers[Role.ID] = number
        bench.servo(joint).listen_at(1_000_000)
    with pytest.raises(
        CommandRefused, match=r"not set up for this arm: .*Return Delay Time is 250, not 0.*setup --apply"
    ):
        started(bench, BUILT).start()


def test_the_poses_of_the_arm_are_those_that_ship():
    assert "park" in read_poses(ROBOT.poses.read_text("utf-8"), ARM)
