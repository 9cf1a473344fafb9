"""Orders the jog requests of a press, which may overtake one another on the way."""

from __future__ import annotations

import threading
from collections import OrderedDict

_REMEMBERED = 256  # presses


class JogOrder:
    """Accepts the requests of a press in their order, and none after the one that ended it.

    Requests travel on several connections: without this, a lease that arrives after the release would
    move the joint once more.
    """

    def __init__(self) -> None:
        self._newest: OrderedDict[int, int] = OrderedDict()
        self._lock = threading.Lock()

    def accepts(self, press: int, sequence: int) -> bool:
        """Whether this request is newer than every other of its press.

        Args:
            press: number of the press, drawn by the page.
            sequence: number of the request within the press, counted upward.
        """
        with self._lock:
            if sequence <= self._newest.get(press, -1):
                return False
            self._newest[press] = sequence
            self._newest.move_to_end(press)
            if len(self._newest) > _REMEMBERED:
                self._newest.popitem(last=False)
        return True
