"""The page's access key, in a file that nobody but its user can read: it outlives the process that asks for it."""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from armature.errors import ConfigError, system_reason
from armature.private_folder import require_own

_SHORTEST = 16  # characters of a key of one's own
_LONGEST = 200


def key_file(folder: Path) -> Path:
    """The file of the key.

    Args:
        folder: for state.
    """
    return folder / "access_key"


def load_or_create_key(file: Path) -> str:
    """Read the key of this user, or make one if there is none.

    Raises:
        ConfigError: the file cannot be made, its folder is not its user's alone, others may read it, or it holds
            no key.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        require_own(file.parent, "set XDG_STATE_HOME to a folder of your own")
        if not file.exists():
            _make(file)
    except OSError as error:
        allowed = f"the file must be writable; or serve the page on this machine alone ({error.strerror})"
        raise ConfigError("access key", str(file), allowed) from error
    return read_key(file)


def read_key(file: Path) -> str:
    """The key that a file holds.

    Raises:
        ConfigError: it cannot be read, others may read it, or it holds no key.
    """
    try:
        described = file.stat()
        key = file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            "access key", str(file), f"it must be a text that can be read ({system_reason(error)})"
        ) from error
    if described.st_uid != os.getuid() or described.st_mode & 0o077:
        raise ConfigError("access key", str(file), f"others may read it; remove it, or: chmod 600 {file}")
    if not (_SHORTEST <= len(key) <= _LONGEST and key.isascii() and key.isprintable()):
        allowed = f"it must hold {_SHORTEST} to {_LONGEST} letters, digits or signs; remove it to get a new one"
        raise ConfigError("access key", str(file), allowed)
    return key


def new_access_key() -> str:
    """A key that cannot be guessed: 100 bits in four groups that can be read aloud."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"  # 31 letters and digits that are not mistaken for others
    groups = ["".join(secrets.choice(alphabet) for _ in range(5)) for _ in range(4)]
    return "-".join(groups)


def _make(file: Path) -> None:
    """Write the file atomically; of two processes that do so at the same time, the first wins."""
    descriptor, fresh = tempfile.mkstemp(dir=file.parent, prefix=".access_key.")  # for this user alone
    try:
        os.write(descriptor, f"{new_access_key()}\n".encode())
        os.fsync(descriptor)
        with suppress(FileExistsError):
            os.link(fresh, file)
    finally:
        os.close(descriptor)
        Path(fresh).unlink()
