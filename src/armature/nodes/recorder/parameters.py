"""Parameters of the recorder; whoever checks them loads nothing that records."""

from __future__ import annotations

from dataclasses import dataclass

FOLDER = "~/.armature/recordings"


@dataclass(frozen=True)
class Settings:
    """The node's own parameters, beside those of `RecorderLimits`.

    Attributes:
        folder: where bags are kept; in a namespace, below one of its name. The home folder is the default,
            since a launch file or a service starts the process in a folder that its user would not think of.
        topics: further topics to record, of any type.
    """

    folder: str = FOLDER
    topics: tuple[str, ...] = ()
