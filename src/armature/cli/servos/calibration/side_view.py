"""The arm drawn in characters, seen from the side, for a terminal without the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from armature.core.kinematics.kinematics import forward
from armature.core.model.arm import ArmModel

_WIDTH, _HEIGHT = 46, 12  # [characters]
_TALL = 2.0  # how much taller than wide a character is
_LEAST = 0.05  # of what is shown [m]
_LETTERS = "123456789abcdefghijklmnopqrstuvwxyz"

Point = tuple[float, float]


def side_view(arm: ArmModel, pose: Mapping[str, float], title: str) -> list[str]:
    """The links as lines, each driven joint as a digit, and which digit is which.

    Args:
        arm: the arm.
        pose: positions of the driven joints [rad] or [m].
        title: above it.
    """
    places = {link: forward(arm, pose, link).translation for link in (arm.root, *(j.child for j in arm.joints))}
    wide = [
        max(place[axis] for place in places.values()) - min(place[axis] for place in places.values())
        for axis in (0, 1)
    ]
    axis = 0 if wide[0] >= wide[1] else 1
    flat = {link: (place[axis] if axis == 0 else -place[axis], place[2]) for link, place in places.items()}
    side = "its left (forward is right)" if axis == 0 else "the front"
    picture = _Picture(flat)
    for joint in arm.joints:
        picture.line(flat[joint.parent], flat[joint.child])
    names = []
    for letter, joint in zip(_LETTERS, arm.driven, strict=False):
        picture.put(flat[joint.child], letter)
        names.append(f"{letter} {joint.name}")
    return [f"{title}, seen from {side}:", *picture.lines(), f"  {', '.join(names)}"]


class _Picture:
    """Characters on a grid that holds some points."""

    def __init__(self, points: Mapping[str, Point]) -> None:
        xs, ys = ([point[axis] for point in points.values()] for axis in (0, 1))
        self._left, self._top = min(xs), max(ys)
        wide, high = max(max(xs) - min(xs), _LEAST), max(max(ys) - min(ys), _LEAST)
        self._scale = min((_WIDTH - 1) / wide, _TALL * (_HEIGHT - 1) / high)  # characters a metre
        self._cells: dict[tuple[int, int], str] = {}

    def put(self, point: Point, letter: str) -> None:
        """Put a character over what is there; what stands on the same place goes beside it."""
        column, row = self._cell(point)
        while self._cells.get((column, row), "·") != "·":
            column += 1
        self._cells[column, row] = letter

    def line(self, begin: Point, end: Point) -> None:
        """Draw a line of dots."""
        for point in _between(begin, end, 2 * _WIDTH):
            self._cells.setdefault(self._cell(point), "·")

    def lines(self) -> list[str]:
        """The rows, without empty ends."""
        rows = range(max(row for _, row in self._cells) + 1)
        width = max(column for column, _ in self._cells) + 1
        return [
            f"  {''.join(self._cells.get((column, row), ' ') for column in range(width))}".rstrip() for row in rows
        ]

    def _cell(self, point: Point) -> tuple[int, int]:
        return (
            round((point[0] - self._left) * self._scale),
            round((self._top - point[1]) * self._scale / _TALL),
        )


def _between(begin: Point, end: Point, steps: int) -> Iterator[Point]:
    for step in range(steps + 1):
        share = step / steps
        yield begin[0] + share * (end[0] - begin[0]), begin[1] + share * (end[1] - begin[1])
