"""The first hour with one's own arm by the tutorial: from five servos on a table to an arm that may move.

What comes then, on a running graph: tests/system/test_first_motion.py.
"""

from __future__ import annotations

import shlex
from itertools import count
from types import SimpleNamespace

import numpy as np
import pytest

from armature.bench.simulation.virtual import Bench
from armature.cli import main
from armature.cli.servos import calibrate, check, scan, setup_steps
from armature.core.trajectory.segments import LoopTime, Segment
from armature.core.trajectory.trajectory import Trajectory
from armature.dynamixel.protocol import multi_bus
from armature.dynamixel.tables.roles import Role
from armature.dynamixel.wiring.arm import Wiring
from armature.emulator.faults.catalogue import Place
from armature.emulator.servo.servo import BOOT_TIME
from armature.errors import CommandRefused

from ...new_arm import (
    ARM,
    BUILT,
    JOINTS,
    POSES,
    SHIPPED,
    ZERO,
    calibrating,
    connect_one,
    make_new,
    setting_up,
    write_folder,
)
from ...system.documents import tutorial_commands
from ...virtual_arm import VirtualArm
from ..at_terminal import at_terminal

pytestmark = pytest.mark.usefixtures("nothing_left")


class Workbench(VirtualArm):
    """Five servos on a table, one of them connected at a time, and then the arm made of them."""

    def __init__(self):
        super().__init__(Bench(ZERO, arm=ARM, wiring=BUILT))
        make_new(self.bus)
        self.pass_time(BOOT_TIME + 0.1)

    def connect(self, joint):
        self.change(lambda bus: connect_one(bus, joint))
        return "\n"

    def assemble(self):
        self.connect("")
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
def folder(tmp_path):
    return write_folder(tmp_path / "my_arm")


def as_typed(command, bench, folder):
    """The words of a command of the tutorial on this arm."""
    return shlex.split(command.replace("NAME", str(folder)).replace("/dev/ttyUSB0", bench.path))[1:]


def read_wiring(folder):
    return Wiring.from_yaml((folder / "servos.yaml").read_text("utf-8"), ARM)


def started(bench, wiring):
    """The loop that `up` would start on these servos."""
    loop = Bench(ZERO, arm=ARM, wiring=wiring)
    for port in loop.ports.values():
        port.far, port.time = bench.bus, bench._port.time
    loop.far, loop.cycle_at = bench.bus, bench._port.time
    return loop


@pytest.mark.timeout(120)
def test_five_factory_new_servos_come_to_their_first_motion_by_the_tutorial(bench, folder, monkeypatch, capsys):
    commands = [as_typed(each, bench, folder) for each in tutorial_commands() if each.startswith("armature ")]
    set_up, calibrate_by_hand, pre_flight, *_ = commands
    code, seen = at_terminal(monkeypatch, set_up, *setting_up(bench))
    assert code == 0, seen
    assert seen.startswith(f"robot my_arm; wiring file {folder}")
    assert "this XM430-W350 is that of joint1: it has id 11" in seen
    bench.assemble()
    code, seen = at_terminal(monkeypatch, [*calibrate_by_hand, "--http", "none"], *calibrating(bench))
    assert code == 0, seen
    wiring = read_wiring(folder)
    assert wiring.is_confirmed
    for found, true in zip(wiring.servos, BUILT.servos, strict=True):
        assert found.direction == true.direction
        assert found.zero_offset == pytest.approx(true.zero_offset, abs=0.005)
    bench.let_go()
    assert main.main(pre_flight) == 0, capsys.readouterr().out
    loop = started(bench, wiring).enabled()
    before = loop.positions()["joint2"]
    rows = np.zeros((2, len(JOINTS)))
    rows[:] = [[loop.loop.state.setpoints(loop.now)[joint].position for joint in JOINTS]] * 2
    rows[1, JOINTS.index("joint2")] += 0.1
    way = Trajectory(JOINTS, np.array([0.0, 2.0]), rows, np.zeros_like(rows), np.zeros_like(rows))
    loop.loop.follow(Segment(1, "s1", LoopTime(loop.now), way), loop.now)
    loop.run(2.5)
    true = loop.positions()
    assert true["joint2"] - before == pytest.approx(0.1, abs=0.03)
    # What is measured has the URDF's sign, also of the mirrored joint.
    assert {joint: loop.loop.state.axes[joint].position for joint in JOINTS} == pytest.approx(true, abs=0.01)


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
    assert "park" in POSES
