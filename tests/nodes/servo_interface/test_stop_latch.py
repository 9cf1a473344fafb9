from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from armature.errors import ConfigError
from armature.nodes.common.serial_adapter import known_names
from armature.nodes.servo_interface.stop_latch import ProtectiveStopLatch

PORT = "/dev/serial/by-id/usb-FTDI_1"


def latch_of(folder, *names):
    return ProtectiveStopLatch(folder, lambda: names or (PORT,))


@pytest.fixture
def device(tmp_path):
    """A serial device with a link as udev makes them, and the folder of those links."""
    real, by_id = tmp_path / "ttyUSB0", tmp_path / "by-id"
    real.touch()
    by_id.mkdir()
    (by_id / "usb-FTDI_1").symlink_to(real)
    return real, by_id


def test_it_begins_released_and_each_process_finds_what_the_last_one_left(tmp_path):
    for engaged in (False, True, True, False):
        latch = latch_of(tmp_path / "state")
        latch.set(engaged=engaged)
        assert latch_of(tmp_path / "state").is_engaged is engaged
        assert not latch.failure


def test_a_folder_to_which_others_may_write_could_lose_a_latch_and_is_refused(tmp_path):
    folder = tmp_path / "state"
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(ConfigError, match=r"others may write to it \(mode 777\).*parameter state_folder"):
        latch_of(folder)


def test_each_port_has_its_own(tmp_path):
    latch_of(tmp_path).set(engaged=True)
    assert not latch_of(tmp_path, "/dev/ttyUSB0").is_engaged
    (file,) = tmp_path.iterdir()
    assert file.name == "protective_stop-dev-serial-by-id-usb-FTDI_1"
    assert "release it: armature release" in file.read_text()


def test_the_file_names_the_command_that_releases_this_arm(tmp_path):
    ProtectiveStopLatch(tmp_path, lambda: ["/dev/ttyUSB0"], "/left").set(engaged=True)
    (file,) = tmp_path.iterdir()
    assert "release it: armature release --namespace left\n" in file.read_text()


@pytest.mark.parametrize("names", [("/a",), ("/b",), ("/c", "/b")])
def test_one_name_of_several_is_enough_and_a_release_is_for_all(tmp_path, names):
    latch_of(tmp_path, "/a", "/b").set(engaged=True)
    latch = latch_of(tmp_path, *names)
    assert latch.is_engaged
    latch.set(engaged=False)
    assert not any(tmp_path.iterdir())


def test_a_port_that_comes_later_is_found_by_the_names_that_it_has_then(tmp_path):
    latch_of(tmp_path, "/by-id/adapter").set(engaged=True)
    names = ["/dev/ttyUSB0"]
    latch = ProtectiveStopLatch(tmp_path, lambda: names)
    assert not latch.is_engaged
    names.append("/by-id/adapter")
    latch.reload()
    assert latch.is_engaged
    assert latch_of(tmp_path, "/dev/ttyUSB0").is_engaged


def test_a_device_is_known_by_the_given_path_and_what_udev_calls_it(device):
    real, by_id = device
    link = by_id / "usb-FTDI_1"
    assert known_names([str(real)], by_id) == (str(real), str(link))
    assert known_names([str(link)], by_id) == (str(link),)


def test_without_a_name_of_udev_it_is_known_by_the_device_itself(device, tmp_path):
    real, _ = device
    alias = tmp_path / "alias"
    alias.symlink_to(real)
    assert known_names([str(alias)], tmp_path / "none") == (str(alias), str(real))


def test_an_absent_device_is_known_by_its_path_alone(tmp_path):
    assert known_names(["/dev/absent", "/dev/gone"], tmp_path) == ("/dev/absent", "/dev/gone")


def test_the_next_pseudo_terminal_of_a_number_is_another_one(tmp_path):
    names = []
    for _ in range(2):
        ends = os.openpty()
        names.append(known_names([os.ttyname(ends[1])], tmp_path))
        for end in ends:
            os.close(end)
        time.sleep(0.01)  # of the clock that dates it
    (_, first), (_, second) = names
    assert first != second


def test_a_release_that_the_disk_did_not_take_is_no_stop_again_in_this_process(tmp_path, monkeypatch):
    latch = latch_of(tmp_path)
    latch.set(engaged=True)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", lambda *_, **__: (_ for _ in ()).throw(OSError(30, "read-only")))
        latch.set(engaged=False)
    assert latch.failure
    latch.reload()
    assert (latch.is_engaged, latch.failure) == (False, "")
    assert not latch_of(tmp_path).is_engaged


def test_a_folder_that_cannot_be_written_is_refused_before_anything_starts(tmp_path):
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(ConfigError, match=r"parameter state_folder: .*a folder that can be written is needed"):
            latch_of(folder)


def test_a_disk_that_fails_later_is_told_and_the_stop_counts_all_the_same(tmp_path):
    latch = latch_of(tmp_path / "state")
    (tmp_path / "state").rmdir()
    latch.set(engaged=True)
    assert latch.is_engaged
    assert "a restart forgets it" in latch.failure
    (tmp_path / "state").mkdir()
    latch.set(engaged=True)
    assert not latch.failure
    assert latch_of(tmp_path / "state").is_engaged
