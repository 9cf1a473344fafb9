"""The state of the arm, as the monitor of a running graph reports it."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from http import HTTPStatus
from pathlib import Path
from typing import Any

from armature.environment import state_folder
from armature.errors import ProcessError
from armature.monitor.http.address import is_loopback
from armature.nodes.monitor.access_key import key_file, read_key

_WITH_KEY = "run this as the user who started it, with the same XDG_STATE_HOME"


def page_address(runtime: Path) -> str:
    """The page's address; empty if there is none yet."""
    return (runtime / "url").read_text("utf-8") if (runtime / "url").exists() else ""


def fetch_state(address: str) -> dict[str, Any] | None:
    """Fetch the state that the monitor shows; None if it does not answer.

    Args:
        address: of the page, "" if it is unknown.

    Raises:
        ConfigError: an access key is needed and cannot be read.
        ProcessError: the monitor has another access key.
    """
    if not address:
        return None
    request = _request(f"{address}api/state")
    # The monitor is on this machine: a proxy of the environment must neither be used nor see the key.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=1.0) as answer:
            return dict(json.load(answer))
    except urllib.error.HTTPError as error:
        with error:
            if error.code == HTTPStatus.UNAUTHORIZED:
                raise ProcessError("monitor", "it has another access key", _WITH_KEY) from error
            return None
    except (OSError, ValueError):
        return None


def _request(address: str) -> urllib.request.Request:
    """A request with the access key if one is needed."""
    request = urllib.request.Request(address)
    if not is_loopback(request.host.rpartition(":")[0].strip("[]")):
        request.add_header("Authorization", f"Bearer {read_key(key_file(state_folder(os.environ)))}")
    return request
