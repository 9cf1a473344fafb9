"""Write the generated pages: `python docs/reference_tables` (`make docs` does)."""

from __future__ import annotations

import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent))

from reference_tables import api, commands, errors, faults, parameters, project, topics  # noqa: E402

PAGES = {
    "topics.md": topics.page,
    "parameters.md": parameters.page,
    "commands.md": commands.page,
    "errors.md": errors.page,
    "causes.md": faults.page,
}


def write(target: Path) -> None:
    """Write every page into a folder."""
    target.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (target / name).write_text(page(), encoding="utf-8")
    for name, text in {**project.pages(), **api.pages()}.items():
        (target / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(FOLDER.parent / "generated")
