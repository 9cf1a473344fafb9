"""Requests to a running emulator about its faults, and its replies: one line of JSON each."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from armature.emulator.faults.board import FaultBoard
from armature.emulator.faults.catalogue import describe, make
from armature.errors import ConfigError

MESSAGE_SIZE = 65_536  # [byte]


def address(link: Path) -> str:
    """Abstract UNIX address of the emulator that serves a link: nothing of it stands in the file system."""
    digest = hashlib.sha256(str(link.absolute()).encode()).hexdigest()
    return f"\0armature-emulator-{digest[:32]}"


def inject(fault: str, joint: str | None, values: Mapping[str, str], seconds: float) -> bytes:
    """The request to bring a fault about, for some seconds or, with infinity, until it is cleared."""
    length = seconds if math.isfinite(seconds) else None
    return _line({"do": "inject", "fault": fault, "joint": joint, "values": dict(values), "seconds": length})


def clear(fault: str | None) -> bytes:
    """The request to take the faults of a name away, or all."""
    return _line({"do": "clear", "fault": fault})


def active() -> bytes:
    """The question which faults are there."""
    return _line({"do": "active"})


def reply(board: FaultBoard, request: bytes) -> bytes:
    """Do what a request asks.

    Returns:
        The faults that were injected or cleared, or are active, as "faults"; or why not, as "error".
    """
    try:
        return _line({"faults": _perform(board, _Request(request))})
    except ConfigError as error:
        value = error.value if isinstance(error.value, (int, float)) else str(error.value)
        return _line({"error": [error.where, value, error.allowed]})


def read_reply(answer: bytes) -> tuple[str, ...]:
    """The faults that an answer names.

    Raises:
        ConfigError: what the emulator refused, in its own words.
    """
    content = json.loads(answer)
    if "error" in content:
        raise ConfigError(*content["error"])
    return tuple(content["faults"])


class _Request:
    """A request whose fields are checked as they are read."""

    def __init__(self, line: bytes) -> None:
        try:
            content = json.loads(line)
        except (ValueError, RecursionError):
            content = None
        if not isinstance(content, dict):
            raise ConfigError("request", line[:80].decode(errors="replace"), "one JSON object is needed")
        self._content = content

    def text(self, key: str) -> str | None:
        value = self._content.get(key)
        if value is not None and not isinstance(value, str):
            raise ConfigError(f"request: {key}", value, "text is needed")
        return value

    def number(self, key: str, default: float) -> float:
        value = self._content.get(key)
        if value is not None and not isinstance(value, (int, float)):
            raise ConfigError(f"request: {key}", value, "a number is needed")
        try:
            return default if value is None else float(value)
        except OverflowError as error:  # a whole number may have any length
            raise ConfigError(f"request: {key}", math.inf, "a number is needed") from error

    def texts(self, key: str) -> dict[str, str]:
        value = self._content.get(key) or {}
        if not isinstance(value, dict):
            raise ConfigError(f"request: {key}", value, "names with values are needed")
        return {name: str(item) for name, item in value.items()}


def _perform(board: FaultBoard, request: _Request) -> list[str]:
    action = request.text("do")
    if action == "inject":
        fault = make(request.text("fault") or "", request.text("joint"), request.texts("values"))
        board.inject(fault, request.number("seconds", math.inf))
        return [describe(fault)]
    if action == "clear":
        return [describe(fault) for fault in board.clear(request.text("fault"))]
    if action == "active":
        return [describe(fault) + _left(board.remaining(fault)) for fault in board.active]
    raise ConfigError("request: do", action, "it takes inject, clear or active")


def _left(seconds: float) -> str:
    return f", {seconds:.1f} s left" if math.isfinite(seconds) else ""


def _line(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content).encode() + b"\n"
