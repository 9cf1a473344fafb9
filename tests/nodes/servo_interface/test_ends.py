"""The ends in docs/reference/faults.md: however it ends, the arm is parked, or held with a word that says so."""

from __future__ import annotations

import pytest

from armature.emulator.faults import console
from armature.nodes.common.exit_message import leaves_torque_on
from armature.nodes.emulator.console import ask

from .. import ends
from ..emulated import power_cycle

pytestmark = [pytest.mark.process, pytest.mark.usefixtures("nothing_left")]
# Each way once; the states take turns, and those that other tests have in real processes are left to the soak.
ONCE = (
    (ends.ctrl_c_and_its_echo, ends.moving),
    (ends.sigterm_for_all, ends.enabled),
    (ends.terminal_closed, ends.parking),
    (ends.launcher_killed, ends.enabled),
    (ends.cleaned_up, ends.protective_stop),
    (ends.shut_down, ends.moving),
)


@pytest.fixture
def graph(port, tmp_path):
    graph = ends.Launched(port, tmp_path)
    yield graph
    graph.close()
    ask(port, console.clear(None))
    power_cycle(port)


def ends_as_the_table_says(graph, way, state):
    """Run one cell of the table."""
    graph.has_no_terminal = way is ends.ctrl_c_and_its_echo
    graph.start()
    graph.until(lambda: graph.state() == "DISABLED")
    state(graph)
    words = ends.end(graph, way)
    holds = state is not ends.disabled and (state in ends.LATCHED or way in ends.HOLDING_WAYS)
    if (way, state) == (ends.ctrl_c_twice, ends.parking):  # which may end before the second one comes
        holds = leaves_torque_on(words)
    assert ends.torque(graph.port) == leaves_torque_on(words) == holds, words
    assert ends.code(graph, way) in (None, int(holds))
    if holds:
        assert words.startswith("servo_interface: not parked: ")
        assert words.endswith("torque stays on")


@pytest.mark.timeout(120)
@pytest.mark.parametrize(("way", "state"), ONCE, ids=lambda each: each.__name__)
def test_each_way_ends_parked_or_held_with_a_word(graph, way, state):
    ends_as_the_table_says(graph, way, state)


@pytest.fixture
def whole(soak):
    if not soak.is_whole:
        pytest.skip("each way once stands above; make soak runs every cell")


@pytest.mark.soak
@pytest.mark.usefixtures("whole")
@pytest.mark.parametrize("state", ends.STATES, ids=lambda each: each.__name__)
@pytest.mark.parametrize("way", ends.WAYS, ids=lambda each: each.__name__)
def test_every_cell_of_the_table_of_ends(graph, way, state):
    ends_as_the_table_says(graph, way, state)
