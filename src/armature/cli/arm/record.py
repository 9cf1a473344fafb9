"""The command that starts, stops or snapshots the recording."""

from __future__ import annotations

import argparse

from armature.cli.arguments import add_namespace
from armature.cli.loading import uninterrupted
from armature.errors import ProcessError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the recorder is to do."""
    parser.add_argument("action", choices=("start", "stop", "snapshot"))
    add_namespace(parser)


def run(options: argparse.Namespace) -> int:
    """Call the recorder, and print its answer."""
    with uninterrupted():
        from armature.client.connection import connect
        from armature.nodes.common import topics

    services = {
        "start": topics.RECORDER_START,
        "stop": topics.RECORDER_STOP,
        "snapshot": topics.RECORDER_SNAPSHOT,
    }
    service = services[options.action]
    with connect("record", options.namespace) as connection:
        answer = connection.call(service, service.kind.Request())
    if not answer.success:
        raise ProcessError("recorder", answer.message, "see: armature status")
    print(answer.message)
    return 0
