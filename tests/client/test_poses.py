"""Names of poses that a program may move to: those of the file, and of an arm that ships its user's own."""

from __future__ import annotations

import pytest

from armature.client.description import Description
from armature.share import share_folder


@pytest.fixture
def poses():
    """Names of the poses of a graph that was started with a file."""

    def poses(file):
        description = object.__new__(Description)
        description._parameter = lambda _name: str(file)
        return description.poses()

    return poses


def test_a_users_own_poses_of_an_arm_that_ships_are_named_too(poses, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    shipped = share_folder() / "config" / "poses.yaml"
    before = poses(shipped)
    assert before[:2] == ("park", "home")
    own = tmp_path / "armature" / "poses" / "armature6.yaml"
    own.parent.mkdir(parents=True)
    own.write_text("look: {}\nhome: {}\n")
    assert poses(shipped) == (*before, "look")


def test_a_file_of_the_users_has_them_itself_and_without_one_there_is_none(poses, tmp_path):
    (tmp_path / "poses.yaml").write_text("here: {}\n")
    assert poses(tmp_path / "poses.yaml") == ("here",)
    assert poses("") == ()
