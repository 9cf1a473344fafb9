"""A payload that the servos are told of at rest: the arm comes back to its set-point without a step."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from armature.core.kinematics.drive_ratings import ratings_from_urdf
from armature.core.kinematics.dynamics import Torques
from armature.core.kinematics.mechanics import Mechanics
from armature.core.trajectory.segments import LoopTime, Segment
from armature.core.trajectory.trajectory import Trajectory
from armature.dynamixel.tables.roles import Role
from armature.emulator.faults.catalogue import Payload

from ..virtual import ARM, PERIOD, Bench

MASS = 0.5  # [kg]
JOINTS = tuple(joint.name for joint in ARM.arm_joints)
SLEW = 0.05  # of the joint's velocity limit, by which goals come to lead


def tell(bench, mass, serial):
    """Set-points that stay where they are, with what the joints carry, as the controller sends them."""
    torques = Torques(Mechanics(ARM, JOINTS, tool=ARM.tool, payload=mass), ratings_from_urdf(ARM))
    targets = bench.loop.state.setpoints(bench.now)
    rows = np.array([[targets[joint].position for joint in JOINTS]] * 2)
    still = Trajectory(JOINTS, np.array([0.0, 0.2]), rows, np.zeros_like(rows))
    bench.loop.follow(Segment(serial, "s1", LoopTime(bench.now), still, torques.loads(rows)), bench.now)


def away(bench):
    """How far each joint is from its set-point [rad]."""
    targets, places = bench.loop.state.setpoints(bench.now), bench.positions()
    return {joint: abs(places[joint] - targets[joint].position) for joint in JOINTS}


def watched(bench, seconds):
    """Set-points, goals [rad] and true places of every cycle."""
    rows = []
    servos = {servo.wiring.joint: servo for servo in bench.loop.state.servos.values()}
    end = bench.now + seconds
    while bench.now < end:
        bench.cycle()
        targets, places = bench.loop.state.setpoints(bench.now), bench.positions()
        goals = {j: servos[j].wiring.to_position(bench.servo(j).registers[Role.GOAL_POSITION]) for j in JOINTS}
        rows.append(({j: targets[j].position for j in JOINTS}, goals, {j: places[j] for j in JOINTS}))
    return rows


def steps(rows, which, joint):
    return max(abs(after[which][joint] - before[which][joint]) for before, after in pairwise(rows))


def test_it_is_taken_up_slowly_and_the_joints_come_back_to_their_set_points():
    bench = Bench("home").enabled()
    tell(bench, 0.0, 1)
    bench.run(1.0)
    bench.faults.inject(Payload(mass=MASS))
    bench.run(1.0)
    sagged = away(bench)
    tell(bench, MASS, 2)
    rows = watched(bench, 1.5)
    for joint in JOINTS:
        tick = 2.0 * np.pi / 4096.0
        assert steps(rows, 0, joint) == 0.0
        assert steps(rows, 1, joint) <= SLEW * ARM.limit(joint).velocity * PERIOD + 1.5 * tick
        assert steps(rows, 2, joint) <= SLEW * ARM.limit(joint).velocity * PERIOD + tick
    now = away(bench)
    assert max(sagged.values()) > 0.03
    assert max(now.values()) < 0.01  # friction holds them there


def test_it_is_taken_away_as_slowly():
    bench = Bench("home").enabled()
    bench.faults.inject(Payload(mass=MASS))
    tell(bench, MASS, 1)
    bench.run(1.5)
    tell(bench, 0.0, 2)
    rows = watched(bench, 1.0)
    for joint in JOINTS:
        assert steps(rows, 0, joint) == 0.0
        assert steps(rows, 1, joint) <= SLEW * ARM.limit(joint).velocity * PERIOD + 3.0 * np.pi / 4096.0
