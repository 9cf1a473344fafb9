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


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (b"", "no JSON object"),
        (b"Rgarbage", "no JSON object"),
        (b"R\xff\xfe", "no JSON object"),
        (b"R[1]", "no JSON object"),
        (b"R" + b"[" * 5000, "no JSON object"),
        (b"R{}", "it lacks 'request'"),
        (b'R{"request": "fly"}', "no such request"),
        (b'R{"request": "reboot", "id": 7}', "reboot refused: it lacks 'joint'"),
    ],
)
def test_what_is_no_request_is_refused_and_the_loop_goes_on(message: bytes, told: str):
    loop = SimpleNamespace(reboot=lambda _joint, _now: None)
    requests = BusRequests(loop, SimpleNamespace(), SimpleNamespace(), lambda: None)
    reply = requests.answer(message, 0.0)
    assert not reply["ok"]
    assert told in reply["message"]


def test_an_error_of_the_loop_itself_is_not_taken_for_a_request_that_lacks_something():
    def clear_faults(_now):
        return {}["a joint"]

    requests = BusRequests(
        SimpleNamespace(clear_faults=clear_faults), SimpleNamespace(), SimpleNamespace(), lambda: None
    )
    with pytest.raises(KeyError):
        requests.answer(link.pack_call(link.REQUEST, {"id": 1, "request": "clear_faults"}), 0.0)
