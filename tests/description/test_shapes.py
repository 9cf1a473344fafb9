"""From a URDF with meshes to an arm that MuJoCo computes with their hulls."""

from __future__ import annotations

import fcntl
import stat
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from armature.core.kinematics.collision import Clearances
from armature.core.kinematics.mechanics import Mechanics
from armature.core.model.urdf import read_urdf
from armature.description import hulls, mesh_points, shapes
from armature.description.shapes import with_shapes
from armature.emulator.physics.mujoco_plant import MujocoPlant
from armature.errors import ConfigError

from .solids import CORNERS, binary_stl, dae, mesh, obj, urdf


@pytest.fixture
def read(tmp_path):
    """The arm of a URDF's text in the test's folder."""
    return lambda text: with_shapes(read_urdf(text, "r.urdf"), tmp_path / "r.urdf")


def height(arm):
    """Of the moving link over the floor [m]."""
    return Clearances(Mechanics(arm, ("turn",)), 10.0).at(np.zeros(1))["arm", "floor"]


def lifted(shape):
    return urdf(shape).replace("<axis", '<origin xyz="0 0 5"/><axis')


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (mesh("box.stl"), 2.0),
        (mesh("box.stl", "1 1 0.1"), 4.7),
        (mesh("box.stl", "-1 1 -1"), 2.0),
        (mesh("box.stl", "-1 -1 -1"), 2.0),
        (mesh("box.stl", "0.001 0.001 0.001"), 4.997),
        (mesh("box.stl").replace("<geometry>", '<origin xyz="0 0 1" rpy="1.5707963 0 0"/><geometry>'), 4.0),
        (mesh("box.obj"), 2.0),
        (mesh("box.dae"), 4.97),
        (mesh("box.stl", "0.1 0.1 0.1") + mesh("box.stl", "0.1 0.1 0.5"), 3.5),
        (mesh("wedge.stl"), 1.0),
    ],
)
def test_a_mesh_collides_where_it_is(tmp_path, read, shape, expected):
    binary_stl(tmp_path / "box.stl")
    obj(tmp_path / "box.obj")
    dae(tmp_path / "box.dae", unit=0.01)
    # A shape that is not its own mirror image.
    binary_stl(tmp_path / "wedge.stl", np.where(CORNERS == -3.0, -4.0, CORNERS))
    assert height(read(lifted(shape))) == pytest.approx(expected, abs=1e-4)


def test_a_mirrored_mesh_is_mirrored(tmp_path, read):
    binary_stl(tmp_path / "wedge.stl", np.where(CORNERS == -3.0, -4.0, CORNERS))
    assert height(read(lifted(mesh("wedge.stl", "1 1 -1")))) == pytest.approx(2.0, abs=1e-4)


def test_meshes_of_one_name_in_different_folders_are_told_apart(tmp_path, read):
    for name, scale in (("one", 1.0), ("two", 1.3)):
        (tmp_path / name).mkdir()
        binary_stl(tmp_path / name / "link.stl", scale * CORNERS)
    assert height(read(lifted(mesh("one/link.stl") + mesh("two/link.stl")))) == pytest.approx(1.1, abs=1e-4)


def test_the_emulators_physics_takes_the_same_hulls(tmp_path, read):
    binary_stl(tmp_path / "box.stl")
    plant = MujocoPlant(read(urdf(mesh("box.stl"))), {"turn": 0.01}, {"turn": 0.0})
    with pytest.raises(ConfigError, match=r"arm is 1\.000 m in it"):
        plant.build_wall([-1.0, 0.0, 0.0], 0.0)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        (mesh("none.stl"), r"^r\.urdf: link arm: mesh: 'none\.stl' cannot be used; there is no file .*none\.stl"),
        (
            mesh("package://nowhere/a.stl"),
            r"^r\.urdf: link arm: mesh: 'package://nowhere/a\.stl'.*ROS_PACKAGE_PATH",
        ),
        (mesh("broken.stl"), r"link arm: mesh: 'broken\.stl'.*export it again"),
        (mesh("box.step"), r"link arm: mesh: 'box\.step'.*formats of meshes are"),
    ],
)
def test_a_mesh_that_cannot_be_used_is_told_with_urdf_link_file_and_remedy(tmp_path, read, shape, message):
    (tmp_path / "broken.stl").write_bytes(b"solid")
    (tmp_path / "box.step").touch()
    with pytest.raises(ConfigError, match=message) as error:
        read(urdf(shape))
    assert "\n" not in str(error.value)


def test_a_mesh_that_may_not_be_read_is_told(tmp_path, read, monkeypatch):
    binary_stl(tmp_path / "box.stl")
    monkeypatch.setattr(shapes, "read_bytes", lambda *_: Path("/nowhere").stat())
    with pytest.raises(ConfigError, match=r"'box\.stl' cannot be used; it cannot be read \(No such file"):
        read(urdf(mesh("box.stl")))


@pytest.mark.parametrize(("far", "scale"), [(2e30, "1 1 1"), (1.0, "1e59 1e59 1e59")])
def test_a_mesh_beyond_every_robot_is_refused(tmp_path, read, far, scale):
    binary_stl(tmp_path / "box.stl", far * CORNERS)
    with pytest.raises(
        ConfigError, match=r"'box\.stl' cannot be used; it reaches beyond 1e\+06 m: mend its coord"
    ):
        read(urdf(mesh("box.stl", scale)))


def test_only_the_first_process_reads_meshes_and_samples_positions(tmp_path, read, monkeypatch):
    binary_stl(tmp_path / "box.stl")
    first = read(urdf(mesh("box.stl")))
    monkeypatch.setattr(mesh_points, "read_points", None)
    monkeypatch.setattr("armature.core.kinematics.touching.find_touching", None)
    assert read(urdf(mesh("box.stl"))) == first


def test_a_mesh_that_has_changed_is_read_again(tmp_path, read):
    binary_stl(tmp_path / "box.stl")
    before = height(read(lifted(mesh("box.stl"))))
    binary_stl(tmp_path / "box.stl", 1.2 * CORNERS)
    assert height(read(lifted(mesh("box.stl")))) == pytest.approx(before - 0.6, abs=1e-4)


def test_a_damaged_or_forbidden_cache_is_no_error(tmp_path, read, cache, monkeypatch):
    binary_stl(tmp_path / "box.stl")
    first = read(urdf(mesh("box.stl")))
    kept = [file for file in cache.rglob("*") if file.is_file() and file.name != "lock"]
    assert len(kept) == 2
    for file in kept:
        file.write_bytes(b"damaged")
    assert read(urdf(mesh("box.stl"))) == first
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in kept)
    for file in kept:  # a hole in its middle, as after a loss of power
        content = file.read_bytes()
        file.write_bytes(content[:-10] + bytes(10))
    assert read(urdf(mesh("box.stl"))) == first
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/nothing")
    assert read(urdf(mesh("box.stl"))) == first


def test_a_cache_into_which_others_may_write_is_not_believed(tmp_path, read, cache):
    binary_stl(tmp_path / "box.stl")
    binary_stl(tmp_path / "other.stl", 1.2 * CORNERS)
    first = [read(urdf(mesh(name))).hulls for name in ("box.stl", "other.stl")]
    (folder,) = cache.rglob("hulls")
    one, other = (file for file in folder.iterdir() if file.name != "lock")
    kept = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(kept)
    folder.chmod(0o777)
    assert [read(urdf(mesh(name))).hulls for name in ("box.stl", "other.stl")] == first


@pytest.mark.timeout(20)
def test_a_process_that_stands_still_holds_nobody_up_for_ever(tmp_path, read, cache, monkeypatch):
    binary_stl(tmp_path / "box.stl")
    first = read(urdf(mesh("box.stl")))
    (folder,) = cache.rglob("hulls")
    for file in folder.iterdir():
        file.write_bytes(b"")
    monkeypatch.setattr("armature.description.cache._LONGEST_WAIT", 0.1)
    with (folder / "lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert read(urdf(mesh("box.stl"))) == first


def test_what_a_hull_lacks_is_noted_with_the_figure(tmp_path, read, monkeypatch):
    binary_stl(tmp_path / "box.stl")
    monkeypatch.setattr(hulls, "hull_of", lambda points: (points[:3][None], 0.0042))
    monkeypatch.setattr("armature.core.kinematics.touching.find_touching", lambda arm: ())
    assert read(urdf(mesh("box.stl"))).notes == (
        "link arm: box.stl is checked for collisions by a hull that lacks up to 4.2 mm",
    )


# Three boxes on one another, the middle one so thin that the outer ones always overlap.
STACK = """<robot name="stack"><link name="base">{box}</link><link name="middle"/><link name="top">{box}</link>
<joint name="turn" type="revolute"><parent link="base"/><child link="middle"/><origin xyz="0 0 {gap}"/>
<axis xyz="0 0 1"/><limit lower="-3" upper="3" velocity="1" effort="9"/></joint>
<joint name="tip" type="revolute"><parent link="middle"/><child link="top"/><axis xyz="0 0 1"/>
<limit lower="-3" upper="3" velocity="1" effort="9"/></joint></robot>"""
BOX = '<collision><origin xyz="0 0 0.1"/><geometry><box size="0.1 0.1 0.1"/></geometry></collision>'


def test_parts_that_always_touch_are_found_noted_and_not_checked(read):
    arm = read(STACK.format(box=BOX, gap=0.09))
    assert arm.touching == (("base", "top"),)
    assert any("base with top" in note for note in arm.notes)
    assert ("base", "top") not in Clearances(Mechanics(arm, ("turn", "tip")), 0.1).at(np.zeros(2))


def test_parts_that_are_near_and_never_touch_are_checked(read):
    arm = read(STACK.format(box=BOX, gap=0.11))
    assert (arm.touching, [note for note in arm.notes if "base with" in note]) == ((), [])
    assert Clearances(Mechanics(arm, ("turn", "tip")), 0.1).at(np.zeros(2))["base", "top"] == pytest.approx(0.01)


def test_a_collision_that_many_positions_have_stays_one(read):
    """A bar that swings through a post in eight of ten positions."""
    bar = BOX.replace("0 0 0.1", "0.1 0 0.1").replace("0.1 0.1 0.1", "0.2 0.01 0.1")
    post = BOX.replace("0 0 0.1", "0.15 0 0.1").replace("0.1 0.1 0.1", "0.05 0.4 0.1")
    text = STACK.format(box="BOX", gap=0.0).replace("BOX", post, 1).replace("BOX", bar)
    text = text.replace('lower="-3" upper="3"', 'lower="-0.7" upper="0.7"')
    assert read(text).touching == ()


SRDF = '<robot name="stack"><disable_collisions link1="top" link2="base" reason="Never"/>{}</robot>'


@pytest.mark.parametrize("name", ["r.srdf", "other.srdf"])
def test_an_srdf_beside_the_urdf_allows_pairs(tmp_path, read, name):
    others = '<disable_collisions link1="top" link2="camera" reason="Adjacent"/>'
    (tmp_path / name).write_text(SRDF.format(others))
    assert read(STACK.format(box=BOX, gap=0.11)).touching == (("base", "top"),)


def test_of_several_srdfs_only_that_of_the_urdfs_name_counts(tmp_path, read):
    for name in ("one.srdf", "two.srdf"):
        (tmp_path / name).write_text(SRDF.format(""))
    assert read(STACK.format(box=BOX, gap=0.11)).touching == ()


def test_a_broken_srdf_is_told(tmp_path, read):
    (tmp_path / "r.srdf").write_text("<robot>")
    with pytest.raises(ConfigError, match=r"^r\.srdf: .*well-formed XML"):
        read(urdf(""))


def test_an_explicitly_allowed_pair_adds_to_them(read):
    arm = read(STACK.format(box=BOX, gap=0.09))
    mechanics = Mechanics(arm, ("turn", "tip"), allowed_pairs=[("floor", "top")])
    assert Clearances(mechanics, 10.0).at(np.zeros(2)) == {}
    assert ("top", "floor") in Clearances(Mechanics(replace(arm), ("turn", "tip")), 10.0).at(np.zeros(2))
