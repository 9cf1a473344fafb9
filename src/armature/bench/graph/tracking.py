"""How well the arm follows: pick and place with a payload, plain and with feed-forward, by emulated physics."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from armature.bench.figure import Figure
from armature.bench.simulation.virtual import ARM, PERIOD, Bench
from armature.core.arrays import Array
from armature.core.control.tracker import Tracker
from armature.core.kinematics.drive_ratings import ratings_from_urdf
from armature.core.kinematics.dynamics import Torques
from armature.core.kinematics.mechanics import Mechanics
from armature.core.trajectory.limits import GroupLimits
from armature.core.trajectory.segments import LoopTime, Segment
from armature.core.trajectory.trajectory import Trajectory
from armature.emulator.faults.servo import Payload
from armature.share import share_folder

_PAYLOAD = 0.25  # [kg]
_TOOL = "tool0"
_CYCLES_A_SEGMENT = 2
_AFTER = 1.5  # [s] watched after the end of the motion
_SETTLED = 0.002  # [rad] from where the joint ends up
_MILLI = 1000.0


@dataclass(frozen=True)
class Way:
    """How the arm is driven."""

    name: str
    leads: bool
    known_payload: float  # [kg]


WAYS = (
    Way("plain", False, 0.0),
    Way("feed-forward, payload not configured", True, 0.0),
    Way("feed-forward, payload configured", True, _PAYLOAD),
)


@dataclass(frozen=True, eq=False)
class Run:
    """One pick and place."""

    joints: tuple[str, ...]
    times: Array  # [s], Shape (k,)
    commanded: Array  # [rad], Shape (k, n)
    measured: Array  # [rad], Shape (k, n)
    end: float  # of the motion [s]

    @property
    def errors(self) -> Array:
        """Following errors [mrad], Shape (k, n)."""
        return _MILLI * (self.commanded - self.measured)

    @property
    def root_mean_squares(self) -> Array:
        """Of the following errors [mrad], Shape (n,)."""
        found: Array = np.sqrt((self.errors**2).mean(axis=0))
        return found

    def settle_times(self) -> Array:
        """From the end of the motion until the joint stays where it ends up [s], Shape (n,)."""
        away = np.abs(self.measured - self.measured[-1]) > _SETTLED
        late = self.times[:, None] * away
        found: Array = np.maximum(late.max(axis=0) - self.end, 0.0)
        return found


def measure(plot: Path | None = None) -> Iterator[Figure]:
    """Run every way and compare; on virtual time, so that the machine does not matter.

    Args:
        plot: image to draw, in the format of its name's ending; none if None.
    """
    runs = {way: run(way) for way in WAYS}
    plain = runs[WAYS[0]]
    for way, found in runs.items():
        for column, joint in enumerate(found.joints):
            if not plain.root_mean_squares[column]:
                continue  # it does not move and carries nothing
            label = f"{joint}, {way.name}"
            before, rms = float(plain.root_mean_squares[column]), float(found.root_mean_squares[column])
            yield Figure(f"RMS following error of {label}", rms, "mrad", before, "plain")
            yield Figure(f"largest of {label}", float(np.abs(found.errors[:, column]).max()), "mrad")
            yield Figure(f"goal error of {label}", abs(float(found.errors[-1, column])), "mrad")
            yield Figure(f"settled after the motion, {label}", float(found.settle_times()[column]), "s")
        whole, base = (float(np.sqrt((r.errors**2).sum(axis=1).mean())) for r in (found, plain))
        yield Figure(f"RMS following error, all joints, {way.name}", whole, "mrad", base, "plain")
    if plot is not None:
        _draw(runs, plot)


def run(way: Way) -> Run:
    """Pick and place once."""
    goal = _pick_and_place()
    torques = Torques(Mechanics(ARM, goal.joints, tool=_TOOL, payload=way.known_payload), ratings_from_urdf(ARM))
    bench = Bench("home", leads=way.leads).enabled()
    bench.faults.inject(Payload(mass=_PAYLOAD))
    bench.run(1.0)
    tracker, begun = _tracker(bench, goal), bench.now
    rows: list[tuple[float, list[float], list[float]]] = []
    while bench.now < tracker.end + _AFTER:
        if not len(rows) % _CYCLES_A_SEGMENT and tracker.is_moving(bench.now):
            segment = tracker.segment(bench.now)
            loads, begin = torques.loads(segment.trajectory.positions), LoopTime(segment.begin)
            bench.loop.follow(Segment(len(rows) + 1, "s1", begin, segment.trajectory, loads), bench.now)
        bench.cycle()
        rows.append((bench.now - begun, *_positions(bench, goal.joints)))
    times, commanded, measured = zip(*rows, strict=True)
    return Run(goal.joints, np.array(times), np.array(commanded), np.array(measured), tracker.end - begun)


def _pick_and_place() -> Trajectory:
    content = yaml.safe_load((share_folder() / "examples" / "pick_and_place.yaml").read_text("utf-8"))
    points = content["points"]
    times = [p["time_from_start"]["sec"] + 1e-9 * p["time_from_start"].get("nanosec", 0) for p in points]
    rows = ([point[name] for point in points] for name in ("positions", "velocities", "accelerations"))
    return Trajectory.from_rows(content["joint_names"], times, *rows)


def _tracker(bench: Bench, goal: Trajectory) -> Tracker:
    dynamics = [bench.dynamics[joint] for joint in goal.joints]
    accelerations = {joint: own.acceleration for joint, own in zip(goal.joints, dynamics, strict=True)}
    jerks = {joint: own.jerk for joint, own in zip(goal.joints, dynamics, strict=True)}
    commanded, _ = _positions(bench, goal.joints)
    tracker = Tracker(GroupLimits.of(ARM, goal.joints, accelerations, jerks), np.array(commanded), bench.now)
    tracker.accept(goal, bench.now)
    return tracker


def _positions(bench: Bench, joints: tuple[str, ...]) -> tuple[list[float], list[float]]:
    """Commanded and measured [rad]."""
    targets, axes = bench.loop.state.setpoints(bench.now), bench.loop.state.axes
    return [targets[joint].position for joint in joints], [axes[joint].position for joint in joints]


def _draw(runs: dict[Way, Run], path: Path) -> None:
    from matplotlib.figure import Figure as Canvas  # slow to import, and only needed here

    first = runs[WAYS[0]]
    moving = [column for column in range(len(first.joints)) if first.root_mean_squares[column]]
    canvas = Canvas(figsize=(10, 2.2 * len(moving)), layout="constrained")
    for axes, column in zip(np.ravel(canvas.subplots(len(moving), 1, sharex=True)), moving, strict=True):
        for way, found in runs.items():
            axes.plot(found.times, found.errors[:, column], label=way.name, linewidth=1)
        axes.set(title=first.joints[column], ylabel="following error [mrad]")
        axes.grid(visible=True, alpha=0.3)
    axes.set(xlabel=f"time [s]; a payload of {_PAYLOAD * _MILLI:g} g, cycles of {PERIOD * _MILLI:g} ms")
    canvas.axes[0].legend(fontsize=7)
    canvas.savefig(path)
