"""Which page a request comes from: a number that each page draws for itself when it is loaded."""

from __future__ import annotations

import re

from flask import Request

from armature.errors import GoalRefused

HEADER = "X-Armature-Page"
_NUMBER = re.compile(r"[0-9A-Za-z-]{0,40}")


def page_of(request: Request) -> str:
    """The page's number; empty for a program.

    Raises:
        GoalRefused: it is no such number.
    """
    # An EventSource sends no headers of ours.
    number = request.headers.get(HEADER) or request.args.get("page", "")
    if not _NUMBER.fullmatch(number):
        raise GoalRefused("page", number[:60], "it must be at most 40 letters, digits and hyphens")
    return number
