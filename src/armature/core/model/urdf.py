"""Reading a URDF: what of it the arm's model holds, and the errors in it."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ElementTree

from armature.core.model.arm import MOVING, ArmModel, Friction, Joint, Limit, Mimic
from armature.core.model.gripper import children_of, find_gripper
from armature.core.model.links import check_link, corrected, massless
from armature.core.model.numbers import PHYSICAL, numbers
from armature.core.model.xml_text import parse
from armature.errors import ConfigError, listed, named

_SINGLE = {
    "joint": ("parent", "child", "origin", "axis", "limit", "mimic", "dynamics"),
    "link": ("inertial", "inertial/mass", "inertial/inertia", "inertial/origin"),
}
_LIMIT_KEYS = ("lower", "upper", "velocity", "effort")


def read_urdf(text: str, source: str = "URDF") -> ArmModel:
    """Read a URDF.

    Args:
        text: the file's content.
        source: its name, for errors.

    Raises:
        ConfigError: not XML, not a URDF, a reversed limit, an unknown frame, a loop, a body that cannot be.
    """
    robot = parse(text, source)
    _check_single(robot, source)
    links = [_attribute(link, "name", source) for link in robot.findall("link")]
    joints = tuple(_read_joint(element, source) for element in robot.findall("joint"))
    _check_unique(links, f"{source}: link")
    _check_unique([joint.name for joint in joints], f"{source}: joint")
    root = _check_tree(links, joints, source)
    _check_mimics(joints, source)
    for link in robot.findall("link"):
        check_link(link, f"{source}: link {link.get('name')}")
    notes = _notes(robot, joints)
    gripper = find_gripper(joints)
    return ArmModel(robot.get("name", "robot"), root, joints, urdf=text, gripper=gripper, notes=notes)


def _check_single(robot: ElementTree.Element, source: str) -> None:
    """Refuse a second element where there may be one: readers of URDFs do not take the same."""
    if robot.find("link") is None:
        raise ConfigError(f"{source}: link", None, "a URDF has one link at least")
    for kind, children in _SINGLE.items():
        for element in robot.findall(kind):
            for tag in children:
                if len(element.findall(tag)) > 1:
                    where = f"{source}: {kind} {element.get('name')}"
                    raise ConfigError(where, f"<{tag}>", "it stands twice; leave one")


def _notes(robot: ElementTree.Element, joints: tuple[Joint, ...]) -> tuple[str, ...]:
    light = massless(robot, {joint.child: joint.parent if joint.kind == "fixed" else None for joint in joints})
    notes = {
        "the URDF gives no mass to {}: checks of gravity and torque take it for 0 kg": light,
        "no body has the moments of inertia of {}: the nearest possible ones are taken": corrected(robot),
    }
    return tuple(note.format(", ".join(links)) for note, links in notes.items() if links)


def _attribute(element: ElementTree.Element, name: str, where: str) -> str:
    value = element.get(name)
    if not value:
        raise ConfigError(where, value, f"<{element.tag}> needs the attribute {name!r}")
    return value


def _vector(
    joint: ElementTree.Element, tag: str, name: str, default: str, where: str
) -> tuple[float, float, float]:
    element = joint.find(tag)
    text = default if element is None else element.get(name, default)
    x, y, z = numbers(text, 3, f"{where}: {tag} {name}", PHYSICAL)
    return (x, y, z)


def _read_joint(element: ElementTree.Element, source: str) -> Joint:
    name = _attribute(element, "name", source)
    where = f"{source}: joint {name}"
    kind = _attribute(element, "type", where)
    if kind not in (*MOVING, "fixed"):
        raise ConfigError(f"{where}: type", kind, f"use one of {', '.join(MOVING)}, fixed")
    axis = _vector(element, "axis", "xyz", "1 0 0", where)
    length = math.hypot(*axis)
    if kind != "fixed" and length < 1e-9:
        raise ConfigError(f"{where}: axis", axis, "the axis must not be zero")
    unit = (axis[0] / length, axis[1] / length, axis[2] / length) if length else axis
    return Joint(
        name=name,
        kind=kind,
        parent=_link_of(element, "parent", where),
        child=_link_of(element, "child", where),
        xyz=_vector(element, "origin", "xyz", "0 0 0", where),
        rpy=_vector(element, "origin", "rpy", "0 0 0", where),
        axis=unit,
        limit=None if kind == "fixed" else _read_limit(element, kind, where),
        mimic=None if kind == "fixed" else _read_mimic(element, where),
        friction=_read_friction(element, where),
    )


def _link_of(joint: ElementTree.Element, tag: str, where: str) -> str:
    element = joint.find(tag)
    if element is None:
        raise ConfigError(where, None, f"a joint needs a <{tag} link=…/> element")
    return _attribute(element, "link", where)


def _read_limit(joint: ElementTree.Element, kind: str, where: str) -> Limit:
    """Bounds with URDF's defaults; velocity and effort are infinite where the URDF does not give them."""
    element = joint.find("limit")
    if element is None and kind != "continuous":
        raise ConfigError(f"{where}: limit", None, "a moving joint needs <limit lower upper velocity effort/>")
    given = {} if element is None else element.attrib
    at = {key: numbers(given.get(key, "0"), 1, f"{where}: limit {key}")[0] for key in _LIMIT_KEYS}
    lower, upper = (-math.inf, math.inf) if kind == "continuous" else (at["lower"], at["upper"])
    if lower >= upper and joint.find("mimic") is not None:  # bounded by its leader
        lower, upper = -math.inf, math.inf
    if lower >= upper:
        raise ConfigError(
            f"{where}: limit", (lower, upper), "lower must be less than upper; each is 0 where left out"
        )
    velocity, effort = at["velocity"], at["effort"]
    if velocity < 0.0 or effort < 0.0:
        raise ConfigError(
            f"{where}: limit", (velocity, effort), "velocity and effort must be > 0, or 0 for the servo's"
        )
    return Limit(lower, upper, velocity or math.inf, effort or math.inf)


def _read_friction(joint: ElementTree.Element, where: str) -> Friction:
    """Torques are computed with it, and a bound compared with NaN refuses nothing."""
    given = {"friction": 0.0, "damping": 0.0}
    for element in joint.findall("dynamics"):
        for name in given:
            text = element.get(name, "0")
            given[name] = numbers(text, 1, f"{where}: dynamics {name}", PHYSICAL)[0]
            if given[name] < 0.0:
                raise ConfigError(f"{where}: dynamics {name}", text, "it is at least 0")
    return Friction(given["friction"], given["damping"])


def _read_mimic(joint: ElementTree.Element, where: str) -> Mimic | None:
    element = joint.find("mimic")
    if element is None:
        return None
    return Mimic(
        joint=_attribute(element, "joint", where),
        multiplier=numbers(element.get("multiplier", "1"), 1, f"{where}: mimic multiplier", PHYSICAL)[0],
        offset=numbers(element.get("offset", "0"), 1, f"{where}: mimic offset", PHYSICAL)[0],
    )


def _check_unique(names: list[str], where: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ConfigError(where, name, "each name may stand once")
        seen.add(name)


def _check_tree(links: list[str], joints: tuple[Joint, ...], source: str) -> str:
    known = set(links)
    for joint in joints:
        for link in (joint.parent, joint.child):
            if link not in known:
                raise ConfigError(f"{source}: joint {joint.name}", link, listed("links", links))
    _check_unique([joint.child for joint in joints], f"{source}: child link")
    children = {joint.child for joint in joints}
    roots = [link for link in links if link not in children]
    if len(roots) != 1:
        raise ConfigError(f"{source}: root links", roots, "a URDF is one tree with one root")
    lost = known - _reached(roots[0], joints)
    if lost:
        raise ConfigError(f"{source}: links", sorted(lost), f"they must hang on {named(roots[0])}, not on a loop")
    return roots[0]


def _reached(root: str, joints: tuple[Joint, ...]) -> set[str]:
    carried = children_of(joints)
    reached = [root]
    for link in reached:  # which grows meanwhile
        reached += [joint.child for joint in carried.get(link, ())]
    return set(reached)


def _check_mimics(joints: tuple[Joint, ...], source: str) -> None:
    driven = {joint.name for joint in joints if joint.is_driven}
    for joint in joints:
        if joint.mimic is not None and joint.mimic.joint not in driven:
            raise ConfigError(
                f"{source}: joint {joint.name}: mimic",
                joint.mimic.joint,
                listed("driven joints", sorted(driven)),
            )
