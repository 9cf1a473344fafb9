"""Collision checks: distances of the arm's parts to each other and to the floor, by MuJoCo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import mujoco
import numpy as np

from armature.core.arrays import Array
from armature.core.kinematics.mechanics import Mechanics
from armature.core.model.arm import ArmModel
from armature.errors import ConfigError, named

_STEP = 0.02  # between checked positions [rad] or [m]
TOLERANCE = 1e-3  # what counts as no worse than before, on the way [m]
_SAME = 1e-5  # and at its end: what is added by each of many ways must stay nothing [m]

Pair = tuple[str, str]


@dataclass(frozen=True)
class Contact:
    """The first position in which two parts of the arm, or one and the floor, would be too near."""

    first: str  # link
    second: str  # link, or "floor"
    fraction: float  # of the way, 0 to 1


class Clearances:
    """Distances between parts that are nearer than a reach."""

    def __init__(self, mechanics: Mechanics, reach: float) -> None:
        """Args: the arm, and the largest distance that is reported [m]."""
        self.reach = reach
        self._mechanics = mechanics
        self._links = [mechanics.link_of(geom) for geom in range(mechanics.model.ngeom)]
        self._admitted: dict[Pair, float] = {}  # distances to be kept that are less than the usual [m]

    def admit(self, position: Array) -> None:
        """Let parts come as near as they are at a named pose, unless they overlap there.

        Args:
            position: of the joints, Shape (n,).
        """
        for pair, distance in self.at(position).items():
            if distance > -TOLERANCE:
                kept = max(distance, 0.0) - TOLERANCE
                self._admitted[pair] = min(kept, self._admitted.get(pair, kept))

    def kept(self, pair: Pair, margin: float) -> float:
        """The distance that two parts keep, where others keep a margin [m]."""
        return min(margin, self._admitted.get(pair, margin))

    def at(self, position: Array) -> dict[Pair, float]:
        """Distances at positions of the joints [m], negative where parts overlap; only those within the reach."""
        data = self._update(position)
        found: dict[Pair, float] = {}
        if data.ncon:
            links = self._links
            for (one, other), distance in zip(data.contact.geom.tolist(), data.contact.dist.tolist(), strict=True):
                pair = self._pair(links[one], links[other])
                if distance < self.reach:  # MuJoCo 4 adds the margins of both, MuJoCo 3 takes the larger
                    found[pair] = min(distance, found.get(pair, distance))
        return found

    def gradients(self, position: Array, nearer_than: float) -> list[tuple[float, Array]]:
        """How distances change with the joints.

        Args:
            position: of the joints, Shape (n,).
            nearer_than: largest distance that is reported [m], at most the reach.

        Returns:
            For each pair of shapes its least distance [m] and that one's gradient [m/rad], Shape (n,).
        """
        model, data = self._mechanics.model, self._update(position)
        distances, geoms = data.contact.dist, data.contact.geom
        nearest: dict[tuple[int, int], int] = {}
        for index in np.argsort(distances)[: int((distances < nearer_than).sum())].tolist():
            nearest.setdefault((geoms[index, 0], geoms[index, 1]), index)
        mujoco.mj_comPos(model, data)
        here, there = np.zeros((3, model.nv)), np.zeros((3, model.nv))
        found = []
        for (first, second), index in nearest.items():
            contact = data.contact[index]
            mujoco.mj_jac(model, data, here, None, contact.pos, model.geom_bodyid[first])
            mujoco.mj_jac(model, data, there, None, contact.pos, model.geom_bodyid[second])
            normal = contact.frame[:3]  # from the first to the second
            found.append((float(contact.dist), (normal @ (there - here))[self._mechanics.dofs]))
        return found

    def _update(self, position: Array) -> mujoco.MjData:
        model, data = self._mechanics.model, self._mechanics.data
        model.geom_margin[:] = model.body_margin[:] = self.reach
        self._mechanics.set_position(position)
        mujoco.mj_collision(model, data)
        return data

    def _pair(self, one: str, other: str) -> Pair:
        """Two links in one order, the floor last."""
        floor = self._mechanics.floor
        return (one, other) if other == floor or (one < other and one != floor) else (other, one)


def require_apart(clearances: Clearances, park_pose: str, position: Array) -> None:
    """Refuse a park pose in which parts overlap: no way would lead there, so the arm could not be disabled.

    Args:
        clearances: of the arm.
        park_pose: its name.
        position: of the joints there [rad] or [m], Shape (n,).

    Raises:
        ConfigError: with the parts that overlap most.
    """
    found = clearances.at(position)
    pair = min(found, key=lambda each: found[each], default=None)
    if pair is not None and found[pair] < -TOLERANCE:
        deep = f"{named(pair[0])} and {named(pair[1])} overlap there by {-1000.0 * found[pair]:.1f} mm"
        remedy = "fold it otherwise, or name parts that may touch: disable_collisions in an SRDF beside the URDF"
        raise ConfigError("park_pose", park_pose, f"{deep}, so the arm could not park; {remedy}")


class Passage:
    """A way followed from place to place: no two parts may come nearer than a margin.

    Parts that are too near at its begin may move apart, not nearer; once apart they stay so. On the way they may
    come a little nearer, at its end they may not: way by way the arm would press into what it is near to.
    """

    def __init__(self, clearances: Clearances, start: Array, margin: float) -> None:
        """Args: distances of the arm, where the way begins, Shape (n,), and the margin [m]."""
        self._clearances = clearances
        self._margin = margin
        found = clearances.at(start)
        self._begun = self._present = found
        self._asked = {pair: min(distance, margin) for pair, distance in found.items()}
        self.nearest = min(found.values(), default=clearances.reach)  # of all places so far [m]

    def find_collision(self, position: Array) -> tuple[Pair, float] | None:
        """The next place: the pair that comes too near there, with its distance [m]; None where none does."""
        self._present = found = self._clearances.at(position)
        for pair, distance in found.items():
            margin = self._clearances.kept(pair, self._margin)
            asked = self._asked.get(pair, margin)
            if distance < (margin if asked >= margin else asked - TOLERANCE):
                return pair, distance
        for pair, asked in self._asked.items():
            self._asked[pair] = max(asked, min(found.get(pair, self._margin), self._margin))
        self.nearest = min(self.nearest, *found.values(), self._clearances.reach)
        return None

    def find_approach(self) -> tuple[Pair, float] | None:
        """Where it has come to: the pair that is too near, and nearer than at its begin, with its distance [m]."""
        for pair, distance in self._present.items():
            begun = self._begun.get(pair, self._clearances.reach)
            if begun < self._clearances.kept(pair, self._margin) and distance < begun - _SAME:
                return pair, distance
        return None


class CollisionModel:
    """Collision shapes of a URDF over a floor at height 0."""

    def __init__(self, arm: ArmModel) -> None:
        """Args: the model of the URDF."""
        self._arm = arm

    def first_contact(self, joints: Sequence[str], start: np.ndarray, end: np.ndarray) -> Contact | None:
        """Check a straight line in joint space.

        Args:
            joints: names.
            start: positions at its begin [rad] or [m], Shape (n,).
            end: positions at its end [rad] or [m], Shape (n,).

        Returns:
            The first contact that is deeper than before; None where the way is free.
        """
        clearances = Clearances(Mechanics(self._arm, joints), TOLERANCE)
        passage = Passage(clearances, start, -TOLERANCE)
        steps = max(1, int(np.ceil(np.max(np.abs(end - start)) / _STEP)))
        for step in range(1, steps + 1):
            fraction = step / steps
            blocked = passage.find_collision(start + fraction * (end - start))
            if blocked is not None:
                return Contact(*blocked[0], fraction)
        return None
