"""The documents at the top of the project, as pages of the site."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = {
    "ARCHITECTURE.md": "architecture.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}


def pages() -> dict[str, str]:
    """Each document by its name on the site, its links turned to that place."""
    return {name: turned((ROOT / file).read_text("utf-8")) for file, name in DOCUMENTS.items()}


def turned(text: str) -> str:
    """The links of a document at the top, as they are from the folder of generated pages."""
    text = re.sub(r"\]\(README\.md(#[\w-]+)?", "](../index.md", text.replace("](docs/", "](../"))
    for file, name in DOCUMENTS.items():
        text = text.replace(f"]({file}", f"]({name}")
    return text
