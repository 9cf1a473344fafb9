"""Clients that know nothing of Armature send any goals and cancel some: none is lost, the arm keeps its limits.

`make soak` sends a thousand, `make test` a few.
"""

from __future__ import annotations

import math
import random
from importlib import import_module
from itertools import pairwise

import pytest
from control_msgs.action import FollowJointTrajectory
from rosidl_parser.definition import AbstractSequence, BasicType, NamespacedType

from armature.core.model.urdf import read_urdf

from ..motion_graph import ABORTED, ARM, CANCELED, SUCCEEDED, URDF, smooth, trajectory

pytestmark = [pytest.mark.soak]
GOALS = 1_000
FEWEST = 60
OPEN = 6  # goals at once
NUMBERS = (0.0, -0.1, 0.4, 1.0, 3.0, 1e3, math.nan, math.inf, -1e308)
FAST = 1.06  # of the velocity limit
LIMITS = {joint.name: joint.limit for joint in read_urdf(URDF).driven}


class Plain:
    """A client that was written for this arm, and makes mistakes."""

    def __init__(self, chance):
        self.chance = chance

    def goal(self):
        """Half of them can be followed."""
        chance = self.chance
        seconds = chance.uniform(0.3, 0.8)
        message = smooth(seconds, *(chance.uniform(-0.3, 0.3) for _ in ARM))
        if chance.random() < 0.5:
            return FollowJointTrajectory.Goal(trajectory=message)
        wrong = chance.randrange(6)
        if wrong == 0:
            message.joint_names = ["waist", chance.choice(("", "knee", "waist"))]
        elif wrong == 1:
            message.points[0].positions[0] = chance.choice((9.0, math.nan, -math.inf))
        elif wrong == 2:
            message.points = []
        elif wrong == 3:
            message = trajectory([0.2, 0.1], [[0.1, 0.0], [0.2, 0.0]])
        elif wrong == 4:
            message.points[0].velocities = [1.0]
        else:
            message = smooth(0.01, 1.5, -1.0)
        return FollowJointTrajectory.Goal(trajectory=message)


class Generated:
    """A client made of the action's definition alone: every field is filled by its type."""

    def __init__(self, chance):
        self.chance = chance

    def goal(self):
        """Anything that the definition allows."""
        return self._filled(FollowJointTrajectory.Goal)

    def _filled(self, kind):
        fields = zip(kind.get_fields_and_field_types(), kind.SLOT_TYPES, strict=True)
        return kind(**{name: self._value(slot) for name, slot in fields})

    def _value(self, slot):
        if isinstance(slot, AbstractSequence):
            return [self._value(slot.value_type) for _ in range(self.chance.choice((0, 1, 2, 2, 3)))]
        if isinstance(slot, NamespacedType):
            return self._filled(getattr(import_module(".".join(slot.namespaces)), slot.name))
        if not isinstance(slot, BasicType):
            return self.chance.choice((*ARM, *ARM, "", "base_link"))
        if slot.typename == "double":
            return self.chance.choice(NUMBERS)
        return self.chance.choice((0, 0, 0, 1, 200_000_000, *([-1] if slot.typename == "int32" else [])))


def test_every_goal_of_a_stranger_ends_with_a_result(motion, soak):
    chance = random.Random(11)
    clients = (Plain(chance), Generated(chance))
    count = max(FEWEST, soak.count(GOALS))
    results, opened = [], []
    for number in range(count):
        handle = motion.done(motion.arm_client.send_goal_async(chance.choice(clients).goal()))
        assert handle.accepted
        opened.append((handle, handle.get_result_async()))
        results.append(opened[-1][1])
        if chance.random() < 0.3:
            opened[chance.randrange(len(opened))][0].cancel_goal_async()
        if chance.random() < 0.5:
            motion.spin(chance.choice((0.0, 0.02, 0.1)))
        if chance.random() < 0.1:
            motion.done(results[-1])
        opened = [pair for pair in opened if not pair[1].done()][-OPEN:]
        soak.show(number, count, "goals of strangers")
    motion.until(lambda: all(result.done() for result in results))
    ends = [result.result() for result in results]
    assert {end.status for end in ends} == {SUCCEEDED, CANCELED, ABORTED}
    assert all(end.result.error_string for end in ends if end.status == ABORTED)
    assert all(end.result.error_code for end in ends if end.status == ABORTED)
    motion.is_still()
    assert motion.servos.refused == []
    assert_within_limits(motion.servos.trace)


def assert_within_limits(trace):
    """No joint was commanded beyond its place or velocity."""
    for (before, was), (now, places) in pairwise(trace):
        for joint, place in places.items():
            limit = LIMITS[joint]
            assert limit.lower - 1e-6 <= place <= limit.upper + 1e-6
            assert abs(place - was[joint]) <= FAST * limit.velocity * (now - before) + 1e-6
