"""One contract for every plant: what the servos of the emulator may expect of what they turn."""

from __future__ import annotations

import time

import pytest

from armature.dynamixel.tables.roles import Role
from armature.emulator.bus.bus import EmulatedBus
from armature.emulator.faults.catalogue import Payload, StuckJoint
from armature.errors import ConfigError
from armature.nodes.emulator.gazebo_plant import gazebo_plant

from ..plants import ROBOT, START, GazeboRig, Rig, order, stand_in

pytestmark = pytest.mark.timeout(120)
HELD = 0.04  # [rad] or [m] that a servo sags at most
FALLEN = 0.1  # [rad]


@pytest.fixture(scope="module")
def gazebo(tmp_path_factory, module_domain):
    """A process in Gazebo's place, and the plant that follows it; each test begins the world anew."""
    folder = tmp_path_factory.mktemp("gazebo")
    with stand_in(folder) as process, gazebo_plant(ROBOT.arm, ROBOT.wiring, (), 20.0) as plant:
        yield plant, process


@pytest.fixture(params=["mujoco", "gazebo", "gazebo at 0.2"])
def rig(request):
    if request.param == "mujoco":
        return Rig()
    rig = GazeboRig(*request.getfixturevalue("gazebo"))
    rig.run(0.2 if request.param.endswith("0.2") else 1.0)
    return rig


def read(bus: EmulatedBus, joint: str, name: str) -> int:
    """A register, through the servo's own instruction."""
    servo = bus.servo(joint)
    register = servo.model[name]
    error, data = servo.read(register.address, register.size)
    assert error == 0
    return register.decode(int.from_bytes(data, "little"))


def write(bus: EmulatedBus, joint: str, name: str, value: int) -> None:
    servo = bus.servo(joint)
    register = servo.model[name]
    assert servo.write(register.address, register.encode(value)) == 0


def torque(bus: EmulatedBus, on: bool) -> None:
    for joint in ROBOT.wiring.joints:
        write(bus, joint, Role.GOAL_POSITION, read(bus, joint, Role.PRESENT_POSITION))
        write(bus, joint, Role.TORQUE_ENABLE, int(on))


def positions(rig: Rig) -> dict[str, float]:
    return dict(zip(rig.bus.plant.joints, rig.bus.plant.positions, strict=True))


def moved(rig: Rig, since: dict[str, float]) -> float:
    """Largest way of a joint [rad] or [m]."""
    return max(abs(position - since[joint]) for joint, position in positions(rig).items())


def test_the_servos_say_where_the_joints_of_the_plant_are(rig):
    assert rig.bus.plant.joints == ROBOT.wiring.joints
    for entry in ROBOT.wiring.servos:
        at_start = entry.to_ticks(ROBOT.poses[START][entry.joint])
        sag = HELD * entry.reduction / entry.model.position_unit
        assert abs(read(rig.bus, entry.joint, Role.PRESENT_POSITION) - at_start) <= sag


def test_with_torque_off_the_arm_falls(rig):
    before = positions(rig)
    rig.until(lambda: moved(rig, before) > FALLEN)


def test_with_torque_on_the_arm_is_held(rig):
    torque(rig.bus, True)
    before = positions(rig)
    rig.wait(0.5)
    assert moved(rig, before) < HELD


def test_a_joint_whose_torque_is_turned_off_falls_alone(rig):
    torque(rig.bus, True)
    rig.wait(0.2)
    before = positions(rig)
    write(rig.bus, "shoulder", Role.TORQUE_ENABLE, 0)
    rig.until(lambda: abs(positions(rig)["shoulder"] - before["shoulder"]) > FALLEN)
    assert abs(positions(rig)["waist"] - before["waist"]) < HELD


def test_a_goal_is_reached_and_the_load_is_felt(rig):
    torque(rig.bus, True)
    goal = read(rig.bus, "waist", Role.GOAL_POSITION) + 150
    write(rig.bus, "waist", Role.GOAL_POSITION, goal)
    rig.until(lambda: abs(read(rig.bus, "waist", Role.PRESENT_POSITION) - goal) < 8)
    rig.wait(0.2)
    assert abs(read(rig.bus, "waist", Role.PRESENT_POSITION) - goal) < 8
    # The forearm hangs on the shoulder: more than a tenth of its stall torque holds it.
    assert abs(read(rig.bus, "shoulder", Role.PRESENT_CURRENT)) > 20


def test_the_servos_clocks_follow_the_plant(rig):
    before, ticks = rig.bus.time, read(rig.bus, "waist", Role.REALTIME_TICK)
    rig.wait(0.3)
    passed = (read(rig.bus, "waist", Role.REALTIME_TICK) - ticks) * 1e-3
    assert passed == pytest.approx(rig.bus.time - before, abs=0.02)


def test_while_the_plant_is_paused_servos_answer_and_their_clocks_stand(rig):
    torque(rig.bus, True)
    write(rig.bus, "elbow", Role.BUS_WATCHDOG, 10)  # 200 ms
    rig.wait(0.05)
    rig.run(0.0)
    standing_since = rig.bus.time
    rig.until(lambda: _stands(rig))
    stood, before = rig.bus.time, positions(rig)
    end = time.monotonic() + 0.3
    rig.until(lambda: time.monotonic() > end)
    assert rig.bus.time == stood
    assert positions(rig) == before
    write(rig.bus, "waist", Role.GOAL_POSITION, read(rig.bus, "waist", Role.GOAL_POSITION) + 50)
    assert read(rig.bus, "elbow", Role.BUS_WATCHDOG) == 10  # has not heard that it was silent
    rig.run(1.0)
    rig.wait(0.3)
    assert rig.bus.time > standing_since
    assert moved(rig, before) > 0.02
    assert read(rig.bus, "elbow", Role.BUS_WATCHDOG) == -1


def _stands(rig: Rig) -> bool:
    """Whether no time has passed for a while."""
    before, end = rig.bus.time, time.monotonic() + 0.1
    rig.until(lambda: time.monotonic() > end)
    return rig.bus.time == before


def test_a_world_that_is_reset_does_not_turn_the_servos_clocks_back(gazebo):
    rig = GazeboRig(*gazebo)
    rig.wait(0.3)
    before, ticks = rig.bus.time, read(rig.bus, "waist", Role.REALTIME_TICK)
    order(gazebo[1], "reset")
    rig.wait(0.3)
    assert rig.bus.time >= before + 0.3
    assert (read(rig.bus, "waist", Role.REALTIME_TICK) - ticks) % 32_768 < 2_000


@pytest.mark.parametrize("fault", [StuckJoint("elbow"), Payload(None, mass=0.5)])
def test_faults_of_the_mechanics_are_not_gazebos(gazebo, fault):
    rig = GazeboRig(*gazebo)
    with pytest.raises(ConfigError, match="its own physics"):
        rig.faults.inject(fault)
