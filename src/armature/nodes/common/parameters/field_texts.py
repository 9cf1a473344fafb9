"""What is said of the fields of a dataclass of parameters: the one source of descriptors and of the page."""

from __future__ import annotations

import inspect
import re
import sys
import tokenize
from collections.abc import Sequence
from functools import cache


@cache
def field_texts(kind: type) -> dict[str, str]:
    """What is said of each field: behind it, above it, or under "Attributes:"; a base class may say it too."""
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__[:-1]):
        of_base = _attributes(base.__doc__ or "") | _comments(_source(base))
        found |= {name: _joined(found.get(name, ""), text) for name, text in of_base.items()}
    return found


def _source(kind: type) -> Sequence[str]:
    """The lines of a class; `inspect.getsource` would compile its whole module to find them."""
    try:
        lines, _ = inspect.findsource(sys.modules[kind.__module__])
    except (OSError, TypeError):  # installed without sources
        return ()
    begin = next((n for n, line in enumerate(lines) if re.match(rf"class {kind.__name__}\b", line)), len(lines))
    return inspect.getblock(lines[begin:]) if begin < len(lines) else ()  # nowhere if it was made at run time


def _joined(general: str, special: str) -> str:
    """A subclass that says the unit alone leaves its base's words."""
    if not (general and special.startswith("[")):
        return special
    return f"{general.partition(' [')[0]} {special}"


def _attributes(text: str) -> dict[str, str]:
    section = text.partition("Attributes:")[2]
    items = re.findall(r"^ {8}(\w+): (.+(?:\n {12}.+)*)", section, re.MULTILINE)
    return {name: " ".join(words.split()) for name, words in items}


def _comments(lines: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    above: list[str] = []
    name = ""
    for token in tokenize.generate_tokens(iter(lines).__next__):
        if token.line.startswith("    def "):
            break
        begins = re.match(r"    (\w+): ", token.line)
        name = begins[1] if begins else name
        if token.type == tokenize.COMMENT:
            words = token.string.lstrip("# ")
            if token.line.strip().startswith("#") and not begins:
                above.append(words)
            elif name:
                found[name] = words
        elif token.type == tokenize.NEWLINE:
            if begins and above and name not in found:
                found[name] = " ".join(above)
            above = []
    return found
