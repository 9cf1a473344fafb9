"""Xacro files expanded to URDF, kept where every process and every restart of a graph reads the same text."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from armature.description.files import XML, read_bytes
from armature.description.srdf import find_srdf
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
    content = _expanded(file, read_arguments(arguments), environment).encode("utf-8", "surrogateescape")
    name = file.name.partition(".")[0]
    files = {f"{name}.urdf": content, **_srdf(file, name)}
    bases = ((cache_folder(environment), "XDG_CACHE_HOME"), (runtime_base(environment), "ARMATURE_RUNTIME"))
    for base, variable in bases:
        try:
            return _keep(base, variable, files)
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
        why = (
            f"a URDF within {_TIME:.0f} s is needed; look for a macro or a file in it that uses itself, or a pipe"
        )
        raise ConfigError("xacro file", str(file), why) from error
    if done.returncode:
        last = (done.stderr.decode("utf-8", "replace").splitlines() or ["it was ended from outside"])[-1]
        raise ConfigError("xacro file", str(file), f"xacro failed: {last}")
    answer: dict[str, str] = json.loads(done.stdout)
    if "text" not in answer:
        raise ConfigError(answer["where"], answer["reason"], answer["remedy"])
    return answer["text"]


def _srdf(file: Path, name: str) -> dict[str, bytes]:
    """The SRDF beside a xacro file, as it is kept beside its URDF."""
    found = find_srdf(file)
    try:
        return {} if found is None else {f"{name}.srdf": read_bytes(found, XML)}
    except OSError as error:
        raise ConfigError("SRDF", str(found), f"it cannot be read ({error.strerror})") from error


def _keep(base: Path, variable: str, files: Mapping[str, bytes]) -> Path:
    """Write files as a whole into a folder called by their content; one that is there already is as good.

    Returns:
        The first of them.
    """
    stamp = hashlib.sha256(b"\0".join(files.values())).hexdigest()[:32]
    title = next(iter(files))
    folder = make_private(base, _FOLDER, f"{title.removesuffix('.urdf')}-{stamp}", variable=variable)
    for name, content in files.items():
        file = folder / name
        if not (file.is_file() and file.read_bytes() == content):
            fresh = folder / f".{name}.{os.getpid()}"
            fresh.write_bytes(content)
            fresh.replace(file)
    return folder / title
