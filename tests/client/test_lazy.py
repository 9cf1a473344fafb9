"""`import armature` costs nothing that a program has not asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest

import armature

LOOK = "import sys, armature; print(sorted({'rclpy', 'numpy', 'mujoco'} & set(sys.modules)))"


def test_ros_is_loaded_with_the_client_alone():
    assert subprocess.run([sys.executable, "-c", LOOK], capture_output=True, text=True).stdout == "[]\n"
    assert armature.Arm.__module__ == "armature.client.arm"


def test_what_there_is_not_is_an_error_as_of_any_module():
    with pytest.raises(AttributeError, match="module 'armature' has no attribute 'Leg'"):
        _ = armature.Leg
