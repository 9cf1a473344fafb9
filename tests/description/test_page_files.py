from __future__ import annotations

import pytest

from armature.core.model.urdf import read_urdf
from armature.description.page_files import page_files

from .solids import binary_stl, dae, mesh, obj, urdf


@pytest.fixture
def found(tmp_path):
    (tmp_path / "robot").mkdir()
    (tmp_path / "secret.png").touch()
    return lambda text: page_files(read_urdf(text), tmp_path / "robot" / "r.urdf")


def test_a_mesh_is_served_with_the_images_that_it_names(tmp_path, found):
    (tmp_path / "robot" / "skin.png").touch()
    dae(tmp_path / "robot" / "arm.dae", image="./skin.png")
    files, missing = found(urdf(mesh("arm.dae", kind="visual")))
    assert {name: list(names) for name, names in files.items()} == {"arm.dae": ["arm.dae", "skin.png"]}
    assert missing == {}


def test_an_obj_is_served_with_its_materials_and_their_images(tmp_path, found):
    obj(tmp_path / "robot" / "arm.obj", "mtllib arm.mtl\n")
    (tmp_path / "robot" / "arm.mtl").write_text("newmtl a\nmap_Kd -s 1 1 1 wood.jpg\n")
    (tmp_path / "robot" / "wood.jpg").touch()
    files, _ = found(urdf(mesh("arm.obj", kind="visual")))
    assert list(files["arm.obj"]) == ["arm.obj", "arm.mtl", "wood.jpg"]


def test_materials_that_name_themselves_are_served_once(tmp_path, found):
    obj(tmp_path / "robot" / "arm.obj", "mtllib arm.mtl\n")
    (tmp_path / "robot" / "arm.mtl").write_text("map_Kd arm.mtl\n")
    files, _ = found(urdf(mesh("arm.obj", kind="visual")))
    assert list(files["arm.obj"]) == ["arm.obj", "arm.mtl"]


@pytest.mark.timeout(10)
@pytest.mark.parametrize("content", ["\n" * 300_000 + "v", "mtllib a" + " " * 300_000 + "b.mtl"])
def test_a_mesh_full_of_blanks_is_read_at_once(tmp_path, found, content):
    (tmp_path / "robot" / "arm.obj").write_text(content)
    assert list(found(urdf(mesh("arm.obj", kind="visual")))[0]["arm.obj"]) == ["arm.obj"]


@pytest.mark.timeout(10)
def test_a_collada_file_full_of_blanks_is_read_at_once(tmp_path, found):
    (tmp_path / "robot" / "arm.dae").write_text("<init_from>" + " " * 300_000)
    assert list(found(urdf(mesh("arm.dae", kind="visual")))[0]["arm.dae"]) == ["arm.dae"]


@pytest.mark.parametrize("image", ["../secret.png", "/etc/hostname", "link.png", "r.urdf", "none.png"])
def test_nothing_outside_of_the_meshs_folder_and_no_other_file_is_served(tmp_path, found, image):
    (tmp_path / "robot" / "link.png").symlink_to(tmp_path / "secret.png")
    (tmp_path / "robot" / "r.urdf").touch()
    dae(tmp_path / "robot" / "arm.dae", image=image)
    files, _ = found(urdf(mesh("arm.dae", kind="visual")))
    assert list(files["arm.dae"]) == ["arm.dae"]


def test_a_mesh_that_is_not_there_or_is_none_is_named_with_the_reason(tmp_path, found):
    (tmp_path / "robot" / "notes.txt").touch()
    shapes = mesh("none.stl", kind="visual") + mesh("notes.txt", kind="visual")
    files, missing = found(urdf(shapes))
    assert files == {}
    assert "there is no file" in missing["none.stl"]
    assert missing["notes.txt"] == "formats are .stl, .obj, .dae"


def test_collision_meshes_are_served_for_links_that_have_no_visuals(tmp_path, found):
    binary_stl(tmp_path / "robot" / "hull.stl")
    assert list(found(urdf(mesh("hull.stl")))[0]) == ["hull.stl"]
    assert found(urdf(mesh("hull.stl") + "<visual><geometry><sphere radius='1'/></geometry></visual>"))[0] == {}


def test_an_image_that_a_material_names_is_served(tmp_path, found):
    (tmp_path / "robot" / "skin.png").touch()
    text = urdf("").replace(
        '<link name="base"/>', '<link name="base"/><material name="m"><texture filename="skin.png"/></material>'
    )
    assert list(found(text)[0]) == ["skin.png"]
