"""The order of a page's jog requests, which may overtake one another on the way."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from enum import Enum

from armature.core.jog_limits import RENEWAL

_REMEMBERED = 256  # pages


class JogVerdict(Enum):
    """Whether a jog request is to be carried out."""

    ACCEPTED = "it is the newest"
    OVERTAKEN = "a newer one came first"
    TOO_LATE = "its press has ended, because no request of it came for too long"


class JogOrder:
    """Accepts the requests of a page in their order, and none of a press whose lease has ended.

    Requests travel on several connections: without this, a lease that arrives after the release would
    move the joint once more. A joint that has stopped by itself shall not start again under a finger.
    """

    def __init__(self, lease: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Args: how long one request moves a joint [s], and monotonic time [s]."""
        self._longest = lease * (1.0 + RENEWAL)  # beyond its lease a press may be silent for one renewal [s]
        self._clock = clock
        self._newest: OrderedDict[str, tuple[int, int, float]] = OrderedDict()
        self._lock = threading.Lock()

    def classify(self, page: str, press: int, sequence: int) -> JogVerdict:
        """Decide whether a request is newer than every other of its page, and its press has not ended.

        Args:
            page: number of the page, which the page itself has drawn.
            press: number of the press, larger than that of the presses before it.
            sequence: number of the request within the press, counted upward.
        """
        now = self._clock()
        with self._lock:
            newest, last, received_at = self._newest.get(page, (-1, -1, now))
            if (press, sequence) <= (newest, last):
                return JogVerdict.OVERTAKEN
            if press == newest and now - received_at > self._longest:
                return JogVerdict.TOO_LATE
            self._newest[page] = press, sequence, now
            self._newest.move_to_end(page)
            if len(self._newest) > _REMEMBERED:
                self._newest.popitem(last=False)
        return JogVerdict.ACCEPTED
