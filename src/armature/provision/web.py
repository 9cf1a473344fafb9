"""Builds the web page with npm, on the machine's node or the one from PyPI."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from armature.provision.command import Runner

OLDEST_NODE = (20, 19)
"""Major and minor version, as web/package.json asks for it."""


def inputs(web: Path) -> list[Path]:
    """What the page is built from."""
    made = {"node_modules", "dist"}
    return [path for path in sorted(web.iterdir()) if path.name not in made]


def machine_has_node() -> bool:
    """Whether the machine's own node and npm will do."""
    return shutil.which("npm") is not None and node_version() >= OLDEST_NODE


def node_version() -> tuple[int, ...]:
    """Major and minor version of the machine's node; empty if it has none."""
    try:
        answer = subprocess.run(
            ["node", "--version"], capture_output=True, text=True, timeout=10, check=True
        ).stdout
        return tuple(int(part) for part in answer.strip().lstrip("v").split(".")[:2])
    except (OSError, subprocess.SubprocessError, ValueError):
        return ()


def build(runner: Runner, web: Path, prefix: Path) -> None:
    """Install the page's packages and build it into web/dist.

    Args:
        runner: Runs npm.
        web: Folder of the page.
        prefix: The environment that has node, if the machine has none.

    Raises:
        SetupError: npm fails.
    """
    variables = {} if machine_has_node() else _variables(prefix)
    for arguments in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
        _npm(runner, web, arguments, variables)


def _npm(runner: Runner, web: Path, arguments: list[str], variables: Mapping[str, str]) -> None:
    npm = shutil.which("npm", path=variables.get("PATH")) or "npm"
    remedy = "check the network and the registry that npm is set up with, then run it again"
    runner.run("web", [npm, *arguments], cwd=web, env=variables, remedy=remedy)


def _variables(prefix: Path) -> dict[str, str]:
    return {"PATH": f"{prefix / 'bin'}:{os.environ.get('PATH', os.defpath)}"}
