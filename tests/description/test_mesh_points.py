from __future__ import annotations

import re
from zipfile import ZipFile

import numpy as np
import pytest

from armature.description import mesh_points
from armature.description.mesh_points import read_points

from .solids import CORNERS, ascii_stl, binary_stl, dae, obj


def ends(points):
    return [*points.min(axis=0), *points.max(axis=0)]


BOX = ends(CORNERS)


@pytest.mark.parametrize(
    ("write", "name"),
    [(binary_stl, "box.stl"), (binary_stl, "BOX.STL"), (ascii_stl, "box.stl"), (obj, "box.obj"), (dae, "box.dae")],
)
def test_the_corners_of_every_format_are_read(tmp_path, write, name):
    assert ends(read_points(write(tmp_path / name))) == pytest.approx(BOX)


def test_collada_is_read_in_metres_as_its_nodes_place_it_and_its_up_axis_is_left_out(tmp_path):
    points = read_points(dae(tmp_path / "box.dae", unit=0.01, up="Z_UP", move="10 0 0"))
    assert ends(points) == pytest.approx([0.09, -0.02, -0.03, 0.11, 0.02, 0.03])


@pytest.mark.parametrize("name", ["box.stl", "box.obj", "box.dae"])
@pytest.mark.parametrize("content", [b"", b"nonsense", b"\0" * 84, bytes(range(256)) * 9])
def test_a_damaged_file_is_told_in_one_line(tmp_path, name, content):
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(ValueError, match="export it again") as error:
        read_points(file)
    assert "\n" not in str(error.value)


def test_a_truncated_file_is_told(tmp_path):
    file = binary_stl(tmp_path / "box.stl")
    file.write_bytes(file.read_bytes()[:-60])
    with pytest.raises(ValueError, match="export it again"):
        read_points(file)


def test_coordinates_that_are_no_numbers_are_told(tmp_path):
    corners = CORNERS.copy()
    corners[3, 1] = np.nan
    with pytest.raises(ValueError, match="no numbers"):
        read_points(binary_stl(tmp_path / "box.stl", corners))


def test_an_unknown_format_is_answered_with_those_there_are(tmp_path):
    (tmp_path / "box.step").touch()
    with pytest.raises(ValueError, match=r"formats of meshes are \.stl, \.obj, \.dae"):
        read_points(tmp_path / "box.step")


def test_a_file_whose_text_is_in_another_encoding_or_that_is_cut_off_is_told_in_words(tmp_path):
    (tmp_path / "a.stl").write_bytes(b"solid Ger\xe4t\nfacet normal 0 0 1\n")
    with pytest.raises(ValueError, match=r"as \.stl \(it is cut off, or its text is not in UTF-8\)"):
        read_points(tmp_path / "a.stl")


def test_an_archive_in_place_of_a_collada_file_is_not_unpacked(tmp_path):
    with ZipFile(tmp_path / "box.dae", "w") as archive:
        archive.writestr("box.dae", " " * 1000)
    with pytest.raises(ValueError, match="it is an archive: unpack it"):
        read_points(tmp_path / "box.dae")


def test_entities_of_a_collada_file_are_refused(tmp_path):
    file = dae(tmp_path / "box.dae")
    text = file.read_text("utf-8")
    head, start, rest = text.partition("<COLLADA")
    file.write_text(f'{head}<!DOCTYPE COLLADA [<!ENTITY a SYSTEM "file:///dev/zero">]>{start}{rest}', "utf-8")
    with pytest.raises(ValueError, match="entities are not read"):
        read_points(file)


def test_nodes_that_repeat_a_shape_without_end_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(mesh_points, "_MOST_CORNERS", 1000)
    file = dae(tmp_path / "box.dae")
    text = file.read_text("utf-8")
    shape = re.search(r"<instance_geometry .*?(?:/>|</instance_geometry>)", text, re.DOTALL)[0]
    nodes = f'<node id="n0">{shape}</node>' + "".join(
        f'<node id="n{number}">{f"""<instance_node url="#n{number - 1}"/>""" * 2}</node>'
        for number in range(1, 20)
    )
    text = text.replace(shape, '<instance_node url="#n19"/>')
    text = text.replace(
        "<library_visual_scenes>", f"<library_nodes>{nodes}</library_nodes><library_visual_scenes>"
    )
    file.write_text(text, "utf-8")
    with pytest.raises(ValueError, match="its nodes repeat its shapes to more than 1,000 corners"):
        read_points(file)
