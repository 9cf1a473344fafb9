from __future__ import annotations

import pytest

from armature.errors import ConfigError
from armature.nodes.protective_latch import ProtectiveLatch

PORT = "/dev/serial/by-id/usb-FTDI_1"


def test_it_begins_released_and_each_process_finds_what_the_last_one_left(tmp_path):
    for engaged in (False, True, True, False):
        latch = ProtectiveLatch(tmp_path / "state", PORT)
        latch.keep(engaged=engaged)
        assert ProtectiveLatch(tmp_path / "state", PORT).is_engaged is engaged
        assert not latch.failure


def test_each_port_has_its_own(tmp_path):
    ProtectiveLatch(tmp_path, PORT).keep(engaged=True)
    assert not ProtectiveLatch(tmp_path, "/dev/ttyUSB0").is_engaged
    (file,) = tmp_path.iterdir()
    assert file.name == "protective_stop-dev-serial-by-id-usb-FTDI_1"
    assert "release it with /servo_interface/protective_stop" in file.read_text()


def test_a_folder_that_cannot_be_written_is_refused_before_anything_starts(tmp_path):
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(ConfigError, match=r"parameter state_folder: .*a folder that can be written is needed"):
            ProtectiveLatch(folder, PORT)


def test_a_disk_that_fails_later_is_told_and_the_stop_counts_all_the_same(tmp_path):
    latch = ProtectiveLatch(tmp_path / "state", PORT)
    (tmp_path / "state").rmdir()
    latch.keep(engaged=True)
    assert latch.is_engaged
    assert "a restart forgets it" in latch.failure
    (tmp_path / "state").mkdir()
    latch.keep(engaged=True)
    assert not latch.failure
    assert ProtectiveLatch(tmp_path / "state", PORT).is_engaged
