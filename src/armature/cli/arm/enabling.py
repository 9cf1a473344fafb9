"""Calls the servo interface's service enable, and prints its answer."""

from __future__ import annotations

import argparse
import json
import sys

from armature.cli.loading import uninterrupted
from armature.errors import ProcessError


def set_enabled(options: argparse.Namespace, is_enabled: bool) -> int:
    """Enable or disable the arm; 1 if it is refused, with the reason and the next step.

    Raises:
        ProcessError: the servo interface does not answer, or the wait was interrupted.
    """
    with uninterrupted():
        from std_srvs.srv import SetBool

        from armature.cli.arm.client import connect
        from armature.nodes.common import topics

    command = "enable" if is_enabled else "disable"
    with connect(command, options.namespace) as client:
        try:
            answer = client.call(topics.ENABLE, SetBool.Request(data=is_enabled), topics.PARK_TIMEOUT)
        except KeyboardInterrupt:
            remedy = f"it may still {command} the arm; see: armature status"
            raise ProcessError("servo_interface", "interrupted before it answered", remedy) from None
    if options.json:
        print(json.dumps({"done": answer.success, "message": answer.message}, ensure_ascii=False))
    elif answer.success:
        print(answer.message)
    else:
        print(f"error: {answer.message}", file=sys.stderr)
    return 0 if answer.success else 1
