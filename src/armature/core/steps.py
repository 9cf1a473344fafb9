"""Long computations in steps, so that the caller can do other things in between."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

Result = TypeVar("Result")

Steps = Generator[None, None, Result]
"""A computation that pauses every few milliseconds, and returns its result."""


def run_to_end(steps: Steps[Result]) -> Result:
    """Run the whole computation at once."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            result: Result = done.value
            return result
