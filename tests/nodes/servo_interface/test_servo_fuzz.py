"""Random messages into every input of the servo interface: nothing breaks, nothing leaves its limits.

`make soak` sends 100,000 of them, `make test` one in a hundred. The messages go into the node's own callbacks in
this process; behind them are the bus process and the emulator as real processes.
"""

from __future__ import annotations

import math
import random

import pytest
import rclpy
from builtin_interfaces.msg import Duration, Time
from rclpy.experimental import EventsExecutor
from std_srvs.srv import SetBool, Trigger
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from armature.core.model.urdf import read_urdf
from armature.errors import ArmatureError
from armature.nodes.common.conversions import to_stamp
from armature.nodes.servo_interface.clock import SimulatedClock
from armature.nodes.servo_interface.node import ServoInterface

from ..emulated import JOINTS, POSES, SERVOS, URDF, emulator

pytestmark = [
    pytest.mark.soak,
    pytest.mark.timeout(180),
]
MESSAGES = 100_000
SERVICES_EVERY = 60
LIMITS = {j.name: j.limit for j in read_urdf(URDF.read_text("utf-8")).driven}
ODD_NUMBERS = (0.0, -0.0, math.nan, math.inf, -math.inf, 1e308, -1e308, 5e-324, math.pi, 1e6)
ODD_NAMES = ("", "waist", "knee", "waist\0", "é" * 40, "../elbow")
MARGIN = 0.021  # of the span; the loop allows for 0.02
FAST = 1.06  # of the velocity limit; the loop allows for 1.05
RAMP = 0.21  # what a stop may still gain while it takes its acceleration back [rad/s]


class Watched:
    """Every cycle of the bus, held against the limits."""

    def __init__(self):
        self.cycles = 0
        self.wrong = []

    def look(self, readings):
        self.cycles += 1
        for joint, axis in zip(JOINTS, readings.joints, strict=True):
            limit = LIMITS[joint]
            margin = MARGIN * (limit.upper - limit.lower)
            place, speed = axis.commanded_position, axis.commanded_velocity
            is_fast = abs(speed) > FAST * limit.velocity + RAMP
            if is_fast or not limit.lower - margin <= place <= limit.upper + margin:
                self.wrong.append((joint, place, speed))


class Fuzzed:
    """A servo interface in this process, and a stranger who sends it anything."""

    def __init__(self, node, chance):
        self.node, self.chance = node, chance
        self.parts = node._components
        self.watched = Watched()
        tell = self.parts.bus._on_cycle
        self.parts.bus._on_cycle = lambda readings: (self.watched.look(readings), tell(readings))
        self.executor = EventsExecutor()
        self.executor.add_node(node)
        self.answers = []

    def until(self, condition):
        for _ in range(2000):
            if condition():
                return
            self.executor.spin_once(timeout_sec=0.02)
        raise AssertionError(f"waited in vain; {self.parts.bus.status}")

    def number(self, usual=0.0, spread=1.0):
        odd = self.chance.random() < 0.1
        return self.chance.choice(ODD_NUMBERS) if odd else self.chance.gauss(usual, spread)

    def row(self, count):
        count = count if self.chance.random() < 0.9 else self.chance.randrange(9)
        return [self.number() for _ in range(count)]

    def stamp(self):
        if self.chance.random() < 0.7:
            now = self.node.get_clock().now().nanoseconds
            return to_stamp(max(0, now + int(self.chance.gauss(0.0, 2e8))))
        return Time(sec=self.chance.randrange(-(2**31), 2**31), nanosec=self.chance.randrange(2**32))

    def session(self):
        right = self.parts.bus.status.session
        return right if self.chance.random() < 0.8 else self.chance.choice(ODD_NAMES)

    def nonsense(self):
        """A set-point message of random content."""
        chance = self.chance
        known = chance.sample(JOINTS, chance.randrange(1, len(JOINTS) + 1))
        names = known if chance.random() < 0.8 else [*known, chance.choice(ODD_NAMES)]
        message = JointTrajectory(joint_names=names)
        message.header.stamp, message.header.frame_id = self.stamp(), self.session()
        at = 0
        for _ in range(chance.choice((0, 1, 2, 2, 3, 8, 40))):
            point = JointTrajectoryPoint(positions=self.row(len(names)))
            if chance.random() < 0.7:
                point.velocities = self.row(len(names))
            if chance.random() < 0.5:
                point.accelerations = self.row(len(names))
            if chance.random() < 0.02:
                point.effort = self.row(len(names))
            at += chance.choice((0, 1_000_000, 20_000_000, 300_000_000, -5_000_000))
            point.time_from_start = Duration(sec=chance.choice((0, 0, 0, 0, 2**31 - 1, -1)), nanosec=max(0, at))
            message.points.append(point)
        return message

    def plausible(self):
        """A short motion from where a joint is, ending at rest; some go beyond what is allowed."""
        readings = self.parts.bus.client.readings()
        index = self.chance.randrange(len(JOINTS))
        limit, begin = LIMITS[JOINTS[index]], readings.joints[index].commanded_position
        way = (
            self.chance.choice((0.02, 0.02, 0.3, 30.0))
            * self.chance.uniform(-1.0, 1.0)
            * (limit.upper - limit.lower)
        )
        message = JointTrajectory(joint_names=[JOINTS[index]])
        message.header.stamp = self.node.get_clock().now().to_msg()
        message.header.frame_id = self.session()
        for nanoseconds, place in ((0, begin), (self.chance.choice((50_000_000, 400_000_000)), begin + way)):
            point = JointTrajectoryPoint(positions=[place], velocities=[0.0], accelerations=[0.0])
            point.time_from_start = Duration(nanosec=nanoseconds)
            message.points.append(point)
        return message

    def ask(self, number):
        """Any service but those whose purpose is to let the arm fall."""
        names = [
            s._server.srv_name for s in self.parts.services._servers if "torque_off" not in s._server.srv_name
        ]
        servers = {server._server.srv_name: server for server in self.parts.services._servers}
        name = self.chance.choice(names) if self.chance.random() < 0.5 else names[0]
        server = servers[name]
        request = Trigger.Request()
        if server._kind is SetBool:
            request = SetBool.Request(data=name.endswith("/enable") or self.chance.random() < 0.5)
        self.answers.append((name, server._serve(request, None)))

    def release(self):
        """Get the arm going again, as a person would."""
        for name in ("protective_stop", "clear_faults", "enable"):
            server = next(s for s in self.parts.services._servers if s._server.srv_name.endswith(f"/{name}"))
            server._serve(
                SetBool.Request(data=name == "enable") if server._kind is SetBool else Trigger.Request(), None
            )


@pytest.fixture
def fuzzed(tmp_path, nothing_left):
    values = {"urdf": URDF, "wiring": SERVOS, "poses": POSES, "port": tmp_path / "bus", "state_folder": tmp_path}
    values |= {"latency": 0.03, "max_missed_reads": 40, "faults.bus_watchdog.time": 2.0}
    arguments = [word for name, value in values.items() for word in ("-p", f"{name}:={value}")]
    with emulator(tmp_path / "bus", pose="home"):
        rclpy.init(args=["--ros-args", *arguments])
        node = ServoInterface().start()
        fuzzed = Fuzzed(node, random.Random(8))
        try:
            yield fuzzed
        finally:
            child = node._components.bus.client.child
            fuzzed.executor.shutdown(0)
            node.destroy_node()
            child.terminate()
            child.wait(20.0)
            rclpy.shutdown()


@pytest.mark.process
def test_random_messages_neither_break_it_nor_move_the_arm_beyond_its_limits(fuzzed, soak):
    parts, count = fuzzed.parts, soak.count(MESSAGES)
    fuzzed.until(lambda: parts.bus.status.mode == "DISABLED")
    fuzzed.release()
    fuzzed.until(lambda: parts.bus.status.mode == "ENABLED")
    client = parts.bus.client
    child, serial = client.child, client._serial
    for number in range(count):
        before = parts.subscriptions.refused, parts.subscriptions.back_offs, client._serial
        parts.subscriptions.on_setpoints(fuzzed.nonsense() if number % 3 else fuzzed.plausible())
        after = parts.subscriptions.refused, parts.subscriptions.back_offs, client._serial
        assert sum(after) == sum(before) + 1, "neither refused nor handed on"
        assert parts.subscriptions.last_refusal or after[0] == 0
        if number % SERVICES_EVERY == 0:
            fuzzed.ask(number)
        if number % SERVICES_EVERY == SERVICES_EVERY // 2:
            fuzzed.release()
        fuzzed.executor.spin_once(timeout_sec=0.0)
        soak.show(number, count, "messages into the servo interface")
    fuzzed.until(lambda: all(future.done() for _, future in fuzzed.answers))
    assert child.poll() is None
    assert client._serial > serial, "nothing plausible was handed on"
    fuzzed.until(lambda: fuzzed.watched.cycles > 100)  # a quick machine has sent all within a second
    assert fuzzed.watched.wrong == []
    for name, future in fuzzed.answers:
        error = future.exception()
        assert isinstance(error, (ArmatureError, type(None))), name
        assert str(error or future.result()), f"{name} was answered without a word"
    refused = int(parts.bus.status.bus["refused_segments"])
    assert refused == 0 or parts.bus.status.bus["last_refusal"]


def test_a_clock_that_tells_anything_never_takes_the_loop_back(soak):
    chance = random.Random(5)
    clock, monotonic, loop_time = SimulatedClock(), 0.0, 0.0
    clock.attach(loop_time)
    for _ in range(soak.count(MESSAGES)):
        monotonic += chance.expovariate(100.0)
        simulated = chance.choice((monotonic, 0.2 * monotonic, chance.uniform(-1e9, 1e9), 0.0))
        now, jump = clock.tick(simulated, monotonic)
        assert loop_time <= now or now == pytest.approx(loop_time)
        assert now - loop_time < 1.0 or not jump
        loop_time = now
