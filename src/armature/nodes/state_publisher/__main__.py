"""The process that publishes the robot's description and its frames."""

from __future__ import annotations

import sys

from armature.nodes.common.run import run_nodes
from armature.nodes.state_publisher.node import StatePublisher


def main() -> int:
    """Run until SIGINT or SIGTERM."""
    return run_nodes(StatePublisher)


if __name__ == "__main__":
    sys.exit(main())
