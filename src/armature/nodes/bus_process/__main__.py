"""The bus process: configured by JSON; a client gets the reason where it cannot start."""

from __future__ import annotations

import argparse
import json
import signal
import socket
import sys
import traceback
from pathlib import Path

from armature.dynamixel.loop import link
from armature.errors import ArmatureError, system_reason
from armature.nodes.bus_process.process import BusProcess
from armature.nodes.bus_process.server import refuse


def main() -> int:
    """Run the child with the configuration given as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", help="configuration as JSON, written by the servo interface")
    config = json.loads(parser.parse_args().config)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        try:
            listener.bind(link.address(config["port"]))
        except OSError as error:
            sys.stderr.write(
                f"error: {config['port']} is served already ({system_reason(error)}); stop that process first\n"
            )
            return 1
        listener.listen(2)
        try:
            child = BusProcess(config, listener)
        except Exception as error:  # noqa: BLE001  # the next client gets the reason
            refuse(listener, _one_line(error))
            return 1
        return _serve(child, config["connect_timeout"])


def _one_line(error: Exception) -> str:
    """An error in one line; of an internal error also where it occurred."""
    text = " ".join(str(error).split())
    if isinstance(error, ArmatureError):
        return text
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"internal error: {type(error).__name__}: {text} ({Path(frame.filename).name}:{frame.lineno})"


def _serve(child: BusProcess, connect_timeout: float) -> int:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, child.on_signal)
    try:
        child.start(connect_timeout)
        child.run()
    except ArmatureError as error:
        child.fail(_one_line(error))
        return 1
    except Exception as error:
        child.fail(_one_line(error))
        raise
    return 0


if __name__ == "__main__":
    sys.exit(main())
