"""Builds the interface packages that have no wheel into the environment."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from armature.provision.command import Runner
from armature.provision.environment import library_path

PACKAGES = ("control_msgs", "tf2_msgs")


def definitions(interfaces: Path, package: str, distro: str) -> list[Path]:
    """Folders with a package's definitions; a later one's files stand before an earlier one's.

    Args:
        interfaces: Folder of all definitions.
        package: Name of the package.
        distro: Name of the ROS 2 distribution.
    """
    return [folder for folder in (interfaces / package, interfaces / distro / package) if folder.is_dir()]


def build(runner: Runner, prefix: Path, package: str, sources: list[Path], workspace: Path) -> None:
    """Build and install one interface package.

    Args:
        runner: Runs cmake.
        prefix: The environment's folder.
        package: Name of the package.
        sources: Folders as `definitions` gives them.
        workspace: Folder for the build; removed when it is done.

    Raises:
        SetupError: The build fails.
    """
    folder = workspace / package
    shutil.rmtree(folder, ignore_errors=True)
    for source in sources:
        shutil.copytree(source, folder, dirs_exist_ok=True)
    for arguments in (_configure(prefix, folder), ["--build", folder / "build"], ["--install", folder / "build"]):
        runner.run(
            package,
            [prefix / "bin/cmake", *arguments],
            env=_variables(prefix),
            remedy="remove the environment and run it again",
        )
    shutil.rmtree(folder)


def _configure(prefix: Path, folder: Path) -> list[str | Path]:
    python = prefix / "bin" / "python"
    return [
        *("-S", folder, "-B", folder / "build", "-G", "Ninja"),
        f"-DCMAKE_PREFIX_PATH={prefix}",
        f"-DCMAKE_INSTALL_PREFIX={prefix}",
        f"-DPython3_EXECUTABLE={python}",
        f"-DPYTHON_EXECUTABLE={python}",
        "-DBUILD_TESTING=OFF",
        "-DCMAKE_POLICY_VERSION_MINIMUM=3.5",  # the wheels' files ask for versions that cmake 4 has dropped
        "-DCMAKE_C_FLAGS=-O1",
        "-DCMAKE_CXX_FLAGS=-O1",  # half the time of -O2; these messages are small
    ]


def _variables(prefix: Path) -> dict[str, str]:
    return {
        **library_path(prefix),
        "AMENT_PREFIX_PATH": str(prefix),
        "PATH": f"{prefix / 'bin'}:{os.environ.get('PATH', os.defpath)}",
    }
