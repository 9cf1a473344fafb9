"""The virtual environment: its making, its packages, and Armature itself inside it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Mapping
from pathlib import Path

from armature.errors import SetupError
from armature.provision.command import Runner

_NETWORK = "check the network and the package index that pip is set up with, then run it again"
_PACKAGE = "armature"
_PIP_OPTIONS = ("--no-input", "--disable-pip-version-check", "--no-compile")  # see Environment.compile_used
_IMPORT_ALL = """\
from importlib import import_module
from armature import graph
for name in (*graph.PROCESS_NAMES, "bus_process"):
    import_module(f"armature.nodes.{name}.__main__")
later = ("rosidl_generator_py", "service_msgs.msg", "type_description_interfaces.msg")  # with the first node
for name in ("armature.cli.main", "armature.cli.graph.up", "supervisor.supervisord", *later):
    import_module(name)
"""


class Environment:
    """A virtual environment in the project's folder.

    Attributes:
        root: The project's folder.
        prefix: The environment's folder.
    """

    def __init__(self, root: Path, prefix: Path, runner: Runner) -> None:
        self.root = root
        self.prefix = prefix
        self.python = prefix / "bin" / "python"
        self._runner = runner
        self._pip = threading.Lock()

    @property
    def site_packages(self) -> Path:
        """Where its packages lie."""
        return self.prefix / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"

    def create(self, keep: str) -> None:
        """Create it anew with pip alone, except the entry named `keep`."""
        for entry in self.prefix.iterdir():
            if entry.name != keep:
                remove(entry)
        command = [sys.executable, "-m", "venv", str(self.prefix)]
        self._runner.run("venv", command, remedy="remove the folder and run it again")
        self.install("venv", "--upgrade", "pip>=25")  # older resolvers do not finish with these requirements

    def install(self, step: str, *arguments: str | Path) -> None:
        """Install packages with pip.

        Args:
            step: Name of the step.
            arguments: Further arguments of `pip install`.
        """
        command = [self.python, "-m", "pip", "install", *_PIP_OPTIONS, *arguments]
        with self._pip:
            self._runner.run(step, command, cwd=self.root, env=library_path(self.prefix), remedy=_NETWORK)

    def install_requirements(self, step: str, name: str) -> None:
        """Install a requirements file, within the ranges of the run-time requirements."""
        self.install(step, "-r", self.root / name, "-c", self.root / "requirements.txt")

    def compile_used(self) -> None:
        """Let Python compile the modules that the graph imports, so that no start has to.

        They are a tenth of what the packages bring; pip would compile all of it.
        """
        environment = {**library_path(self.prefix), "PYTHONDONTWRITEBYTECODE": ""}
        command: list[str | Path] = [self.python, "-c", _IMPORT_ALL]
        self._runner.run("modules", command, cwd=self.root, env=environment, remedy="run it again")

    def install_ros(self, name: str) -> None:
        """Install the ROS 2 wheels and correct the paths in their cmake files."""
        self.install_requirements("ros", name)
        correct_cmake_paths(self.prefix, Path(sysconfig.get_path("include")), self.site_packages)

    def install_package(self, folders: Mapping[str, str]) -> None:
        """Install Armature so that edits of its sources and data take effect at once.

        pip leaves data files out of an editable install; links stand where `colcon build` would copy.

        Args:
            folders: Data folders: name below share/armature → folder of the project.
        """
        self.install("package", "--no-deps", "--no-build-isolation", "-e", self.root)
        share = self.prefix / "share" / _PACKAGE
        link(share / "package.xml", self.root / "package.xml")
        for name, folder in folders.items():
            link(share / name, self.root / folder)
        marker = self.prefix / "share/ament_index/resource_index/packages" / _PACKAGE
        link(marker, self.root / "resource" / _PACKAGE)
        for name in self._executables():
            link(self.prefix / "lib" / _PACKAGE / name, self.prefix / "bin" / name)

    def _executables(self) -> list[str]:
        query = (
            "from importlib.metadata import distribution as d;"
            f"print(*(e.name for e in d({_PACKAGE!r}).entry_points if e.group == 'console_scripts'))"
        )
        return subprocess.check_output([self.python, "-I", "-c", query], text=True).split()


def library_path(prefix: Path) -> dict[str, str]:
    """Variables with which the wheels find their libraries without restarting the interpreter."""
    folders = [prefix / "lib", *sorted(prefix.glob("lib/python3*/site-packages/ros_*.libs"))]
    return {"LD_LIBRARY_PATH": ":".join(map(str, folders)), "_ROS_WHEELS_BOOTSTRAP_COMPLETE": "1"}


def remove(path: Path) -> None:
    """Remove a file, a link or a whole folder."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def link(path: Path, target: Path) -> None:
    """Make a symbolic link, in place of an older one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.symlink_to(target)


def correct_cmake_paths(prefix: Path, python_include: Path, site_packages: Path) -> None:
    """Replace two paths of the machine that built the wheels by those of this one.

    Args:
        prefix: The environment's folder.
        python_include: Folder of Python.h.
        site_packages: Where numpy lies.

    Raises:
        SetupError: A path of the other machine remains.
    """
    numpy_include = site_packages / "numpy/_core/include"
    for file in sorted(prefix.glob("share/*/cmake/*.cmake")):
        text = file.read_text()
        new = re.sub(
            r"/opt/python/[^/;\"]+/lib/python3\.\d+/site-packages/numpy/_core/include", str(numpy_include), text
        )
        new = re.sub(r"/opt/python/[^/;\"]+/include/python3\.\d+", str(python_include), new)
        if "/opt/python/" in new:
            raise SetupError("ros", f"{file} names a folder of another machine", "report it with this line")
        if new != text:
            file.write_text(new)
