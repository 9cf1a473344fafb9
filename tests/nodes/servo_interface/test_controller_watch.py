"""A controller that falls silent, or goes: what is said of it, and what the state's next step is."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from armature.core.recovery_commands import ENABLE
from armature.nodes.servo_interface.controller_watch import SILENCE, ControllerWatch


class Bench:
    """A watch whose timer is called by the test."""

    def __init__(self):
        self.publishers, self.logged, self.requests = 1, [], []
        logger = SimpleNamespace(error=self.logged.append, info=self.logged.append)
        node = SimpleNamespace(
            get_logger=lambda: logger,
            get_namespace=lambda: "/",
            create_subscription=lambda _kind, _name, callback, _qos, raw: setattr(self, "state", callback),
            create_timer=lambda _period, callback: setattr(self, "check", callback),
            resolve_topic_name=lambda name: name,
            count_publishers=lambda _name: self.publishers,
        )
        client = SimpleNamespace(request=lambda kind, why: self.requests.append((kind, why)))
        bus = SimpleNamespace(status=SimpleNamespace(session="s1"), client=client)
        self.watch = ControllerWatch(node, bus, lambda: False)
        self.check()

    def run(self, checks):
        for _ in range(checks):
            self.check()


@pytest.fixture
def bench():
    return Bench()


def test_a_controller_that_falls_silent_is_told_with_the_one_step_that_the_state_names(bench):
    bench.check()
    bench.state(b"")
    bench.run(round(SILENCE / 0.1))
    assert bench.requests == []
    bench.check()
    assert bench.requests == [
        ("controller_gone", "controller gone: the controller has been silent for 0.8 s; holding")
    ]
    assert bench.logged == [f"{bench.requests[0][1]}; run {ENABLE}"]


def test_a_controller_that_publishes_no_set_points_any_more_is_told_alike(bench):
    bench.check()
    bench.publishers = 0
    bench.check()
    assert bench.requests == [
        ("controller_gone", "controller gone: nobody publishes set-points any more; holding")
    ]
