"""A world for Gazebo: the arm of a URDF with Gazebo's own joint systems, a floor and a sun.

Of Gazebo's joint systems the JointTrajectoryController is the one: one message commands all joints at once,
and its force is that of a PID on the position, of one on the velocity, and the effort in the message. So
damping acts on the measured velocity, not on the steps of the command as the D term of a
JointPositionController does, and a joint whose position and velocity are commanded as NaN gets its effort
alone: gz-math's PID::Update answers NaN with 0. Two systems on one joint would overwrite each other's force.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from dataclasses import replace
from xml.etree.ElementTree import Element

from armature.core.model.arm import ArmModel
from armature.core.model.xml_text import parse
from armature.dynamixel.wiring.arm import Wiring
from armature.emulator.physics.sdf import add_frame, add_joint, add_link, child, colours_of, text
from armature.emulator.servo.actuator import Actuator, actuators
from armature.errors import ConfigError

# Of Gazebo and of ROS, both in the arm's namespace; config/gazebo_bridge.yaml maps one to the other.
STATES_TOPIC = "gazebo/joint_states"
COMMANDS_TOPIC = "gazebo/joint_trajectory"
# Of Gazebo's physics [s]. Each step is a /clock message to each node, and costs a Python one 0.3 ms.
STEP = 0.004
RATE = 125.0  # of joint states and commands, in simulated time [Hz]
_PREFIX = "gz::sim::systems::"
_FOOT = "foot"  # the joint that holds the arm


def gazebo_world(arm: ArmModel, wiring: Wiring, start: Mapping[str, float], namespace: str = "") -> str:
    """Write the world.

    Args:
        arm: the model of the URDF.
        wiring: its servos, whose stiffness and damping Gazebo's controller gets.
        start: where the joints are held until the first command [rad] or [m].
        namespace: of the arm, where there are several.

    Returns:
        A world in SDF 1.9.

    Raises:
        ConfigError: the URDF has a moving link without inertia, or a shape without geometry.
    """
    root = Element("sdf", version="1.9")
    world = child(root, "world", name="armature")
    physics = child(world, "physics", name="steps", type="ignored")
    child(physics, "max_step_size", text(STEP))
    child(physics, "real_time_factor", "1")
    _plugin(world, "physics", "Physics")
    _plugin(world, "user-commands", "UserCommands")
    _plugin(world, "scene-broadcaster", "SceneBroadcaster")
    _add_sun(world)
    _add_floor(world)
    _add_arm(world, arm, actuators(arm, wiring), start, namespace.strip("/"))
    ElementTree.indent(root)
    return ElementTree.tostring(root, "unicode", xml_declaration=True) + "\n"


def _plugin(parent: Element, file: str, name: str) -> Element:
    # Fortress knows its systems by these names too.
    return child(parent, "plugin", filename=f"gz-sim-{file}-system", name=_PREFIX + name)


def _add_sun(world: Element) -> None:
    sun = child(world, "light", name="sun", type="directional")
    child(sun, "pose", "0 0 10 0 0 0")
    child(sun, "cast_shadows", "true")
    child(sun, "direction", "-0.5 0.1 -0.9")


def _add_floor(world: Element) -> None:
    floor = child(world, "model", name="floor")
    child(floor, "static", "true")
    link = child(floor, "link", name="floor")
    for kind in ("collision", "visual"):
        plane = child(child(child(link, kind, name=kind), "geometry"), "plane")
        child(plane, "normal", "0 0 1")
        child(plane, "size", "4 4")


def _add_arm(
    world: Element,
    arm: ArmModel,
    driven: tuple[Actuator, ...],
    start: Mapping[str, float],
    namespace: str,
) -> None:
    model = child(world, "model", name=namespace or arm.name)
    foot = child(model, "joint", name=_FOOT, type="fixed")
    child(foot, "parent", "world")
    robot, named = _distinct(parse(arm.urdf), arm)
    child(foot, "child", named.root)
    _add_bodies(model, robot, named, {actuator.joint: actuator for actuator in driven})
    prefix = f"/{namespace}/" if namespace else "/"
    states = _plugin(model, "joint-state-publisher", "JointStatePublisher")
    child(states, "topic", prefix + STATES_TOPIC)
    child(states, "update_rate", text(RATE))
    commands = _plugin(model, "joint-trajectory-controller", "JointTrajectoryController")
    child(commands, "topic", prefix + COMMANDS_TOPIC)
    for actuator in driven:
        child(states, "joint_name", actuator.joint)
        slides = arm.joint(actuator.joint).kind == "prismatic"
        _add_control(commands, actuator, start[actuator.leader], slides)


def _distinct(robot: Element, arm: ArmModel) -> tuple[Element, ArmModel]:
    """The arm with other names for links that are called as a joint: in SDF, unlike URDF, all names differ."""
    joints, names = {joint.name for joint in arm.joints} | {_FOOT}, {}
    links = {link.get("name", ""): link for link in robot.findall("link")}
    for own, link in links.items():
        names[own] = own
        while names[own] in joints or (names[own] != own and names[own] in links):
            names[own] += "_link"
        link.set("name", names[own])
    renamed = (replace(joint, parent=names[joint.parent], child=names[joint.child]) for joint in arm.joints)
    return robot, replace(arm, root=names[arm.root], joints=tuple(renamed))


def _add_bodies(model: Element, robot: Element, arm: ArmModel, driven: Mapping[str, Actuator]) -> None:
    colours = colours_of(robot)
    dynamics = {joint.get("name"): joint.find("dynamics") for joint in robot.findall("joint")}
    above = {joint.child: joint for joint in arm.joints}
    for link in robot.findall("link"):
        joint = above.get(link.get("name", ""))
        actuator = driven.get(joint.name) if joint else None
        slides = joint is not None and joint.kind == "prismatic"
        if joint is not None and link.find("inertial") is None:
            if joint.kind != "fixed":
                raise ConfigError(
                    f"link {joint.child}: inertial", None, "every moving link needs mass and inertia"
                )
            add_frame(model, joint.child, joint)
            continue
        # A rotor cannot be given to a link that slides: there its inertia would be a mass, and would weigh.
        add_link(model, link, colours, joint, actuator.rotor if actuator and not slides else 0.0)
        if joint is not None:
            friction, damping = (_number(dynamics[joint.name], key) for key in ("friction", "damping"))
            add_joint(model, joint, friction, damping + (actuator.law.damping if actuator and slides else 0.0))


def _number(element: Element | None, key: str) -> float:
    return 0.0 if element is None else float(element.get(key, "0"))


def _add_control(controller: Element, actuator: Actuator, start: float, slides: bool) -> None:
    """One joint of the controller; a sliding one has its damping in the joint, where physics treats it stably."""
    values = {
        "initial_position": actuator.factor * start + actuator.offset,
        "position_p_gain": actuator.law.stiffness,
        "position_cmd_min": -actuator.effort,
        "position_cmd_max": actuator.effort,
        "velocity_p_gain": 0.0 if slides else actuator.law.damping,
    }
    child(controller, "joint_name", actuator.joint)
    for key, value in values.items():
        child(controller, key, text(value))
