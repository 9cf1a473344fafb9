"""A URDF as MuJoCo reads it: where every model that MuJoCo computes begins."""

from __future__ import annotations

import logging
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from copy import deepcopy
from typing import Any
from xml.etree.ElementTree import Element, SubElement

import mujoco
import numpy as np

from armature.core.model.arm import ArmModel
from armature.core.model.links import Mesh, matrix, mesh_of, read_inertial
from armature.core.model.xml_text import parse
from armature.errors import ConfigError

# Without this MuJoCo writes its warnings into a file of the working folder.
mujoco.set_mju_user_warning(logging.getLogger("mujoco").warning)

_WORLD = "world"  # MuJoCo's own body
# Links of a drawing without mass still have a place: MuJoCo wants some mass in what moves [kg], [kg·m²].
LEAST_MASS, LEAST_INERTIA = 1e-9, 1e-12
_OF_JOINT = ("origin", "axis", "limit", "dynamics", "mimic")


def read_spec(arm: ArmModel) -> Any:
    """The arm as a specification of MuJoCo's, to be completed and compiled.

    It has the URDF's links, joints and collision shapes, of meshes their hulls; its bodies are called as
    `body_names` says, and nothing else has a name.

    Raises:
        ConfigError: a mesh whose hull the model lacks.
        ValueError: MuJoCo cannot read it.
    """
    files = {hull.mesh: f"hull{number}.stl" for number, hull in enumerate(arm.hulls)}
    assets = {files[hull.mesh]: hull.stl for hull in arm.hulls}
    spec = mujoco.MjSpec.from_string(_description(arm, files), assets=assets)
    # Links without mass, such as tool0, stay bodies of their own, and the base is not the world.
    spec.compiler.fusestatic = False
    # A link without <inertial> has no mass: its shapes say nothing of it.
    spec.compiler.inertiafromgeom = mujoco.mjtInertiaFromGeom.mjINERTIAFROMGEOM_FALSE
    spec.compiler.boundmass, spec.compiler.boundinertia = LEAST_MASS, LEAST_INERTIA
    return spec


def empty_spec() -> Any:
    """A specification of MuJoCo's without anything."""
    return mujoco.MjSpec()


def body_names(arm: ArmModel) -> dict[str, str]:
    """MuJoCo's names of the links: their own, but for a link that is called as MuJoCo's own body."""
    links = (arm.root, *(joint.child for joint in arm.joints))
    other = _WORLD
    while other in links:
        other = f"link {other}"
    return {link: other if link == _WORLD else link for link in links}


def _description(arm: ArmModel, files: Mapping[Mesh, str]) -> str:
    """What of the URDF MuJoCo needs."""
    robot, names = parse(arm.urdf), body_names(arm)
    out = Element("robot", name="arm")
    for link in robot.findall("link"):
        name = link.get("name", "")
        body = SubElement(out, "link", name=names[name])
        _add_inertial(body, link)
        for collision in link.findall("collision"):
            _add_collision(body, collision, files, name)
    for joint in robot.findall("joint"):
        _add_joint(out, joint, names)
    return ElementTree.tostring(out, "unicode")


def _add_inertial(body: Element, link: Element) -> None:
    inertial = read_inertial(link, "")
    if inertial is None:
        return
    out = SubElement(body, "inertial")
    out.extend(deepcopy(origin) for origin in link.findall("inertial/origin"))
    SubElement(out, "mass", value=repr(inertial.mass))
    moments = _possible(matrix(inertial.tensor))
    pairs = ((a, b) for a in range(3) for b in range(a, 3))
    SubElement(out, "inertia", {f"i{'xyz'[a]}{'xyz'[b]}": repr(float(moments[a, b])) for a, b in pairs})


def _possible(tensor: np.ndarray) -> np.ndarray:
    """The nearest moments that a body can have: files round theirs, and MuJoCo takes them at their word."""
    moments, axes = np.linalg.eigh(tensor)
    moments = np.maximum(moments, LEAST_INERTIA)
    lacking = moments[2] * (1.0 + 1e-9) - moments[0] - moments[1]
    if lacking > 0.0:
        moments[:2] += lacking / 2.0
    possible: np.ndarray = axes @ np.diag(moments) @ axes.T
    return possible


def _add_collision(body: Element, collision: Element, files: Mapping[Mesh, str], link: str) -> None:
    out = SubElement(body, "collision")
    out.extend(deepcopy(part) for part in collision if part.tag in ("origin", "geometry"))
    for element in out.iterfind("geometry/mesh"):
        mesh = mesh_of(element, f"link {link}")
        if mesh not in files:
            raise ConfigError(
                f"link {link}: mesh",
                mesh.filename,
                "MuJoCo must be able to read it, and its file was not read with the URDF",
            )
        element.attrib.clear()
        element.set("filename", files[mesh])


def _add_joint(out: Element, joint: Element, names: Mapping[str, str]) -> None:
    copy = SubElement(out, "joint", name=joint.get("name", ""), type=joint.get("type", ""))
    for end in ("parent", "child"):
        copy.extend(Element(end, link=names[element.get("link", "")]) for element in joint.findall(end))
    copy.extend(deepcopy(part) for part in joint if part.tag in _OF_JOINT)
    for limit in copy.findall("limit"):  # with URDF's defaults, which MuJoCo does not know
        lower, upper = limit.get("lower", "0"), limit.get("upper", "0")
        if float(lower) >= float(upper):  # of a joint that only its leader bounds
            copy.remove(limit)
        limit.attrib.update(lower=lower, upper=upper)
