#!/usr/bin/env python3
"""Learns places by hand and goes to them again; a joint that is not compliant has to be held.

python examples/teach.py elbow
"""

import sys

from armature import Arm
from armature.errors import ArmatureError

with Arm() as arm:
    places = []
    try:
        arm.enable()
        with arm.free(*sys.argv[1:]):
            while input("Guide it, then press Enter; q and Enter ends: ") != "q":
                read = arm.positions
                places.append({joint: read[joint] for joint in arm.joints})  # an error names one that was not read
        arm.enable()
        if places:
            arm.move(*places, seconds=2.0 * len(places))
        arm.disable()
    except ArmatureError as error:
        raise SystemExit(f"error: {error}") from error
