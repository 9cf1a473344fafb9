"""Armature: a robot arm of Dynamixel servos as a graph of small ROS 2 services.

A program drives an arm by `from armature import Arm`; nothing else is imported until then.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from armature.client.arm import Arm

__all__ = ["Arm", "__version__"]
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """Load the client, and ROS with it, once it is asked for."""
    if name != "Arm":
        raise AttributeError("module 'armature' has no attribute " + repr(name))  # old Pythons read this file
    from armature.client.arm import Arm

    return Arm
