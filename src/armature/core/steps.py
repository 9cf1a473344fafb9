"""Long work in steps, so that whoever does it can do other things in between."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

Result = TypeVar("Result")

Steps = Generator[None, None, Result]
"""Work that pauses every few milliseconds, and returns what comes of it."""


def run_to_end(steps: Steps[Result]) -> Result:
    """Do the whole work at once."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            result: Result = done.value
            return result
