"""How a command tells its end: what was done, what was refused, wrong use; for a person or for a program."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any, NoReturn

from armature.core.recovery_commands import in_namespace

_WRONG_USE = 2


def print_answer(options: argparse.Namespace, is_done: bool, message: str, **more: Any) -> int:
    """Print how a request has ended, for a program with further values; returns the exit code."""
    message = in_namespace(message, options.namespace)
    if options.json:
        print(json.dumps({"done": is_done, "message": message, **more}, ensure_ascii=False))
    elif is_done:
        print(message)
    else:
        print(f"error: {message}", file=sys.stderr)
    return 0 if is_done else 1


def refuse_use(command: str, text: str) -> NoReturn:
    """End the program as argparse does for wrong use that it cannot know."""
    print(f"armature {command}: error: {text}", file=sys.stderr)
    raise SystemExit(_WRONG_USE)
