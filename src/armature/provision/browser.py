"""Chromium for the tests of the page, from Debian's packages."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from armature.errors import SetupError
from armature.provision.command import Runner

NAMES = ("chromium", "chromium-browser", "google-chrome")


DEBIAN = Path("/usr/bin/chromium")
"""Where Debian's package puts it."""


def is_present() -> bool:
    """Whether a Chromium is on the path."""
    return any(shutil.which(name) for name in NAMES)


def is_installable() -> bool:
    """Whether apt can be used here without a password."""
    return shutil.which("apt-get") is not None and _privilege() is not None


def install(runner: Runner) -> None:
    """Install Debian's Chromium.

    Args:
        runner: Runs apt-get.

    Raises:
        SetupError: It may not be installed here, or apt-get fails.
    """
    privilege = _privilege()
    if privilege is None:
        raise SetupError("browser", "no Chromium, and no right to install it", "as root: apt install chromium")
    for arguments in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
        runner.run(
            "browser",
            [*privilege, "apt-get", "-o", "DPkg::Lock::Timeout=120", *arguments],
            env={"DEBIAN_FRONTEND": "noninteractive"},
            remedy="install Chromium by hand",
        )


def _privilege() -> list[str] | None:
    """What to put before apt-get; None if nothing helps."""
    if os.geteuid() == 0:
        return []
    check = shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False)
    return ["sudo", "-n"] if check and check.returncode == 0 else None
