"""Recovery is awaited to its end, beside a stand-in of what is reported."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from armature.client.session import recover
from armature.client.state import ArmFault, ArmState
from armature.dynamixel.status.states import BEING_RECOVERED
from armature.errors import CommandRefused

ELBOW, WRIST = (ArmFault(joint, "overload", "0x20", remedy="run armature clear") for joint in ("elbow", "wrist"))
RECOVERING = ArmFault("elbow", "overload", step="wait", waits_for=BEING_RECOVERED)


class Reported:
    """Readings whose state changes whenever somebody waits; without another one the time is over."""

    def __init__(self, *faults):
        self.states = [ArmState("FAULT" if each else "HOLDING", faults=each) for each in faults]
        self.waited = []

    @property
    def reported(self):
        return self.states[0]

    def state(self):
        return self.reported

    def wait_for(self, condition, seconds):
        self.waited.append(seconds)
        while not (is_met := condition(self.reported)) and len(self.states) > 1:
            del self.states[0]
        return is_met


def answering(success=True, message="recovering elbow"):
    answer = SimpleNamespace(success=success, message=message)
    return SimpleNamespace(call=lambda service, request, timeout=None: answer)


def test_it_returns_when_the_last_joint_is_recovered():
    reported = Reported((ELBOW,), (RECOVERING,), (RECOVERING,), ())
    assert recover(answering(), reported) == "recovered elbow"
    assert reported.reported.faults == ()
    assert sum(reported.waited) < 15.0


@pytest.mark.parametrize(
    "states",
    [
        ((ELBOW, WRIST), (RECOVERING, WRIST), (WRIST,)),
        ((ELBOW, WRIST), (WRIST,)),  # so quick that nobody has seen it
        ((WRIST,),),  # it was begun, and nothing shows it
    ],
    ids=["one is left", "it was quick", "nothing came of it"],
)
def test_what_is_left_is_named_with_its_remedy(states):
    with pytest.raises(CommandRefused, match=r"at fault: wrist: overload: 0x20; run armature clear$") as left:
        recover(answering(), Reported(*states))
    assert left.value.remedy == "run armature clear"


def test_one_that_takes_too_long_is_named():
    with pytest.raises(CommandRefused, match="still at fault: elbow: overload"):
        recover(answering(), Reported((ELBOW,), (RECOVERING,)))


def test_where_there_is_no_fault_nobody_waits():
    reported = Reported(())
    assert recover(answering(message="there is no fault"), reported) == "there is no fault"
    assert reported.waited == []


def test_a_refusal_is_raised_as_it_came():
    with pytest.raises(CommandRefused, match=r"^clear_faults refused: it is hot; let it cool$"):
        recover(answering(False, "clear_faults refused: it is hot; let it cool"), Reported((ELBOW,)))
