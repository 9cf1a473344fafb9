"""The ROS half of the servo interface."""

from __future__ import annotations

import sys

from armature.nodes.common.run import run_nodes
from armature.nodes.servo_interface.node import ServoInterface


def main() -> int:
    """Run the servo interface."""
    return run_nodes(lambda: ServoInterface().start(), is_urgent=True)


if __name__ == "__main__":
    sys.exit(main())
