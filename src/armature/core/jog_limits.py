"""How a jog is bounded, for all that it passes: page, monitor, controller and bus loop."""

from __future__ import annotations

LEASE = 0.25
"""How long a joint moves without news of its jog [s]; the parameter `jog.lease` may set another."""
RENEWAL = 0.4
"""A jog that goes on is sent anew after this share of its lease, so that one that is lost stops nothing."""
SPEEDS = (0.05, 0.1, 0.25, 0.5)
"""What the page offers, as shares of a joint's velocity limit; the last is the most that a page may ask for."""
USUAL_SPEED = 0.1
"""The one of them that the page begins with."""
