"""Who else has a device."""

from __future__ import annotations

import subprocess
import sys

import pytest

from armature.errors import PortError
from armature.nodes.common.device_holder import require_exclusive

DEVICE = "/dev/full"  # a character device that nobody else uses
_HOLD = "import sys; device = open(sys.argv[1], 'rb', buffering=0); print('open', flush=True); input()"


@pytest.mark.process
def test_a_device_that_another_program_has_open_without_a_lock_is_refused():
    command = [sys.executable, "-c", _HOLD, DEVICE]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"open\n"
        with pytest.raises(PortError, match=rf"{DEVICE}: it is also open in .*process {holder.pid} \(.*stop that"):
            require_exclusive(DEVICE)
        holder.stdin.close()
        holder.wait()
    require_exclusive(DEVICE)


def test_a_device_that_is_not_there_is_nobodys():
    require_exclusive("/dev/nowhere")
