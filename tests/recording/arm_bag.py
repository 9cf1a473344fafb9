"""A bag of a moving arm with a known lag, sag, gap and fault; messages serialised by rosbags."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from rosbags.typesys import Stores, get_typestore

from armature.recording.bag.bag import BagWriter
from armature.recording.bag.topic import Message, Qos, Topic

from .samples import START

STORE = get_typestore(Stores.ROS2_JAZZY)
TYPES = STORE.types
LAG, SAG, END = 0.06, 0.004, 12.0  # [s], [rad], [s]
GAP = (7.0, 7.3)  # [s]
LATCHED = Qos(durability="transient_local", depth=1)
URDF = """<robot name="two"><link name="base_link"/><link name="a"/><link name="b"/>
<joint name="elbow" type="revolute"><parent link="base_link"/><child link="a"/><axis xyz="0 0 1"/>
<limit lower="-2" upper="2" velocity="2" effort="5"/></joint>
<joint name="gripper" type="prismatic"><parent link="a"/><child link="b"/><axis xyz="1 0 0"/>
<limit lower="0" upper="0.1" velocity="1" effort="5"/></joint></robot>"""


def target(time: float) -> float:
    """Where the elbow shall be [rad]; the gripper is 0.04 times as far [m]."""
    return 0.6 * math.sin(1.1 * max(0.0, time - 1.0)) ** 2


def stamp(time: float) -> object:
    nanoseconds = START + round(time * 1e9)
    return TYPES["builtin_interfaces/msg/Time"](nanoseconds // 10**9, nanoseconds % 10**9)


def joint_state(time: float, names: list[str], positions: list[float]) -> object:
    header = TYPES["std_msgs/msg/Header"](stamp(time), "")
    empty = np.zeros(0)
    return TYPES["sensor_msgs/msg/JointState"](header, names, np.array(positions), empty, empty)


def status(name: str, level: int, message: str, **values: str) -> object:
    pairs = [TYPES["diagnostic_msgs/msg/KeyValue"](key, value) for key, value in values.items()]
    return TYPES["diagnostic_msgs/msg/DiagnosticStatus"](level, name, message, "", pairs)


class ArmBag:
    """Writes messages at times since the start [s]."""

    def __init__(self, folder: Path, prefix: str = "") -> None:
        self.writer = BagWriter(folder)
        self.prefix = prefix

    def put(self, name: str, time: float, message: object, *, qos: Qos | None = None, age: float = 0.0) -> None:
        kind = message.__msgtype__
        schema, _ = STORE.generate_msgdef(kind, ros_version=2)
        topic = Topic(self.prefix + name, kind, schema, STORE.hash_rihs01(kind), qos or Qos())
        self.writer.add_topic(topic)
        log = START + round(time * 1e9)
        data = bytes(STORE.serialize_cdr(message, kind))
        self.writer.write(Message(topic.name, log, log - round(age * 1e9), data))

    def state(self, time: float, state: str, torque: str, why: str = "") -> None:
        message = status("servo_interface", 2 if state == "FAULT" else 0, state, torque=torque, why=why)
        self.put("/servo_interface/state", time, message, qos=LATCHED)

    def diagnostics(self, time: float, *statuses: object) -> None:
        header = TYPES["std_msgs/msg/Header"](stamp(time), "")
        self.put("/diagnostics", time, TYPES["diagnostic_msgs/msg/DiagnosticArray"](header, list(statuses)))


def write_arm_bag(folder: Path) -> Path:
    """DISABLED until 0.5 s, then moving; a gap in the readings; an overload from 9 s on."""
    bag = ArmBag(folder)
    bag.put("/robot_description", 0.0, TYPES["std_msgs/msg/String"](URDF), qos=LATCHED)
    bag.state(0.0, "DISABLED", "off")
    bag.state(0.5, "HOLDING", "on")
    bag.state(1.0, "MOVING", "on")
    bag.diagnostics(5.0, status("servo_interface: elbow", 0, "ok"))
    bag.diagnostics(9.0, status("servo_interface: elbow", 2, "overload"))
    bag.state(9.0, "FAULT", "on", "elbow: overload")
    for time in np.arange(0.0, END, 0.01):
        if not GAP[0] < time < GAP[1]:
            elbow = target(time - LAG) - SAG
            bag.put("/joint_states", time, joint_state(time, ["elbow", "gripper"], [elbow, 0.04 * target(time)]))
    for time in np.arange(0.0, END, 0.05):
        # A limp arm commands nothing that counts: 1 rad away while torque is off.
        elbow = target(time) if time >= 0.5 else 1.0
        bag.put("/servo_interface/commanded", time, joint_state(time, ["elbow", "gripper"], [elbow, 0.04 * elbow]))
    bag.writer.close()
    return folder
