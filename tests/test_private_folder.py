"""Folders that nobody else may have made, or may write to."""

from __future__ import annotations

import os
import stat

import pytest

from armature.errors import ConfigError
from armature.graph import existing_runtime_folder, make_runtime_folder
from armature.private_folder import make_private

SOMEBODY = os.getuid() + 1


@pytest.fixture
def shared(tmp_path):
    """A folder that everybody may write to, such as /tmp."""
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o1777)
    return folder


def make(base, *parts):
    return make_private(base, *parts, variable="ARMATURE_RUNTIME")


def given_away(folder):
    """Let a folder belong to somebody else, which only root can do."""
    if os.getuid() != 0:
        pytest.skip("only root can give a folder away")
    os.chown(folder, SOMEBODY, -1)


def test_what_is_made_is_for_its_user_alone_and_is_found_again(shared):
    before = os.umask(0)
    try:
        folder = make(shared / "arm", "left", "hand")
    finally:
        os.umask(before)
    assert folder == shared / "arm" / "left" / "hand"
    for made in (folder, folder.parent, folder.parent.parent):
        assert stat.S_IMODE(made.stat().st_mode) == 0o700
    assert make(shared / "arm", "left", "hand") == folder


def test_a_folder_that_others_could_read_is_closed_to_them(shared):
    (shared / "arm" / "left").mkdir(parents=True, mode=0o755)
    assert stat.S_IMODE(make(shared / "arm", "left").stat().st_mode) == 0o700


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o1777])
@pytest.mark.parametrize("parts", [(), ("left",)])
def test_a_folder_to_which_others_may_write_is_refused(shared, mode, parts):
    (shared / "arm" / "left").mkdir(parents=True)
    (shared / "arm").joinpath(*parts).chmod(mode)
    with pytest.raises(ConfigError, match=rf"others may write to it \(mode {mode:o}\).* set ARMATURE_RUNTIME"):
        make(shared / "arm", "left")


def test_a_link_is_refused_wherever_it_leads(shared, tmp_path):
    (tmp_path / "mine").mkdir(mode=0o700)
    (shared / "arm").symlink_to(tmp_path / "mine")
    with pytest.raises(ConfigError, match="it is a link; remove it"):
        make(shared / "arm", "left")
    assert not list((tmp_path / "mine").iterdir())


def test_a_file_in_its_place_is_refused(shared):
    (shared / "arm").write_text("")
    with pytest.raises(ConfigError, match=r"arm.*cannot be used; .*set ARMATURE_RUNTIME"):
        make(shared / "arm", "left")


@pytest.mark.parametrize("depth", ["arm", "arm/left"])
def test_a_folder_of_another_user_is_refused(shared, depth):
    (shared / "arm" / "left").mkdir(parents=True, mode=0o700)
    given_away(shared / depth)
    with pytest.raises(ConfigError, match=f"it belongs to user {SOMEBODY}, not to you; set ARMATURE_RUNTIME"):
        make(shared / "arm", "left")


@pytest.mark.parametrize("is_given_away", [False, True])
def test_a_place_where_others_may_replace_it_is_refused(shared, is_given_away):
    if is_given_away:
        given_away(shared)
    else:
        shared.chmod(0o777)
    with pytest.raises(ConfigError, match="others may replace what lies in it"):
        make(shared / "arm", "left")


@pytest.mark.skipif(not os.path.isdir("/proc/1"), reason="nothing there that cannot be written")  # noqa: PTH112
def test_a_place_where_nothing_can_be_made_is_told(tmp_path):
    with pytest.raises(ConfigError, match=r"it cannot be made \(.*\); set ARMATURE_RUNTIME"):
        make_private(type(tmp_path)("/proc/1/arm"), "left", variable="ARMATURE_RUNTIME")


def test_what_others_have_put_in_its_place_is_not_looked_into(shared):
    environment = {"ARMATURE_RUNTIME": str(shared / "arm")}
    assert existing_runtime_folder(environment, "") == shared / "arm" / "default"
    made = make_runtime_folder(environment, "")
    assert existing_runtime_folder(environment, "") == made
    made.chmod(0o777)
    with pytest.raises(ConfigError, match="others may write to it"):
        existing_runtime_folder(environment, "")
