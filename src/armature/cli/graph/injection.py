"""The requests of `armature fault` to a running emulator: inject, clear or list faults."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from armature.emulator.faults import console
from armature.emulator.faults.catalogue import FAULTS, make
from armature.emulator.faults.fault import Fault, figure, parameters
from armature.errors import ConfigError, listed
from armature.graph import existing_runtime_folder
from armature.nodes.emulator.console import ask


def inject_or_clear(options: argparse.Namespace) -> int:
    """Inject a fault, clear faults, or list them."""
    link = Path(options.link) if options.link else existing_runtime_folder(os.environ, options.namespace) / "bus"
    if options.name == "list":
        return _list(options)
    if options.name == "active":
        return _print("active", console.read_reply(ask(link, console.active())), options)
    if options.name == "clear":
        if options.which is not None and options.which not in FAULTS:
            raise ConfigError("fault", options.which, listed("faults", FAULTS))
        return _print("cleared", console.read_reply(ask(link, console.clear(options.which))), options)
    if options.which is not None:
        raise ConfigError("argument", options.which, "write --joint NAME or --param NAME=VALUE")
    return _inject(link, options)


def _inject(link: Path, options: argparse.Namespace) -> int:
    values = _values(options.param)
    if options.seed is not None:
        values["seed"] = options.seed
    if not options.seconds > 0.0:
        raise ConfigError("--for", options.seconds, "it must be above 0 s")
    make(options.name, options.joint, values)  # reports a wrong argument even if no emulator runs
    request = console.inject(options.name, options.joint, values, options.seconds)
    return _print("injected", console.read_reply(ask(link, request)), options)


def _values(words: Iterable[str]) -> dict[str, str]:
    values = {}
    for word in words:
        name, separator, value = word.partition("=")
        if not separator or not name:
            raise ConfigError("--param", word, "write NAME=VALUE, for example probability=0.01")
        values[name] = value
    return values


def _print(action: str, faults: tuple[str, ...], options: argparse.Namespace) -> int:
    if options.json:
        print(json.dumps({action: faults}, ensure_ascii=False))
        return 0
    for line in faults or ("nothing",):
        print(f"{action} {line}")
    return 0


def _list(options: argparse.Namespace) -> int:
    if options.json:
        print(json.dumps({name: _facts(kind) for name, kind in FAULTS.items()}, ensure_ascii=False))
        return 0
    for name, kind in FAULTS.items():
        print(f"{name:<18}{(kind.__doc__ or '').splitlines()[0]}")
        for key, fact in _facts(kind)["parameters"].items():
            bounds = f"{figure(fact['lowest'])} to {figure(fact['highest'])} {fact['unit']}".rstrip()
            print(f"{'':<18}{key}={figure(fact['default'])} ({bounds}) {fact['meaning']}")
    return 0


def _facts(kind: type[Fault]) -> Mapping[str, Any]:
    return {
        "description": (kind.__doc__ or "").splitlines()[0],
        "joint": kind.of_joint,
        "parameters": {
            item.name: {
                "default": item.default,
                "unit": item.metadata["unit"],
                "lowest": item.metadata["bounds"][0],
                "highest": item.metadata["bounds"][1],
                "meaning": item.metadata["meaning"],
            }
            for item in parameters(kind)
        },
    }
