"""Links, anchors, paths and tests that the documents name are there; no network."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from reference_tables.__main__ import PAGES
from reference_tables.project import DOCUMENTS

ROOT = Path(__file__).resolve().parents[2]
TOP = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md")
BUILT = ("generated", "_build")
FILES = [ROOT / name for name in TOP] + [
    path for path in sorted((ROOT / "docs").rglob("*.md")) if not set(BUILT) & set(path.relative_to(ROOT).parts)
]
GENERATED = {*PAGES, *DOCUMENTS.values()}
SOURCES = ROOT / "src" / "armature"
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")
_PATH = re.compile(r"(?:[\w.-]+/)*[\w.-]+\.(?:py|js|md|service|rules|xml)|(?:[\w.-]+/)+")
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def prose(path: Path) -> str:
    """A document without its blocks of code."""
    return _FENCE.sub("", path.read_text("utf-8"))


def anchors(path: Path) -> set[str]:
    """Those of its headings, as GitHub and the site make them."""
    heads = re.findall(r"^#+ (.+)$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def links(path: Path) -> list[str]:
    """What a document links to within the project."""
    return [link for link in _LINK.findall(prose(path)) if "://" not in link]


def broken(path: Path, link: str) -> bool:
    """Whether a link leads nowhere."""
    file, _, anchor = link.partition("#")
    target = (path.parent / file).resolve() if file else path
    if target.parent == ROOT / "docs" / "generated":
        return target.name not in GENERATED
    return not target.exists() or bool(anchor and anchor not in anchors(target))


def named(path: Path) -> set[str]:
    """Files and folders of the project that a document names as code."""
    spans = [span for span in _CODE.findall(prose(path)) if _PATH.fullmatch(span)]
    return {span for span in spans if not any(word in span for word in ("NAME", "..."))}


def exists(name: str) -> bool:
    """Whether a file or folder of that name is in the project, from its top, the sources or the tests on."""
    if "/" not in name:
        return any(
            found
            for folder in ("src", "web/src", "tests", "config", "launch")
            for found in (ROOT / folder).rglob(name)
        )
    return any((base / name).exists() for base in (ROOT, SOURCES, ROOT / "tests", ROOT / "config"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(path: Path) -> None:
    assert [link for link in links(path) if broken(path, link)] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_path_that_a_document_names_exists(path: Path) -> None:
    assert sorted(name for name in named(path) if not exists(name)) == []


def test_what_is_wrong_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# A head: of *two*\n[a](#a-head-of-two) [b](#b) [c](c.md) [d](page.md#a)\n`core/nowhere.py`\n"
    )
    assert [link for link in links(page) if broken(page, link)] == ["#b", "c.md", "page.md#a"]
    assert [name for name in named(page) if not exists(name)] == ["core/nowhere.py"]


def test_no_document_stands_outside_the_site() -> None:
    contents = (ROOT / "docs" / "index.md").read_text("utf-8")
    pages = {path.relative_to(ROOT / "docs").with_suffix("").as_posix() for path in FILES[len(TOP) :]}
    pages |= {f"generated/{name.removesuffix('.md')}" for name in GENERATED}
    assert sorted(page for page in pages - {"index"} if f"\n{page}\n" not in contents) == []


def test_each_promise_of_the_readme_names_tests() -> None:
    rows = re.findall(r"^\| \d\. \*\*(.+?)\*\*.*\|(.+)\|$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    assert len(rows) == 6
    for promise, tests in rows:
        files = [ROOT / name for name in _CODE.findall(tests)]
        assert files, promise
        for file in files:
            functions = [
                node for node in ast.parse(file.read_text("utf-8")).body if isinstance(node, ast.FunctionDef)
            ]
            assert [node for node in functions if node.name.startswith("test_")], file
