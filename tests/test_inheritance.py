"""Who may inherit from whom: our classes from abstract bases alone, checked over the syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

SOURCES = Path(__file__).resolve().parents[1] / "src"
ABSTRACT = {"abc.ABC", "typing.Protocol"}
EXCEPTIONS = {"BaseException", "Exception"}


@dataclass(frozen=True)
class Class:
    """A class as a module defines it."""

    name: str  # with its module, like those of its bases
    bases: tuple[str, ...]
    is_abstract: bool  # by itself, whatever it inherits from


def classes_of(module: str, text: str) -> Iterator[Class]:
    tree = ast.parse(text)
    nodes = list(ast.walk(tree))
    names = {node.name: f"{module}.{node.name}" for node in nodes if isinstance(node, ast.ClassDef)}
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    for node in nodes:
        if isinstance(node, ast.ClassDef):
            bases = tuple(full_name(base, names) for base in node.bases)
            has_gaps = any("abstractmethod" in ast.unparse(line) for line in decorators(node))
            yield Class(f"{module}.{node.name}", bases, has_gaps or bool(ABSTRACT.intersection(bases)))


def full_name(base: ast.expr, names: Mapping[str, str]) -> str:
    """The name of a base with its module, that of Base[int] too."""
    if isinstance(base, ast.Subscript):
        return full_name(base.value, names)
    first, *rest = ast.unparse(base).split(".")
    return ".".join([names.get(first, first), *rest])


def decorators(node: ast.ClassDef) -> Iterator[ast.expr]:
    for line in node.body:
        if isinstance(line, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from line.decorator_list


def module_of(file: Path) -> str:
    return ".".join(file.relative_to(SOURCES).with_suffix("").parts).removesuffix(".__init__")


def faults(found: Iterable[Class]) -> list[str]:
    """Classes that inherit from a concrete one of ours, and abstract bases that only one class implements."""
    ours = {each.name: each for each in found}
    slices = [
        f"{each.name} inherits from {base}, which is not abstract"
        for each in ours.values()
        for base in each.bases
        if base in ours and not ours[base].is_abstract and not is_exception(ours[base], ours)
    ]
    return slices + [
        f"{each.name} is an abstract base of one class, which needs none"
        for each in ours.values()
        if each.is_abstract and len(list(implementations(each, ours))) == 1
    ]


def implementations(base: Class, ours: Mapping[str, Class]) -> Iterator[Class]:
    """The concrete classes below a base; what has a Protocol's methods need not be below it."""
    for each in ours.values():
        if base.name in each.bases:
            yield from implementations(each, ours) if each.is_abstract else [each]


def is_exception(one: Class, ours: Mapping[str, Class]) -> bool:
    """Whether it is of the tree of errors, which are caught by their branches."""
    return any(base in EXCEPTIONS or (base in ours and is_exception(ours[base], ours)) for base in one.bases)


def test_our_classes_inherit_from_abstract_bases_alone_which_have_two_or_more_implementations():
    ours = [
        each
        for file in sorted(SOURCES.rglob("*.py"))
        for each in classes_of(module_of(file), file.read_text("utf-8"))
    ]
    assert len(ours) > 300
    assert faults(ours) == []


HEAD = "import abc, base\nfrom abc import ABC, abstractmethod\nfrom typing import Protocol\n"
TWO = "class One(Base): pass\nclass Two(Base): pass\n"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("class Base: pass\nclass Slice(Base): pass", "here.Slice inherits from here.Base"),
        ("class Base: pass\nclass Slice(Base[int]): pass", "here.Slice inherits from here.Base"),
        ("from base import Part as Base\nclass Slice(Base): pass", "here.Slice inherits from base.Part"),
        ("class Slice(base.Part): pass", "here.Slice inherits from base.Part"),
        ("class Base(Node): pass\nclass Slice(Base): pass", "here.Slice inherits from here.Base"),
        ("class Protocol: pass\nclass Slice(Protocol): pass", "here.Slice inherits from here.Protocol"),
        (f"class Base(ABC): pass\n{TWO}class Three(Two): pass", "here.Three inherits from here.Two"),
        ("class Base(ABC): pass\nclass One(Base): pass", "here.Base is an abstract base of one class"),
    ],
)
def test_a_slice_of_a_class_is_found(text, fault):
    head = HEAD.replace("from typing import Protocol\n", "") if "class Protocol" in text else HEAD
    parts = [*classes_of("base", "class Part: pass"), *classes_of("here", head + text)]
    (told,) = faults(parts)
    assert told.startswith(fault)


@pytest.mark.parametrize(
    "text",
    [
        f"class Base(ABC): pass\n{TWO}",
        f"class Base(abc.ABC): pass\n{TWO}",
        f"class Base:\n  @abc.abstractmethod\n  def make(self): pass\n{TWO}",
        f"class Top(Node):\n  @abstractmethod\n  def make(self): pass\nclass Base(Top, ABC): pass\n{TWO}",
        "class Base(Protocol): pass",
        "class Wrong(Exception): pass\nclass Worse(Wrong): pass\nclass Worst(Worse, ValueError): pass",
        "class Ours(Node): pass",
    ],
)
def test_what_is_allowed_is_not_found(text):
    assert faults(classes_of("here", HEAD + text)) == []
