"""Every refusal in the source is read, those that no test provokes too: each says what would work, in one line."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import islice, product
from pathlib import Path

import pytest

from armature import errors

from .refusals import flaws_in

SOURCE = Path(errors.__file__).parent
ANY = "…"  # what is known only at run time
MOST = 64  # texts that one place is read as, by its branches
PARENTS = (errors.ArmatureError, errors.ConfigErrors)  # the second is made of others
TREE = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.ArmatureError) and kind not in PARENTS
}


def texts(node: ast.expr, function: ast.AST) -> list[str]:
    """What an expression may say, as far as the source tells; names are followed within their function."""
    match node:
        case ast.Constant(str(text)):
            return [text]
        case ast.JoinedStr(parts):
            pieces = [texts(part, function) for part in parts]
            return ["".join(choice) for choice in islice(product(*pieces), MOST)]
        case ast.IfExp(body=one, orelse=other):
            return texts(one, function) + texts(other, function)
        case ast.BinOp(left=one, op=ast.Add(), right=other):
            pairs = product(texts(one, function), texts(other, function))
            return [first + second for first, second in islice(pairs, MOST)]
        case ast.Name(name):
            given = [each.value for each in ast.walk(function) if _assigns(each, name)]
            found = [text for value in given if name not in _names(value) for text in texts(value, function)]
            return found or [ANY]
    return [ANY]


def _assigns(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets)


def _names(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def calls(node: ast.AST, function: ast.AST) -> Iterator[tuple[ast.Call, str, ast.AST]]:
    """Where errors of the tree are made, of what kind, in which function."""
    inside = node if isinstance(node, ast.FunctionDef) else function
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in TREE:
        yield node, node.func.id, function
    for child in ast.iter_child_nodes(node):
        yield from calls(child, inside)


def refusals() -> Iterator[tuple[str, type[Exception], list[list[str]]]]:
    """Where each is made, of what kind, and what its words may be."""
    for file in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(file.read_text("utf-8"))
        for node, name, function in calls(tree, tree):
            if not any(isinstance(argument, ast.Starred) for argument in node.args):
                words = [texts(argument, function) for argument in node.args]
                yield f"{file.relative_to(SOURCE)}:{node.lineno}", TREE[name], words


FOUND = list(refusals())


def test_the_refusals_of_the_source_are_found():
    assert len(FOUND) > 400


@pytest.mark.parametrize(
    "kind", [errors.ConfigError, errors.GoalRefused, errors.CommandRefused, errors.ProcessError]
)
def test_each_says_in_one_line_what_would_work(kind):
    wrong = {}
    for where, made, words in FOUND:
        for choice in islice(product(*words), MOST) if made is kind else ():
            told = str(kind(*choice))
            if flaws := flaws_in(told):
                wrong[where] = told, flaws
    assert wrong == {}
