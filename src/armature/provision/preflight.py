"""What the machine must have before the first step."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import sysconfig
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from armature.errors import SetupError

NEWEST_PYTHON = (3, 13)
"""The last one with ROS 2 wheels; the first one is checked in `__main__`."""

DISTROS = {"jazzy": ".venv", "kilted": ".venv-kilted"}
"""ROS 2 distributions with wheels, each with its own environment: their un-prefixed wheels are shared."""


def environment_folder(distro: str) -> str:
    """Name of the virtual environment that belongs to a distribution.

    Raises:
        SetupError: No wheels exist for that distribution.
    """
    if distro not in DISTROS:
        raise SetupError("ROS_DISTRO", f"no wheels for {distro!r}", f"set it to {' or '.join(DISTROS)}")
    return DISTROS[distro]


def check_platform() -> None:
    """Check that wheels exist for this system.

    Raises:
        SetupError: It is not x86_64 Linux with glibc, or its Python is not CPython 3.10 to 3.13.
    """
    found = ".".join(map(str, sys.version_info[:2]))
    if sys.version_info[:2] > NEWEST_PYTHON:
        raise SetupError(
            "python", f"the ROS 2 wheels need CPython 3.10 to 3.13, this is {found}", "try make PYTHON=python3.12"
        )
    system = f"{platform.system()} {platform.machine()}, {platform.python_implementation()}"
    libc = platform.libc_ver()[0] or "another C library"
    if system != "Linux x86_64, CPython" or libc != "glibc":
        raise SetupError(
            "platform",
            f"the ROS 2 wheels need x86_64 Linux with glibc and CPython, this is {system} with {libc}",
            "use a ROS 2 installation and colcon build instead (README)",
        )


def check_tools() -> None:
    """Check that interface packages can be compiled and an environment made.

    Raises:
        SetupError: Something is missing; names all of it and Debian's packages.
    """
    missing = list(_missing_tools())
    if missing:
        raise SetupError(
            "missing",
            ", ".join(what for what, _ in missing),
            "on Debian or Ubuntu: apt install " + " ".join(package for _, package in missing),
        )


def _missing_tools() -> Iterator[tuple[str, str]]:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if not _is_installed("CC", "cc", "gcc", "clang"):
        yield "a C compiler", "gcc"
    if not _is_installed("CXX", "c++", "g++", "clang++"):
        yield "a C++ compiler", "g++"
    if not (find_spec("venv") and find_spec("ensurepip")):
        yield "Python's modules venv and ensurepip", f"python{version}-venv"
    if not Path(sysconfig.get_path("include"), "Python.h").exists():
        yield "Python's header files", f"python{version}-dev"


def _is_installed(variable: str, *names: str) -> bool:
    named = os.environ.get(variable, "").split()
    return any(shutil.which(name) for name in (*named[:1], *names))
