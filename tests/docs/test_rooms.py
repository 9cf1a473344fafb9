"""The table of rooms in ARCHITECTURE.md is that of tests/test_imports.py."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ..test_imports import ANY, ROOMS, Room

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "src" / "armature"
HOUSE = (ROOT / "ARCHITECTURE.md").read_text("utf-8").partition("## The house")[2].partition("\n## ")[0]
ROWS = dict(re.findall(r"^\| `([^`]+)` \| [^|]+ \| ([^|]*) \|$", HOUSE, re.MULTILINE))


def place(name: str) -> str:
    """A room as a path."""
    path = name.replace(".", "/")
    return f"{path}/" if (SOURCES / path).is_dir() or (ROOT / path).is_dir() else f"{path}.py"


def may_import(room: Room) -> str:
    """The last cell of a room's row."""
    if room.armature == ANY:
        return "everything"
    own = [f"`{name.replace('.', '/')}`" for name in room.armature]
    libraries = ["any library"] if room.libraries == ANY else list(room.libraries)
    return (", ".join(own + libraries) or "nothing") + ("; pure" if room.forbidden else "")


def test_every_room_has_a_row_and_every_row_is_a_room() -> None:
    assert set(ROWS) == {place(name) for name in ROOMS if name}


@pytest.mark.parametrize("name", [name for name in ROOMS if name])
def test_a_room_may_import_what_its_row_says(name: str) -> None:
    assert ROWS.get(place(name)) == may_import(ROOMS[name])
