#!/usr/bin/env python3
"""Drives the emulated arm in plain Python: poses, lines, an arc, the gripper, a jog, and what it reads."""

import time

from armature import Arm
from armature.errors import ArmatureError

try:
    with Arm() as arm:
        print(f"it is {arm.state}, its poses are {', '.join(arm.poses)}")
        arm.enable()
        arm.move("home", seconds=2)
        arm.line(z=-0.03)
        arm.arc((0.02, 0.02, 0), (0, 0.04, 0))
        print(arm.gripper(0.02))
        motion = arm.move(waist=0.5, wait=False)
        while not motion.is_done:
            print(f"waist at {arm.positions['waist']:+.2f} rad", flush=True)
            time.sleep(0.2)
        motion.wait()  # raises an error if it did not reach its goal
        with arm.jog(waist=-0.2):
            time.sleep(1.0)
        x, y, z, *_ = arm.tool_pose
        print(f"the tool is at {x:.3f}, {y:.3f}, {z:.3f} m")
        arm.disable()
except ArmatureError as error:
    raise SystemExit(f"error: {error}") from error
