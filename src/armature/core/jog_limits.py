"""Limits of a jog, shared by page, monitor, controller and bus loop."""

from __future__ import annotations

LEASE = 0.25
"""How long a joint moves on after its last jog command [s]; the parameter `jog.lease` may set another."""
LEASES = (0.02, 5.0)
"""The shortest and the longest lease that may be set [s]."""
RENEWAL = 0.4
"""A jog is renewed after this share of its lease, so that one lost message stops nothing."""
SPEEDS = (0.05, 0.1, 0.25, 0.5)
"""Speeds that the page offers, as shares of a joint's velocity limit; the last is its maximum."""
USUAL_SPEED = 0.1
"""The speed that the page begins with."""
