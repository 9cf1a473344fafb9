"""What the servo interface tells the bus process of the joints' loads while hands guide them."""

from __future__ import annotations

import math
import threading
from types import SimpleNamespace

import pytest

from armature.core.model.poses import read_poses
from armature.core.model.urdf import read_urdf
from armature.core.payload import Payload
from armature.dynamixel.wiring.arm import Wiring
from armature.errors import CommandRefused
from armature.nodes.common.parameters.payload import Carried
from armature.nodes.servo_interface import free_drive
from armature.nodes.servo_interface.free_drive import FreeDriveLoads, _loads_of
from armature.robots import find_robot

pytestmark = pytest.mark.usefixtures("nothing_left")


def configuration(robot: str) -> SimpleNamespace:
    files = find_robot(robot)
    arm = read_urdf(files.urdf.read_text("utf-8"))
    wiring = Wiring.from_yaml(files.wiring.read_text("utf-8"), arm)
    poses = read_poses(files.poses.read_text("utf-8"), arm)
    return SimpleNamespace(arm=arm, joints=wiring.joints, wiring=wiring, poses=poses, payload_file="")


def readings(places: dict[str, float], joints: tuple[str, ...]) -> SimpleNamespace:
    return SimpleNamespace(joints=[SimpleNamespace(position=places[joint]) for joint in joints])


@pytest.mark.parametrize(("robot", "upright"), [("armature6", "waist"), ("open_manipulator_x", "joint1")])
def test_a_joint_that_turns_about_the_vertical_carries_nothing_and_others_do(robot, upright):
    arm = configuration(robot)
    loads = _loads_of(arm)(readings(dict.fromkeys(arm.joints, 0.0), arm.joints))
    assert set(loads) == set(arm.joints)
    assert loads[upright] == pytest.approx(0.0, abs=1e-6)
    assert max(map(abs, loads.values())) > 0.1


def test_a_load_is_what_lifts_the_arm():
    """Stretched out forward the arm falls with a growing angle of the shoulder: it takes a negative torque."""
    arm = configuration("armature6")
    loads = _loads_of(arm)(readings(arm.poses["above_pick"], arm.joints))
    assert -2.0 < loads["shoulder"] < -0.5


def test_where_a_joint_was_not_read_nothing_is_told():
    arm = configuration("armature6")
    places = {**arm.poses["home"], "wrist_pitch": math.nan}
    assert _loads_of(arm)(readings(places, arm.joints)) == {}


def test_what_the_tool_carries_is_carried_too_and_may_change_meanwhile(tmp_path):
    arm = configuration("armature6")
    arm.payload_file = tmp_path / "payload"
    read = readings(arm.poses["above_pick"], arm.joints)
    bare = _loads_of(configuration("armature6"))(read)
    Carried(Payload(0.0), arm.arm.tool).write(arm.payload_file)
    loads = _loads_of(arm)
    assert loads(read) == pytest.approx(bare, abs=1e-6)
    Carried(Payload(0.3), arm.arm.tool).write(arm.payload_file)
    assert loads(read)["shoulder"] < bare["shoulder"] - 0.5


class FakeBus:
    """A bus process that is read, sent loads, and gone after some of them."""

    def __init__(self, arm: SimpleNamespace, lasts: int) -> None:
        self.status = SimpleNamespace(free=("gripper_left_joint",))
        self.sent: list[dict[str, float]] = []
        self._arm, self._lasts = arm, lasts

    @property
    def client(self) -> FakeBus:
        if len(self.sent) == self._lasts:
            raise CommandRefused("request", "there is no bus process yet", "wait")
        return self

    def readings(self) -> SimpleNamespace:
        return readings(self._arm.poses["home"], self._arm.joints)

    def notify(self, name: str, loads: dict[str, float]) -> None:
        assert name == "loads"
        self.sent.append(loads)

    def wait_for(self, condition, timeout: float) -> bool:
        return condition()


def test_it_tells_while_joints_are_compliant_until_the_bus_child_has_gone():
    arm = configuration("open_manipulator_x")
    bus = FakeBus(arm, lasts=3)
    free_drive_loads = FreeDriveLoads(arm, bus)
    free_drive_loads.update(("gripper_left_joint",))
    free_drive_loads.close()
    assert len(bus.sent) == 3
    free_drive_loads.update(("gripper_left_joint",))  # another child is there, and the thread is begun anew
    free_drive_loads.close()
    assert len(bus.sent) == 3


def test_where_weight_cannot_be_told_the_joints_hold_and_it_is_not_tried_again(monkeypatch, capsys):
    arm = configuration("open_manipulator_x")
    bus, asked, tried = FakeBus(arm, lasts=3), [], []
    bus.request = lambda name, **fields: asked.append((name, fields))
    monkeypatch.setattr(free_drive, "_loads_of", lambda _: tried.append(1) or 1 / 0)
    free_drive_loads = FreeDriveLoads(arm, bus)
    for _ in range(2):
        free_drive_loads.update(("gripper_left_joint",))
        free_drive_loads.close()
    assert asked == [("free", {"joint": "gripper_left_joint", "begin": False})]
    assert len(tried) == 1
    assert "ZeroDivisionError" in capsys.readouterr().err


@pytest.mark.parametrize("free", [(), ("joint2",)])
def test_where_no_joint_is_compliant_there_is_no_thread(free):
    arm = configuration("open_manipulator_x")
    threads = threading.active_count()
    free_drive_loads = FreeDriveLoads(arm, FakeBus(arm, lasts=0))
    free_drive_loads.update(free)
    assert threading.active_count() == threads
    free_drive_loads.close()
