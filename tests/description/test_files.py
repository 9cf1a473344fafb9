"""Text files that cannot be read: one line that says why."""

from __future__ import annotations

import os

import pytest

from armature.description.files import read_bytes, read_text
from armature.errors import ConfigError


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("größe".encode("latin-1"), "UTF-8 can't decode byte 3, 0xf6: save it in UTF-8"),
        ("joints:".encode("utf-16"), "UTF-8 can't decode byte 1, 0xff: save it in UTF-8"),
    ],
)
def test_text_of_another_encoding_is_named(tmp_path, content, why):
    file = tmp_path / "servos.yaml"
    file.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        read_text("wiring file", file, "text is needed")
    assert str(caught.value) == f"wiring file: '{file}' cannot be used; text is needed ({why})"


def test_a_folder_and_a_missing_file_are_named_in_words(tmp_path):
    for path, why in ((tmp_path, "Is a directory"), (tmp_path / "nowhere", "No such file or directory")):
        with pytest.raises(ConfigError) as caught:
            read_text("poses file", path, "text is needed")
        assert str(caught.value) == f"poses file: '{path}' cannot be used; text is needed ({why})"


def test_line_ends_are_kept(tmp_path):
    (tmp_path / "servos.yaml").write_bytes("é: 1\r\n".encode())
    assert read_text("wiring file", tmp_path / "servos.yaml", "") == "é: 1\r\n"


@pytest.fixture
def pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


def test_a_pipe_and_a_device_are_refused_at_once(pipe):
    for path in (pipe, "/dev/zero"):
        with pytest.raises(ConfigError, match=r"text is needed \(it is a pipe or a device, and no regular file\)"):
            read_text("wiring file", path, "text is needed")


def test_a_file_beyond_its_bound_is_not_read(tmp_path):
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(5 << 30)
    with pytest.raises(ConfigError, match=r"it holds 5,368,709,120 bytes; at most 262,144 are read"):
        read_text("wiring file", tmp_path / "huge", "text is needed")


def test_a_file_that_tells_no_size_is_read_up_to_its_bound():
    with pytest.raises(OSError, match="it holds 11 bytes; at most 10 are read"):
        read_bytes("/proc/self/maps", 10)
    assert read_bytes("/proc/self/maps", 1 << 20)


def test_names_that_no_file_can_have_are_told():
    for name, why in (("a\0b", "its name holds a null character"), ("x" * 5000, "File name too long")):
        with pytest.raises(ConfigError, match=why):
            read_text("poses file", name, "text is needed")
