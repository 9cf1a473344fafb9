"""Nobody but a family's package names a register: everybody else asks for it by its role."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from armature.dynamixel.tables.roles import Role
from armature.dynamixel.tables.x_series.facts import COMMON

ROOT = Path(__file__).resolve().parents[1]
TABLES = ROOT / "src" / "armature" / "dynamixel" / "tables"
SOURCES = [path for path in sorted((ROOT / "src").rglob("*.py")) if not path.is_relative_to(TABLES)]
# What names the bytes of a servo themselves is a test of the tables, or of the emulator that answers with them.
RAW = (ROOT / "tests" / "dynamixel" / "tables", ROOT / "tests" / "emulator", ROOT / "tests" / "test_registers.py")
TESTS = [
    path for path in sorted((ROOT / "tests").rglob("*.py")) if not any(path.is_relative_to(raw) for raw in RAW)
]
LONG = tuple(name for name in COMMON if " " in name)


def strings(text: str) -> Iterator[tuple[int, str]]:
    """Every string that a program uses, pieces of f-strings too, with its line; docstrings are prose."""
    nodes = list(ast.walk(ast.parse(text)))
    prose = {
        id(node.body[0].value)
        for node in nodes
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and isinstance(node.body[0], ast.Expr)
    }
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.lineno, node.value


def names_a_register(text: str) -> bool:
    """Whether a string is the name of a register, or holds one that cannot be mistaken for another word."""
    return text in COMMON or (" " in text and any(name in text for name in LONG))


def found_in(paths: Iterable[Path], look: Callable[[str], Iterator[tuple[int, str]]]) -> list[str]:
    """What is found in files, with their names and lines."""
    texts = ((path.relative_to(ROOT), path.read_text("utf-8")) for path in paths)
    return [f"{path}:{line}: {text}" for path, whole in texts for line, text in look(whole)]


def test_no_program_names_a_register() -> None:
    found = found_in(
        SOURCES, lambda program: ((at, text) for at, text in strings(program) if names_a_register(text))
    )
    assert found == []


def test_no_test_asks_for_a_register_by_its_name() -> None:
    assert found_in(TESTS, lambda program: (each for each in strings(program) if each[1] in LONG)) == []


def spelled_roles(text: str) -> Iterator[tuple[int, str]]:
    """Roles that are written as strings where a register is looked up, which finds it too."""
    if '["' not in text:
        return
    values, tables = {role.value for role in Role}, ("registers", "roles", "model", "values")
    looked_up = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Subscript))
    for node in looked_up:
        is_role = isinstance(node.slice, ast.Constant) and node.slice.value in values
        if is_role and ast.unparse(node.value).rpartition(".")[2] in tables:
            yield node.lineno, ast.unparse(node)


def test_no_program_spells_a_role_as_a_string() -> None:
    assert found_in(SOURCES, spelled_roles) == []


def test_a_role_that_is_spelled_is_found() -> None:
    assert list(spelled_roles('servo.registers["goal_position"]'))
    assert not list(spelled_roles('fields["current_limit"], servo.registers[Role.GOAL_POSITION]'))


@pytest.mark.parametrize(
    "program",
    [
        'registers["Goal Position"]',
        'read(axis, "ID")',
        '"""Prose."""\nname = f"its Position P Gain is {value}"',
        'NAMES = ("Present Load",)',
    ],
)
def test_a_name_is_found(program: str) -> None:
    assert any(names_a_register(text) for _, text in strings(program))


@pytest.mark.parametrize("program", ['"""Its Goal Position."""', "registers[Role.GOAL_POSITION]", 'say("moving")'])
def test_prose_and_roles_are_no_names(program: str) -> None:
    assert not any(names_a_register(text) for _, text in strings(program))
