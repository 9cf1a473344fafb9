"""What Armature raises, from `errors.py`."""

from __future__ import annotations

import inspect

from armature import errors
from reference_tables.markdown import code, table

INTRODUCTION = """# Errors

Every error that Armature raises is a leaf of one tree.
Its message names what was wrong, the value, the bound and what would work.
"""


def page() -> str:
    """The page."""
    tree = (errors.__doc__ or "").partition("\n\n")[2].strip()
    rows = [
        (
            code(kind.__name__),
            ", ".join(code(base.__name__) for base in kind.__bases__),
            inspect.getdoc(kind) or "",
        )
        for kind in leaves()
    ]
    return "\n".join(
        [
            INTRODUCTION,
            f"```text\n{tree}\n```\n",
            table(("error", "is a", "when"), [(name, base, " ".join(text.split())) for name, base, text in rows]),
        ]
    )


def leaves() -> list[type[Exception]]:
    """All classes of the tree, in their order."""
    return [kind for kind in vars(errors).values() if inspect.isclass(kind) and issubclass(kind, Exception)]
