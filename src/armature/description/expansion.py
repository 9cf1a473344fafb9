"""Xacro files expanded to URDF, kept where every process and every restart of a graph reads the same text."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from armature.environment import cache_folder, runtime_base
from armature.errors import ConfigError
from armature.private_folder import make_private

_TIME = 30.0  # that one expansion may take [s]
_FOLDER = "descriptions"
_USE = "--xacro-arg"


def expand(file: Path, arguments: Iterable[str] = (), environment: Mapping[str, str] = os.environ) -> Path:
    """The URDF of a xacro file, in a private folder under a name made from its content.

    Args:
        file: absolute path of the xacro file.
        arguments: as NAME:=VALUE.
        environment: names the packages (see `find_package`), and the folder of caches.

    Raises:
        ConfigError: the file or an argument cannot be used, or the text can be kept nowhere.
    """
    text = _expanded(file, read_arguments(arguments), environment)
    name = file.name.partition(".")[0]
    bases = ((cache_folder(environment), "XDG_CACHE_HOME"), (runtime_base(environment), "ARMATURE_RUNTIME"))
    for base, variable in bases:
        try:
            return _keep(
                make_private(base, _FOLDER, variable=variable), name, text.encode("utf-8", "surrogateescape")
            )
        except (ConfigError, OSError) as error:
            refusal = error
    raise ConfigError(str(file), "its URDF", f"it must be kept in a folder: {refusal}")


def read_arguments(words: Iterable[str]) -> dict[str, str]:
    """Arguments of a xacro file by name.

    Raises:
        ConfigError: a word that is not NAME:=VALUE.
    """
    found = {}
    for word in words:
        name, mark, value = word.partition(":=")
        if not (mark and name):
            raise ConfigError(_USE, word, "write NAME:=VALUE, as in use_gripper:=true")
        found[name] = value
    return found


def _expanded(file: Path, arguments: Mapping[str, str], environment: Mapping[str, str]) -> str:
    line = [sys.executable, "-m", "armature.description.expand_xacro"]
    request = json.dumps({"file": str(file), "arguments": arguments})
    try:
        done = subprocess.run(
            line,
            input=request.encode(),
            capture_output=True,
            timeout=_TIME,
            check=False,
            env={**environment, "PYTHONUTF8": "1", "PYTHONSAFEPATH": "1"},
        )
    except subprocess.TimeoutExpired as error:
        why = f"a URDF within {_TIME:.0f} s is needed; look for a macro or a file in it that uses itself"
        raise ConfigError("xacro file", str(file), why) from error
    if done.returncode:
        last = (done.stderr.decode("utf-8", "replace").splitlines() or ["it was ended from outside"])[-1]
        raise ConfigError("xacro file", str(file), f"xacro failed: {last}")
    answer: dict[str, str] = json.loads(done.stdout)
    if "text" not in answer:
        raise ConfigError(answer["where"], answer["reason"], answer["remedy"])
    return answer["text"]


def _keep(folder: Path, name: str, content: bytes) -> Path:
    """Write a file as a whole under a name made from its content; one that is there already is as good."""
    file = folder / f"{name}-{hashlib.sha256(content).hexdigest()[:32]}.urdf"
    if not (file.is_file() and file.read_bytes() == content):
        fresh = folder / f".{file.name}.{os.getpid()}"
        fresh.write_bytes(content)
        fresh.replace(file)
    return file
