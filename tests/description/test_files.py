"""Text files that cannot be read: one line that says why."""

from __future__ import annotations

import pytest

from armature.description.files import read_text
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
