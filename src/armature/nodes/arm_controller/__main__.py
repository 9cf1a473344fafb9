"""The process that controls motion: trajectories of the arm, and the gripper."""

from __future__ import annotations

import sys

from armature.nodes.arm_controller.arm_controller import ArmController
from armature.nodes.arm_controller.gripper_controller import GripperController
from armature.nodes.common.run import run_nodes


def main() -> int:
    """Run both controllers until SIGINT or SIGTERM."""
    return run_nodes(ArmController, GripperController, is_urgent=True)


if __name__ == "__main__":
    sys.exit(main())
