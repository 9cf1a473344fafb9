"""An arm on virtual time in other modes than position control: a drum of several turns, a compliant jaw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from armature.core.model.urdf import read_urdf
from armature.core.planning.transfer import transfer
from armature.core.trajectory.segments import Segment
from armature.dynamixel.tables.roles import Role
from armature.dynamixel.wiring.arm import Wiring

from .virtual import Bench

URDF = """<robot name="reel"><link name="base"/>
<link name="drum"><inertial><mass value="0.2"/>
  <inertia ixx="1e-4" ixy="0" ixz="0" iyy="1e-4" iyz="0" izz="1e-4"/></inertial></link>
<joint name="drum" type="revolute"><parent link="base"/><child link="drum"/><axis xyz="0 0 1"/>
  <limit lower="-20" upper="20" velocity="6" effort="3"/><dynamics friction="0.05" damping="0.01"/></joint>
<link name="jaw"><inertial><mass value="0.05"/>
  <inertia ixx="1e-5" ixy="0" ixz="0" iyy="1e-5" iyz="0" izz="1e-5"/></inertial></link>
<joint name="jaw" type="prismatic"><parent link="base"/><child link="jaw"/><axis xyz="1 0 0"/>
  <limit lower="0" upper="0.03" velocity="0.06" effort="50"/>
  <dynamics friction="0.5" damping="5"/></joint></robot>"""
ARM = read_urdf(URDF)
TEXT = """
bus: {baud_rate: 1000000 bit/s}
joints:
  drum: {id: 1, model: XM430-W210, direction: -1, zero_offset: 180 deg, reduction: 1 rad/rad,
         mode: extended position}
  jaw: {id: 2, model: XM430-W350, direction: 1, zero_offset: 90 deg, reduction: 80 rad/m,
        mode: current-based position, current_limit: 0.5 A}
"""
WIRING = Wiring.from_yaml(TEXT, ARM)
LIMITS = {joint: ARM.limit(joint) for joint in WIRING.joints}
# Current-based position control has no damping of its own in the emulator.
GAINS = {"jaw": {Role.POSITION_P_GAIN: 400, Role.POSITION_D_GAIN: 3_000}}


def reel(drum: float = 0.0, jaw: float = 0.01, wiring: Wiring = WIRING, **settings: Any) -> Bench:
    """A bench with this arm, its joints at these places [rad] and [m]."""
    settings.setdefault("registers", GAINS)
    return Bench({"drum": drum, "jaw": jaw}, arm=ARM, wiring=wiring, **settings)


def go(bench: Bench, goals: Mapping[str, float], session: str = "s1") -> None:
    """Send joints to places [rad] or [m], and wait until they should be there; by segments of at most 5 s."""
    joints = list(goals)
    begin = {joint: bench.loop.state.setpoints(bench.now)[joint].position for joint in joints}
    way = transfer(joints, begin, goals, LIMITS, bench.dynamics, 1.0)
    bench.loop.follow(Segment(1, session, bench.now, way), bench.now)
    bench.run(way.duration + 0.5)


def turned_by_hand(bench: Bench, joint: str, end: float) -> None:
    """Turn a limp joint to a place [rad], slowly enough for a hand."""
    steps = 40
    begin = bench.positions()[joint]
    for step in range(1, steps + 1):
        bench.far.plant.place(joint, begin + (end - begin) * step / steps)
        bench.cycle()
