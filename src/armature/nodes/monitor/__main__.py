"""The process that serves the page."""

from __future__ import annotations

import sys

from armature.nodes.common.run import run_nodes
from armature.nodes.monitor.node import MonitorNode


def main() -> int:
    """Run the monitor until SIGINT or SIGTERM."""
    return run_nodes(MonitorNode)


if __name__ == "__main__":
    sys.exit(main())
