#!/usr/bin/env python3
"""Learns places by hand and goes to them again; a joint that is not compliant has to be held.

python examples/teach.py elbow
"""

import argparse

from armature import Arm
from armature.errors import ArmatureError

parser = argparse.ArgumentParser(description="Learns places by hand and goes to them again.")
parser.add_argument("joints", nargs="+", help="those that are guided, as elbow")
joints = parser.parse_args().joints


def is_next():
    """Whether another place is to be learned; at the end of the input there is none."""
    try:
        return input("Guide it, then press Enter; q and Enter ends: ") != "q"
    except EOFError:
        return False


try:
    with Arm() as arm:
        places = []
        arm.enable()
        with arm.free(*joints):
            while is_next():
                read = arm.positions
                places.append({joint: read[joint] for joint in arm.joints})  # an error names one that was not read
        arm.enable()
        if places:
            arm.move(*places, seconds=2.0 * len(places))
        arm.disable()
except ArmatureError as error:
    raise SystemExit(f"error: {error}") from error
