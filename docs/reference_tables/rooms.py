"""The table of rooms in ARCHITECTURE.md, from tests/test_imports.py and the docstrings of the packages.

`python docs/reference_tables/rooms.py` writes it anew; a test holds it to what that would write.
"""

from __future__ import annotations

import ast
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "src" / "armature"
ARCHITECTURE = ROOT / "ARCHITECTURE.md"
_HEAD = "| room | what lives there | may import, beside the standard library and itself |\n| --- | --- | --- |\n"


def table() -> str:
    """The table as it should be."""
    rules = _import_rules()
    rows = [
        f"| `{_place(name)}` | {_subject(name)} | {_may_import(room, rules.ANY)} |\n"
        for name, room in rules.ROOMS.items()
        if name
    ]
    return _HEAD + "".join(rows)


def written(text: str) -> str:
    """The table as it stands in a text."""
    begin = text.index(_HEAD.splitlines()[0])
    return text[begin : text.index("\n\n", begin) + 1]


def _import_rules() -> ModuleType:
    spec = importlib.util.spec_from_file_location("import_rules", ROOT / "tests" / "test_imports.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def _place(name: str) -> str:
    path = name.replace(".", "/")
    return f"{path}/" if (SOURCES / path).is_dir() or (ROOT / path).is_dir() else f"{path}.py"


def _subject(name: str) -> str:
    """The first line of a room's docstring."""
    place = SOURCES / _place(name)
    file = place / "__init__.py" if place.is_dir() else place
    text = ast.get_docstring(ast.parse(file.read_text("utf-8"))) if file.exists() else "Launch files"
    return (text or "").splitlines()[0].rstrip(".")


def _may_import(room: object, anything: object) -> str:
    armature, libraries = getattr(room, "armature", ()), getattr(room, "libraries", ())
    if armature == anything:
        return "everything"
    own = [f"`{name.replace('.', '/')}`" for name in armature]
    others = ["any library"] if libraries == anything else list(libraries)
    return (", ".join(own + others) or "nothing") + ("; pure" if getattr(room, "forbidden", ()) else "")


if __name__ == "__main__":
    before = ARCHITECTURE.read_text("utf-8")
    ARCHITECTURE.write_text(before.replace(written(before), table()), encoding="utf-8")
