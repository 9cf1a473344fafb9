"""A URDF's links and joints as SDF 1.9 elements, which all of Gazebo from Fortress on reads."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree.ElementTree import Element, SubElement

from armature.core.kinematics.kinematics import Vector, from_rpy, rotate
from armature.core.model.arm import Joint
from armature.errors import ConfigError

_ORIGIN = "0 0 0"


def text(value: float) -> str:
    """A number as SDF has it."""
    return f"{value:.9g}"


def child(parent: Element, tag: str, content: str = "", **attributes: str) -> Element:
    """Append an element."""
    element = SubElement(parent, tag, attributes)
    element.text = content or None
    return element


def pose(of: Element | None) -> str:
    """The pose that a URDF element's <origin> gives: SDF has the same six numbers [m, rad]."""
    origin = None if of is None else of.find("origin")
    if origin is None:
        return f"{_ORIGIN} {_ORIGIN}"
    return f"{origin.get('xyz', _ORIGIN)} {origin.get('rpy', _ORIGIN)}"


def add_link(model: Element, link: Element, colours: Mapping[str, str], joint: Joint | None, rotor: float) -> None:
    """Append a link with its inertia and shapes.

    Args:
        model: to which.
        link: of the URDF.
        colours: "r g b a" of the materials that the URDF names.
        joint: on which it hangs; None for the root.
        rotor: inertia of a rotor that turns it, to be added [kg·m²].
    """
    name = link.get("name", "")
    out = child(model, "link", name=name)
    if joint is not None:
        child(out, "pose", f"{_ORIGIN} {_ORIGIN}", relative_to=joint.name)
    inertial = link.find("inertial")
    if inertial is not None:
        _add_inertial(out, inertial, joint, rotor)
    for kind in ("collision", "visual"):
        for number, shape in enumerate(link.findall(kind)):
            _add_shape(out, shape, f"{name}_{kind}_{number}", colours)


def add_frame(model: Element, name: str, joint: Joint) -> None:
    """Append a link without mass as a frame: SDF would give it 1 kg."""
    frame = child(model, "frame", name=name, attached_to=joint.parent)
    child(frame, "pose", _place(joint))


def add_joint(model: Element, joint: Joint, friction: float, damping: float) -> None:
    """Append a joint.

    Args:
        model: to which.
        joint: of the URDF.
        friction: dry friction [N·m] or [N].
        damping: [N·m·s/rad] or [N·s/m].
    """
    out = child(model, "joint", name=joint.name, type=joint.kind)
    child(out, "pose", _place(joint), relative_to=joint.parent)
    child(out, "parent", joint.parent)
    child(out, "child", joint.child)
    if joint.limit is None:
        return
    axis = child(out, "axis")
    child(axis, "xyz", " ".join(map(text, joint.axis)))
    if joint.kind != "continuous":
        limit = child(axis, "limit")
        child(limit, "lower", text(joint.limit.lower))
        child(limit, "upper", text(joint.limit.upper))
    dynamics = child(axis, "dynamics")
    child(dynamics, "damping", text(damping))
    child(dynamics, "friction", text(friction))


def colours_of(robot: Element) -> dict[str, str]:
    """The colours "r g b a" of the materials that a URDF names."""
    colours = ((material.get("name", ""), material.find("color")) for material in robot.iter("material"))
    return {name: colour.get("rgba", "") for name, colour in colours if name and colour is not None}


def _place(joint: Joint) -> str:
    return " ".join(map(text, (*joint.xyz, *joint.rpy)))


def _add_inertial(link: Element, inertial: Element, joint: Joint | None, rotor: float) -> None:
    mass, inertia = inertial.find("mass"), inertial.find("inertia")
    if mass is None or inertia is None:
        raise ConfigError(f"link {link.get('name')}: inertial", None, "it needs <mass/> and <inertia/>")
    out = child(link, "inertial")
    child(out, "pose", pose(inertial))
    child(out, "mass", mass.get("value", ""))
    tensor = child(out, "inertia")
    moments = {key: float(inertia.get(key, "0")) for key in ("ixx", "ixy", "ixz", "iyy", "iyz", "izz")}
    if joint is not None and rotor:
        for key, moment in _disc(joint.axis, rotor, _angles(inertial)).items():
            moments[key] += moment
    for key, value in moments.items():
        child(tensor, key, text(value))


def _disc(axis: Vector, moment: float, rpy: Vector) -> dict[str, float]:
    """Inertia of a thin disc on an axis, in axes turned by rpy: a moment about it, half of that across.

    Nothing thinner exists: a body's moment about one axis never exceeds the sum of the other two.
    """
    x, y, z, w = from_rpy(rpy)
    along = dict(zip("xyz", rotate((-x, -y, -z, w), axis), strict=True))
    return {
        f"i{a}{b}": moment / 2.0 * (along[a] * along[b] + (a == b))
        for a, b in ("xx", "xy", "xz", "yy", "yz", "zz")
    }


def _angles(element: Element) -> Vector:
    roll, pitch, yaw = (float(part) for part in pose(element).split()[3:])
    return roll, pitch, yaw


def _add_shape(link: Element, shape: Element, name: str, colours: Mapping[str, str]) -> None:
    geometry = shape.find("geometry")
    if geometry is None or not len(geometry):
        raise ConfigError(f"{name}: geometry", None, "a shape needs a box, a cylinder, a sphere or a mesh")
    out = child(link, shape.tag, name=name)
    child(out, "pose", pose(shape))
    solid = geometry[0]
    into = child(child(out, "geometry"), solid.tag)
    for source, target in (("filename", "uri"), *((key, key) for key in ("size", "radius", "length", "scale"))):
        if source in solid.attrib:
            child(into, target, solid.attrib[source])
    material = shape.find("material")
    if material is not None and material.get("name") in colours:
        paint = child(out, "material")
        for light in ("ambient", "diffuse"):
            child(paint, light, colours[material.get("name", "")])
