"""A process in Gazebo's place: the topics of ros_gz_bridge, each message 5 ms late, and MuJoCo for the physics.

It does what gz-sim's JointTrajectoryController and JointStatePublisher do, with the values of the generated
world. Lines on its standard input: `factor F` sets the real-time factor (0 pauses), `reset` begins the world
anew. It ends with its input.
"""

from __future__ import annotations

import argparse
import math
import sys
import threading
import time
import xml.etree.ElementTree as ElementTree
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import rclpy
from builtin_interfaces.msg import Time
from rclpy.signals import SignalHandlerOptions
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory

from armature.core.model.arm import ArmModel
from armature.core.model.urdf import read_urdf
from armature.dynamixel.wiring.arm import Wiring
from armature.emulator.physics.mujoco_plant import MujocoPlant
from armature.emulator.servo.motor import rotor_inertia

LATE = 0.005  # [s] each way
STEP = 0.001  # [s]
PUBLISH = 8  # steps from one state, and one tick of the clock, to the next
MOMENT = 0.002  # [s] between looks


@dataclass
class Control:
    """One joint of the JointTrajectoryController."""

    joint: str
    start: float
    stiffness: float
    bound: float
    damping: float
    position: float = math.nan
    velocity: float = 0.0
    effort: float = 0.0

    def force(self, position: float, velocity: float) -> float:
        """Its two PIDs and the effort."""
        spring = _answer(self.stiffness, self.position - position, self.bound)
        return spring + _answer(self.damping, self.velocity - velocity, math.inf) + self.effort


def _answer(gain: float, error: float, bound: float) -> float:
    """Of gz-math's PID::Update, which has nothing to say to NaN."""
    return 0.0 if math.isnan(error) else min(bound, max(-bound, gain * error))


class World:
    """The physics, and what the controllers of the world do."""

    def __init__(self, wiring: Wiring, arm: ArmModel, sdf: ElementTree.Element) -> None:
        self.arm = arm
        self.rotors = {entry.joint: rotor_inertia(entry.model) * entry.reduction**2 for entry in wiring.servos}
        plugins = {plugin.get("filename"): plugin for plugin in sdf.iter("plugin")}
        states = plugins["gz-sim-joint-state-publisher-system"]
        commands = plugins["gz-sim-joint-trajectory-controller-system"]
        self.state_topic, self.command_topic = states.findtext("topic", ""), commands.findtext("topic", "")
        self.published = [name.text for name in states.findall("joint_name")]
        columns = [
            [element.text for element in commands.findall(tag)]
            for tag in ("joint_name", "initial_position", "position_p_gain", "position_cmd_max", "velocity_p_gain")
        ]
        self.controls = [Control(row[0], *map(float, row[1:])) for row in zip(*columns, strict=True)]
        own = {
            joint.get("name"): joint.find("dynamics") for joint in ElementTree.fromstring(arm.urdf).iter("joint")
        }
        for control in self.controls:  # what the joint has beyond the URDF, which MuJoCo knows
            damping = float(sdf.find(f".//joint[@name='{control.joint}']/axis/dynamics/damping").text)
            control.damping += damping - float(own[control.joint].get("damping", "0"))
        self.reset()

    def reset(self) -> None:
        for control in self.controls:
            control.position, control.velocity, control.effort = control.start, 0.0, 0.0
        start = {control.joint: control.start for control in self.controls if control.joint in self.rotors}
        self.plant = MujocoPlant(self.arm, self.rotors, start)
        self.time = 0.0

    def command(self, message: JointTrajectory) -> None:
        point = message.points[0]
        targets = zip(message.joint_names, point.positions, point.velocities, point.effort, strict=True)
        for joint, *target in targets:
            control = next(each for each in self.controls if each.joint == joint)
            control.position, control.velocity, control.effort = target

    def state(self) -> tuple[list[float], list[float]]:
        """Positions and velocities of the controlled joints."""
        states = zip(self.plant.positions, self.plant.velocities, strict=True)
        leaders = dict(zip(self.plant.joints, states, strict=True))
        followed = [self._follow(control.joint, leaders) for control in self.controls]
        return [position for position, _ in followed], [velocity for _, velocity in followed]

    def step(self) -> None:
        forces = dict.fromkeys(self.plant.joints, 0.0)
        for control, position, velocity in zip(self.controls, *self.state(), strict=True):
            mimic = self.arm.joint(control.joint).mimic
            leader, factor = (mimic.joint, mimic.multiplier) if mimic else (control.joint, 1.0)
            forces[leader] += factor * control.force(position, velocity)
        self.plant.step(STEP, list(forces.values()))
        self.time += STEP

    def _follow(self, joint, leaders):
        mimic = self.arm.joint(joint).mimic
        if mimic is None:
            return leaders[joint]
        position, velocity = leaders[mimic.joint]
        return mimic.multiplier * position + mimic.offset, mimic.multiplier * velocity


class Late:
    """Hands things on after a while."""

    def __init__(self, hand_on) -> None:
        self.hand_on = hand_on
        self.waiting = deque()

    def put(self, item) -> None:
        self.waiting.append((time.monotonic() + LATE, item))

    def pump(self) -> None:
        while self.waiting and self.waiting[0][0] <= time.monotonic():
            self.hand_on(self.waiting.popleft()[1])


class Server:
    """The world in time, and its topics."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.factor = 1.0
        self.is_over = False
        self.orders: deque[list[str]] = deque()
        self.node = rclpy.create_node("gazebo_stand_in")
        states = self.node.create_publisher(JointState, world.state_topic, 10)
        clock = self.node.create_publisher(Clock, "/clock", 10)
        self.states, self.clock, self.commands = Late(states.publish), Late(clock.publish), Late(world.command)
        self.subscription = self.node.create_subscription(JointTrajectory, world.command_topic, lambda _: None, 10)

    def run(self) -> None:
        behind, last, steps = 0.0, time.monotonic(), 0
        while not self.is_over:
            time.sleep(MOMENT if self.factor else 5 * MOMENT)
            self.obey()
            now = time.monotonic()
            behind, last = min(0.1, behind + (now - last) * self.factor), now
            while behind >= STEP:
                self.world.step()
                behind -= STEP
                steps += 1
                if steps % PUBLISH == 0:
                    self.publish()
            if not self.factor:  # as Gazebo does
                self.publish()
            for line in (self.states, self.clock, self.commands):
                line.pump()

    def obey(self) -> None:
        with self.subscription.handle:
            while (taken := self.subscription.handle.take_message(JointTrajectory, False)) is not None:
                self.commands.put(taken[0])
        while self.orders:
            order, *values = self.orders.popleft()
            if order == "factor":
                self.factor = float(values[0])
            elif order == "reset":
                self.world.reset()

    def publish(self) -> None:
        positions, velocities = self.world.state()
        state = JointState(name=self.world.published, position=positions, velocity=velocities)
        state.header.stamp = self.stamp()
        self.states.put(state)
        self.clock.put(Clock(clock=state.header.stamp))

    def stamp(self) -> Time:
        return Time(sec=int(self.world.time), nanosec=int(self.world.time % 1.0 * 1e9))


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("--urdf", "--wiring", "--world"):
        parser.add_argument(name, type=Path, required=True)
    options = parser.parse_args()
    arm = read_urdf(options.urdf.read_text("utf-8"))
    wiring = Wiring.from_yaml(options.wiring.read_text("utf-8"), arm)
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    server = Server(World(wiring, arm, ElementTree.parse(options.world).getroot()))

    def listen() -> None:
        for line in sys.stdin:
            server.orders.append(line.split())
        server.is_over = True

    threading.Thread(target=listen, daemon=True).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    server.run()


if __name__ == "__main__":
    main()
