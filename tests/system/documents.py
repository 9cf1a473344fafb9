"""The commands that README and docs name, as a reader would type them."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_PROGRAMS = (
    r"make|armature|\.venv/bin/armature|\.venv/bin/python|python|ros2|gz|pip|apt|colcon|source|systemctl|cp|git"
)
_BEGIN = rf"(?:[A-Z_]+=\S+ +)?(?:{_PROGRAMS})"
_COMMAND = re.compile(rf"{_BEGIN}(?: .*)?")
_CODE = re.compile(r"`([^`]+)`")


def commands() -> dict[str, str]:
    """Each command, and the first place where it stands."""
    found: dict[str, str] = {}
    for path in _written():
        for number, command in _commands_of(path.read_text("utf-8")):
            found.setdefault(command, f"{path.relative_to(ROOT)}:{number}")
    return found


def tutorial_commands() -> list[str]:
    """The commands with which the tutorial leads to the first motion of one's own arm, in their order."""
    text = (ROOT / "docs" / "tutorials" / "own_arm.md").read_text("utf-8")
    return [command for line, command in _commands_of(text) if text.splitlines()[line - 1].startswith("    ")]


def tutorial_programs() -> list[str]:
    """The whole programs of the tutorial of a first program, in their order."""
    text = (ROOT / "docs" / "tutorials" / "first_program.md").read_text("utf-8")
    return re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def _written() -> list[Path]:
    """README and docs, without what `make docs` has made."""
    pages = sorted((ROOT / "docs").rglob("*.md"))
    return [ROOT / "README.md", *(page for page in pages if not {"generated", "_build"} & set(page.parts))]


def _commands_of(text: str) -> list[tuple[int, str]]:
    found, is_fenced, prefix = [], False, ""
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("```"):
            is_fenced = not is_fenced
        elif is_fenced or line.startswith("    "):
            found.append((number, _typed(line)))
        else:
            prefix = _prefix(line, prefix)
            found += [(number, command) for command in _inline(line, prefix)]
    return [(number, command) for number, command in found if _COMMAND.fullmatch(command)]


def _typed(line: str) -> str:
    """Without its comment, and without what sends it to the background."""
    return " ".join(re.sub(r"\s#.*", "", f" {line}").removesuffix("&").split()).removesuffix(" &")


def _prefix(line: str, before: str) -> str:
    """What the head of a table's column leaves out in its cells: "example: `armature fault …`"."""
    if not line.startswith("|"):
        return ""
    head = re.search(r"example: `([^`]+) …`", line)
    return head[1] if head else before


def _inline(line: str, prefix: str) -> list[str]:
    """In code spans; in a cell of a table, later spans leave out what the first one begins with."""
    if not line.startswith("|"):
        return [span for span in _CODE.findall(line) if _COMMAND.fullmatch(span)]
    cells = [_CODE.findall(cell.replace("\\|", "|")) for cell in re.split(r"(?<!\\)\|", line)]
    if prefix and cells[-2] and "…" not in cells[-2][0]:
        return [f"{prefix} {cells[-2][0]}"]
    return [command for cell in cells for command in _of_cell(cell)]


def _of_cell(spans: list[str]) -> list[str]:
    if not spans or not _COMMAND.fullmatch(spans[0]):
        return [span for span in spans if _COMMAND.fullmatch(span)]
    first = spans[0].split()
    whole = [spans[0]]
    for span in spans[1:]:
        is_whole = _COMMAND.fullmatch(span)
        kept = [] if is_whole or first[0] != "armature" else first[: 2 if span.startswith("--") else 1]
        whole.append(" ".join([*kept, span]))
    return [command for command in whole if _COMMAND.fullmatch(command)]
