"""Folders that belong to one user alone: their files are trusted, so no other user may write there."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from armature.errors import ConfigError

_REMEDY = "set {variable} to a folder of your own"
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def make_private(base: Path, *parts: str, variable: str) -> Path:
    """Make a folder below a base, each readable by its user alone, or refuse what is there.

    Args:
        base: the first folder that is ours; it may lie where everybody may write, such as /tmp.
        parts: names of the folders below it.
        variable: what names another place, for the error.

    Raises:
        ConfigError: one of them is somebody else's, is open to others, is no folder, or cannot be made.
    """
    remedy = _REMEDY.format(variable=variable)
    folder = base
    try:
        base.parent.mkdir(parents=True, exist_ok=True)
        _require_safe_parent(base.parent, remedy)
        for path in (base, *(base.joinpath(*parts[: count + 1]) for count in range(len(parts)))):
            folder = path
            folder.mkdir(mode=0o700, exist_ok=True)
            require_own(folder, remedy)
        if stat.S_IMODE(folder.stat().st_mode) != 0o700:  # others may have been able to read it
            folder.chmod(0o700)
    except OSError as error:
        raise ConfigError("folder", str(folder), f"it cannot be made ({error.strerror}); {remedy}") from error
    return folder


def require_own(folder: Path, remedy: str) -> None:
    """Refuse a folder that another user owns, or may write to, or that is only a link to one.

    Args:
        folder: any that exists.
        remedy: what to do about it.

    Raises:
        ConfigError: with what is wrong.
        OSError: it cannot be read.
    """
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        why = "it is a link" if stat.S_ISLNK(found.st_mode) else "it is no folder"
        raise ConfigError("folder", str(folder), f"{why}; remove it, or {remedy}")
    if found.st_uid != os.getuid():
        raise ConfigError("folder", str(folder), f"it belongs to user {found.st_uid}, not to you; {remedy}")
    if found.st_mode & _OTHERS_WRITE:
        why = f"others may write to it (mode {stat.S_IMODE(found.st_mode):o})"
        raise ConfigError("folder", str(folder), f"{why}; remove it, or {remedy}")


def _require_safe_parent(folder: Path, remedy: str) -> None:
    """Where others may rename a folder, its own permissions are worth nothing."""
    found = folder.stat()
    is_open = bool(found.st_mode & stat.S_IWOTH) and not found.st_mode & stat.S_ISVTX
    if is_open or found.st_uid not in (0, os.getuid()):
        raise ConfigError("folder", str(folder), f"others may replace what lies in it; {remedy}")
