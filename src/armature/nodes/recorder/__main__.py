"""The process that records topics."""

from __future__ import annotations

import sys

from armature.nodes.common.run import run_nodes
from armature.nodes.recorder.node import RecorderNode


def main() -> int:
    """Run the recorder until SIGINT or SIGTERM."""
    return run_nodes(RecorderNode)


if __name__ == "__main__":
    sys.exit(main())
