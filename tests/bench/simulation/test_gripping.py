"""The default arm's gripper closed on things, on virtual time: its servo limits no current, and holds them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from armature.bench.simulation.virtual import ARM, WIRING, Bench
from armature.core.control.grip import GripForceLimit, GripMonitor
from armature.core.control.group import GroupControl
from armature.core.control.group_state import GroupSettings, GroupState
from armature.core.trajectory.limits import GroupLimits
from armature.core.trajectory.segments import Segment
from armature.dynamixel.motion.grip import max_lead
from armature.dynamixel.status.states import Mode
from armature.dynamixel.tables.roles import Role
from armature.emulator.faults.servo import StuckJoint

JOINT = "gripper"
SHARE, GAIN = 0.3, 1280
SERVO = next(servo for servo in WIRING.servos if servo.joint == JOINT)
STANDING = 0.002  # [m/s]


class Gripper:
    """The gripper's controller without ROS, on the loop and the emulated servos."""

    def __init__(self, most):
        self.bench = Bench("home", registers={JOINT: {Role.POSITION_P_GAIN: GAIN}}).enabled()
        limits = GroupLimits.of(ARM, (JOINT,), {JOINT: 0.2}, {JOINT: 2.0})
        self.control = GroupControl(GroupState(limits, GroupSettings(np.full(1, 0.002), np.zeros(1))))
        self.squeeze = GripForceLimit(limits, np.array([most]), STANDING)
        self.control.state.note_state("ENABLED", "s1")
        self.control.state.note_commanded(self.bench.now, self.commanded(), "s1", self.bench.now)
        self.ends, self.loads, self._segments = [], [], 0
        self.run(0.02)

    def commanded(self):
        return {JOINT: self.bench.loop.state.setpoints(self.bench.now)[JOINT].position}

    def command(self, position, speed=1.0):
        monitor = GripMonitor(np.array([position]), 0.003, STANDING, 0.5, allow_stalling=True)
        target, speeds = np.array([position]), speed * self.control.state.limits.velocity
        self.control.move(target, speeds, monitor, self.ends.append, self.bench.now)

    def run(self, seconds):
        for _ in range(round(seconds / 0.01)):
            self.bench.cycle()
            self._control(self.bench.now)
        return self

    def _control(self, now):
        axis = self.bench.loop.state.axes[JOINT]
        self.control.state.note_reading(now, {JOINT: axis.position}, {JOINT: axis.velocity}, now)
        self.control.state.note_commanded(now, self.commanded(), "s1", now)
        target = self.squeeze.set_back(
            now, self.control.state.motion.setpoint(now), self.control.state.arm.measured
        )
        if target is not None:
            self.control.limit_grip(target, now)
        self.control.state.update(now)
        self.loads.append(abs(self.bench.servo(JOINT).drive.motor.load))
        segment = self.control.state.segment(now)
        if segment is not None:
            self._segments += 1
            self.bench.loop.follow(Segment(self._segments, "s1", segment.begin, segment.trajectory), now)


@pytest.fixture
def gripper():
    return Gripper(max_lead(SERVO, SHARE, GAIN))


@pytest.mark.parametrize("speed", [1.0, 0.03])
@pytest.mark.parametrize("target", [0.0, 0.0172])
def test_something_between_the_fingers_is_held_without_an_overload(gripper, speed, target):
    gripper.bench.faults.inject(StuckJoint(joint=JOINT))  # at 20 mm
    gripper.command(target, speed)
    gripper.run(3.0 + 0.02 / (speed * 0.05)).run(10.0)
    assert gripper.bench.mode() is Mode.ENABLED
    assert gripper.bench.servo(JOINT).registers[Role.HARDWARE_ERROR] == 0
    assert gripper.loads[-1] == pytest.approx(SHARE, abs=0.03)
    overloaded = np.array(gripper.loads) > 0.8
    assert overloaded.sum() * 0.01 < 0.8  # [s]; half of what is too long
    assert [(end.is_stalled, end.message[:8]) for end in gripper.ends] == [
        (True, "stopped ") if target == 0.0 else (False, "position")
    ]


def test_what_is_let_go_again_is_gripped_again_and_the_gripper_opens_from_there(gripper):
    stuck = StuckJoint(joint=JOINT)
    gripper.bench.faults.inject(stuck)
    gripper.command(0.0)
    gripper.run(3.0)
    gripper.bench.faults.clear(stuck)
    gripper.run(1.0)
    held = gripper.bench.positions()[JOINT]
    assert held == pytest.approx(
        0.02 - max_lead(SERVO, SHARE, GAIN), abs=3e-4
    )  # it backs off by the lead and no more
    gripper.command(0.03)
    gripper.run(3.0)
    assert gripper.ends[-1].message == "position reached"


def test_fingers_that_no_controller_relieves_back_off_before_the_servo_lets_go():
    gripper = Gripper(math.inf)
    bench = gripper.bench
    bench.faults.inject(StuckJoint(joint=JOINT))
    gripper.command(0.0)
    while bench.loop.state.session == "s1":
        gripper.run(0.01)
    bench.run(5.0)
    assert bench.mode() is Mode.ENABLED
    assert bench.servo(JOINT).registers[Role.HARDWARE_ERROR] == 0
    assert abs(bench.servo(JOINT).drive.motor.load) == pytest.approx(SHARE, abs=0.05)
    assert bench.loop.state.blocks == {}  # it may close on it again
