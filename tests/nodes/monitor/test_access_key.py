from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from armature.errors import ConfigError
from armature.nodes.monitor import access_key
from armature.nodes.monitor.access_key import key_file, load_or_create_key, new_access_key, read_key


@pytest.fixture
def file(tmp_path):
    return key_file(tmp_path / "state")


def test_a_key_is_made_once_and_kept_for_its_user_alone(file):
    key = load_or_create_key(file)
    assert load_or_create_key(file) == read_key(file) == key
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in file.parent.iterdir()] == ["access_key"]


def test_a_wide_umask_does_not_show_it(file):
    before = os.umask(0)
    try:
        load_or_create_key(file)
    finally:
        os.umask(before)
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_folder_to_which_others_may_write_is_refused(file):
    load_or_create_key(file)
    file.parent.chmod(0o777)
    with pytest.raises(ConfigError, match="others may write to it"):
        load_or_create_key(file)


def test_processes_that_start_together_have_one_key(file):
    with ThreadPoolExecutor(8) as together:
        assert len({*together.map(lambda _: load_or_create_key(file), range(8))}) == 1


def test_of_two_that_make_it_the_first_counts(file):
    key = load_or_create_key(file)
    access_key._make(file)
    assert read_key(file) == key


def test_a_key_of_ones_own_is_taken(file):
    file.parent.mkdir()
    file.write_text("correct horse battery\n")
    file.chmod(0o600)
    assert load_or_create_key(file) == "correct horse battery"


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o644, 0o660])
def test_a_key_that_others_may_read_is_refused_with_the_remedy(file, mode):
    load_or_create_key(file)
    file.chmod(mode)
    with pytest.raises(ConfigError, match=f"chmod 600 {file}"):
        load_or_create_key(file)


@pytest.mark.parametrize("text", ["", "short", "x" * 201, "no\nline may be broken in it", "schl\u00fcssel " * 3])
def test_a_file_that_holds_no_key_is_refused_with_the_remedy(file, text):
    load_or_create_key(file)
    file.write_text(text)
    with pytest.raises(ConfigError, match="remove it to get a new one"):
        load_or_create_key(file)


def test_a_key_that_cannot_be_kept_is_told(tmp_path):
    (tmp_path / "state").write_text("a file, not a folder")
    with pytest.raises(ConfigError, match="access key"):
        load_or_create_key(key_file(tmp_path / "state"))


def test_a_key_that_is_not_there_is_told(file):
    with pytest.raises(ConfigError, match="can be read"):
        read_key(file)


def test_access_keys_differ_and_can_be_typed():
    keys = {new_access_key() for _ in range(50)}
    assert len(keys) == 50
    assert all(len(key) == 23 and key.isascii() for key in keys)
