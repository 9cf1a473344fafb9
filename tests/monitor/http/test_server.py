from __future__ import annotations

import threading

from armature.monitor.http import server
from armature.monitor.http.event_loop import EventLoop
from armature.monitor.http.server import MonitorServer


def test_nobody_is_let_in_before_all_is_there_that_a_request_needs(app, hub, monkeypatch):
    """After a restart a STOP waits at the door already; it ended the thread that is kept for it."""
    let_in = []

    def made(*arguments):
        loop = EventLoop(*arguments)
        let_in.extend(thread.name for thread in threading.enumerate() if thread.name == "http-events")
        return loop

    monkeypatch.setattr(server, "EventLoop", made)
    MonitorServer(app, hub, "127.0.0.1", 0).stop()
    assert let_in == []
