"""What errors say to people."""

from __future__ import annotations

import errno

import pytest
import serial

from armature.errors import system_reason

_NO_FILE = f"[Errno 2] could not open port x: {FileNotFoundError(errno.ENOENT, 'No such file or directory', 'x')}"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (FileNotFoundError(errno.ENOENT, "No such file or directory", "/nowhere"), "No such file or directory"),
        (serial.SerialException(errno.ENOENT, _NO_FILE.partition("] ")[2]), "No such file or directory"),
        (OSError(errno.ENXIO, "its link is older than /dev/pts/3"), "its link is older than /dev/pts/3"),
        (EOFError("end of file"), "end of file"),
    ],
)
def test_the_system_s_reason_is_told_without_a_number_and_once(error, told):
    assert system_reason(error) == told
