from __future__ import annotations

from types import SimpleNamespace

import pytest

from armature.dynamixel.loop import link
from armature.errors import ArmatureError, CommandRefused, CorruptPacket, PortError, ServoTimeout
from armature.nodes.bus_process.requests import BusRequests

AGAIN = "; see the state, then ask again"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ServoTimeout((3,), "write"), f"no answer to write from id 3{AGAIN}"),
        (CorruptPacket("write"), f"corrupt answer to write{AGAIN}"),
        (PortError("/dev/x", "it is gone", "plug it in"), "/dev/x: it is gone; plug it in"),
        (CommandRefused("clear_faults", "a reason", "enable"), "clear_faults refused: a reason; enable"),
    ],
)
def test_every_refusal_says_what_to_do(error: ArmatureError, told: str):
    def clear_faults(_now):
        raise error

    loop = SimpleNamespace(clear_faults=clear_faults)
    requests = BusRequests(loop, SimpleNamespace(), SimpleNamespace(), lambda: None)
    call = link.pack_call(link.REQUEST, {"id": 1, "request": "clear_faults"})
    assert requests.answer(call, 0.0) == {"id": 1, "ok": False, "message": told}
