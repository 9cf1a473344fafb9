"""Meshes as files, assembled by hand, and URDFs that name them."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

# A box of 2 m × 4 m × 6 m around the origin, and its twelve triangles.
CORNERS = np.array([[x, y, z] for x in (-1, 1) for y in (-2, 2) for z in (-3, 3)], dtype=float)
_SIDES = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
FACES = [face for a, b, c, d in _SIDES for face in ((a, b, c), (a, c, d))]


def binary_stl(file: Path, corners=CORNERS, faces=FACES) -> Path:
    records = b"".join(struct.pack("<12fH", 0, 0, 0, *np.ravel([corners[i] for i in face]), 0) for face in faces)
    file.write_bytes(b"solid, though it is binary".ljust(80) + struct.pack("<I", len(faces)) + records)
    return file


def ascii_stl(file: Path) -> Path:
    lines = ["solid box"]
    for face in FACES:
        vertices = "".join("vertex {} {} {}\n".format(*CORNERS[i]) for i in face)
        lines.append(f"facet normal 0 0 1\nouter loop\n{vertices}endloop\nendfacet")
    file.write_text("\n".join([*lines, "endsolid box\n"]))
    return file


def obj(file: Path, more: str = "") -> Path:
    lines = ["v {} {} {}".format(*corner) for corner in CORNERS]
    lines += ["f {} {} {}".format(*(i + 1 for i in face)) for face in FACES]
    file.write_text(more + "\n".join(lines) + "\n")
    return file


def dae(file: Path, unit: float = 1.0, up: str = "Y_UP", move: str = "0 0 0", image: str = "") -> Path:
    numbers = " ".join(str(value) for value in CORNERS.ravel())
    triangles = " ".join(str(i) for face in FACES for i in face)
    images = (
        f'<library_images><image id="i"><init_from>{image}</init_from></image></library_images>' if image else ""
    )
    file.write_text(
        f"""<?xml version="1.0"?>
<COLLADA xmlns="http://www.collada.org/2005/11/COLLADASchema" version="1.4.1">
<asset><unit meter="{unit}"/><up_axis>{up}</up_axis></asset>{images}
<library_geometries><geometry id="box"><mesh>
<source id="p"><float_array id="a" count="24">{numbers}</float_array><technique_common>
<accessor source="#a" count="8" stride="3"><param name="X" type="float"/><param name="Y" type="float"/>
<param name="Z" type="float"/></accessor></technique_common></source>
<vertices id="v"><input semantic="POSITION" source="#p"/></vertices>
<triangles count="12"><input semantic="VERTEX" source="#v" offset="0"/><p>{triangles}</p></triangles>
</mesh></geometry></library_geometries>
<library_visual_scenes><visual_scene id="s"><node id="n"><translate>{move}</translate>
<instance_geometry url="#box"/></node></visual_scene></library_visual_scenes>
<scene><instance_visual_scene url="#s"/></scene></COLLADA>"""
    )
    return file


INERTIAL = '<inertial><mass value="1"/><inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial>'


def urdf(shape: str, links: tuple[str, str] = ("base", "arm")) -> str:
    """An arm of one joint, whose moving link has a shape."""
    return (
        f'<robot name="r"><link name="{links[0]}"/><link name="{links[1]}">{INERTIAL}{shape}</link>'
        f'<joint name="turn" type="revolute"><parent link="{links[0]}"/><child link="{links[1]}"/>'
        '<axis xyz="0 0 1"/><limit lower="-1" upper="1" velocity="1" effort="9"/></joint></robot>'
    )


def mesh(filename: str, scale: str = "1 1 1", kind: str = "collision") -> str:
    return f'<{kind}><geometry><mesh filename="{filename}" scale="{scale}"/></geometry></{kind}>'
