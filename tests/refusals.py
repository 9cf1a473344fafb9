"""Whether a refusal is written for a person: what every test looks for in all that it provokes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from armature.errors import ArmatureError, CommandRefused, ConfigError, GoalRefused, ProcessError, RecordingError

_FOR_PERSONS = (ConfigError, GoalRefused, CommandRefused, ProcessError, RecordingError)
_FLAWS = {
    "more than one line": r"\n",
    "a traceback": r"Traceback",
    "a number of the system's in place of its words": r"\[Errno",
    "an object of Python's": r"<class |object at 0x|mappingproxy|dict_keys|np\.float|np\.int|PosixPath",
    "a name that nobody can write": r"(?<![\w/.])_[a-z]\w*|(?<!ros)__[a-z]",
    "a list of nothing": r"\b(?:are|of) *(?:;|,|$)|\bof +once\b",
    "nothing to do": r"; *$",
}


@contextmanager
def noted_refusals() -> Iterator[list[str]]:
    """Note the words of every refusal that is made meanwhile."""
    told: list[str] = []
    usual = ArmatureError.__init__

    def noting(self: ArmatureError, *words: object) -> None:
        super(ArmatureError, self).__init__(*words)
        if isinstance(self, _FOR_PERSONS):
            told.append(str(self))

    ArmatureError.__init__ = noting
    try:
        yield told
    finally:
        ArmatureError.__init__ = usual


def flaws_in(text: str) -> list[str]:
    """What is wrong with the words of a refusal; text in quotes is somebody else's."""
    bare = re.sub(r"'[^']*'|\"[^\"]*\"", "'…'", text)
    return [flaw for flaw, pattern in _FLAWS.items() if re.search(pattern, bare)]
