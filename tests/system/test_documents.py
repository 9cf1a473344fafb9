"""Each command that README or docs name is run as it stands there, or documented.py says why it is not."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from armature.cli import main
from armature.cli.commands import COMMANDS
from armature.emulator.faults.catalogue import FAULTS
from armature.environment import graph_environment
from armature.share import dds_profile

from ..cli.at_terminal import at_terminal
from . import documented
from .documents import ROOT, commands, tutorial_programs

pytestmark = [pytest.mark.process, pytest.mark.real_time, pytest.mark.timeout(240)]
DEFAULT_PORT = 8080  # of the page


def entered():
    """All commands that documented.py knows."""
    started = {
        "armature up",
        documented.ON_A_NEW_SERVO,
        documented.SETUP,
        documented.ON_A_BUS,
        "armature COMMAND --help",
    }
    tables = (
        documented.ON_THE_GRAPH,
        documented.FORMS,
        documented.NOT_RUN,
        documented.MADE,
        documented.CALIBRATION,
    )
    return started.union(*tables)


def fault_examples():
    """Those of the table of faults; they need no entry, since all are injected."""
    return [
        command
        for command, place in commands().items()
        if place.startswith("docs/reference/emulator.md")
        and command.startswith("armature fault ")
        and command.split()[2] in FAULTS
    ]


def test_every_command_of_the_documents_is_run_or_says_why_not():
    known = entered().union(fault_examples())
    new = {command: place for command, place in commands().items() if command not in known}
    told = "".join(f"\n  {place}: {command}" for command, place in new.items())
    assert not new, f"enter these in tests/system/documented.py:{told}"


def test_no_entry_outlives_its_document():
    gone = entered() - set(commands())
    assert not gone, (
        f"no document names these any more; remove them from tests/system/documented.py: {sorted(gone)}"
    )


# What the parser takes


def names():
    """All commands of the command line."""
    return tuple(COMMANDS)


@pytest.mark.parametrize("name", ["", *names()])
def test_every_command_has_its_help(name, capsys):
    with pytest.raises(SystemExit) as ended:
        main.main([*name.split(), "--help"])
    assert ended.value.code == 0
    assert f"usage: armature {name}".rstrip() in capsys.readouterr().out


@pytest.mark.parametrize("filled", documented.FORMS.values(), ids=documented.FORMS)
def test_forms_of_commands_are_what_the_parser_takes(filled):
    assert main.parse(shlex.split(filled)).run


@pytest.mark.parametrize("command", [c for c in documented.NOT_RUN if "armature" in c.split()[0]])
def test_commands_that_are_not_run_are_parsed(command):
    assert main.parse(shlex.split(command)[1:]).run


def test_the_table_of_commands_names_them_all():
    named = {shlex.split(command)[1] for command in commands() if command.startswith("armature ")}
    assert set(names()) <= named


@pytest.mark.parametrize(("command", "does"), documented.MADE.items(), ids=documented.MADE)
def test_make_does_what_is_said(command, does):
    environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "ROS_DISTRO")}
    words = command.replace("make ", "make -n ", 1)
    ended = subprocess.run(
        words, shell=True, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=20
    )
    assert ended.returncode == 0
    assert does in ended.stdout


# On a running graph


class Shell:
    """Types commands in the checkout, with the environment's programs first."""

    def __init__(self, folder):
        self.folder = folder
        self.bag = ""
        self.environment = graph_environment(os.environ, dds_profile())
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.environment |= {"ARMATURE_RUNTIME": str(folder), "HOME": str(folder), "PATH": path}

    def typed(self, command):
        """What is optional is left out, and what is only a name is filled in."""
        command = command.replace("/tmp/", f"{self.folder}/").replace("BAG", self.bag)
        command = command.replace("--out ", f"--out {self.folder}/")
        # Where this environment is not the one that the documents name.
        command = command.replace(".venv/bin/", f"{Path(sys.executable).parent}/")
        return command.partition(" [")[0]

    def run(self, command):
        """Exit code, and all that was said."""
        ended = subprocess.run(
            ["bash", "-c", self.typed(command)],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=90,
        )
        return ended.returncode, ended.stdout

    @contextmanager
    def running(self, command, is_up):
        """A command that stays in the foreground."""
        with (self.folder / "out").open("w+") as out:
            line = ["bash", "-c", f"exec {self.typed(command)}"]
            process = subprocess.Popen(line, cwd=ROOT, env=self.environment, stdout=out, stderr=subprocess.STDOUT)
        try:
            give_up = time.monotonic() + 90.0
            while not is_up():
                assert process.poll() is None, self.said()
                assert time.monotonic() < give_up, self.said()
                time.sleep(0.05)
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
            process.wait(80)

    def said(self):
        return (self.folder / "out").read_text("utf-8")


def is_free(port):
    with socket.socket() as probe, suppress(OSError):
        probe.bind(("127.0.0.1", port))
        return True
    return False


def press(url, button):
    """As on the page; what it refuses (there is no fault, the arm is enabled already) is seen by the move."""
    request = urllib.request.Request(f"{url}api/{button}", b"{}", {"Content-Type": "application/json"})
    with suppress(urllib.error.HTTPError), urllib.request.urlopen(request, timeout=20.0):
        pass


def move(shell, command, url):
    """Enable it first."""
    press(url, "enable")
    return shell.run(command)


def follow_tutorial(shell):
    """Run the programs of the tutorial as they stand there."""
    for program, told in zip(tutorial_programs(), documented.TUTORIAL, strict=True):
        (shell.folder / "program.py").write_text(program, "utf-8")
        code, said = shell.run("python /tmp/program.py")
        assert code == 0, said
        assert re.fullmatch(rf"(?s){told}.*\n", said), said


def run_examples(shell, examples):
    """Run examples at once; a person at them presses Enter, then q."""
    with ThreadPoolExecutor(len(examples)) as readers:
        typed = [f"printf '\\nq\\n' | python examples/{words}" for words in examples]
        for (code, said), told in zip(readers.map(shell.run, typed), examples.values(), strict=True):
            assert code == 0, said
            assert told in said


def test_what_needs_the_arm_is_done_on_one_graph(tmp_path):
    shell = Shell(tmp_path)
    up = "armature up" if is_free(DEFAULT_PORT) else "armature up --http 127.0.0.1:0"  # somebody else's page
    with shell.running(up, lambda: "ready " in shell.said()) as graph:
        url = shell.said().split("ready ")[1].split()[0]
        for command, told in documented.ON_THE_GRAPH.items():
            code, said = move(shell, command, url) if command.startswith("armature move") else shell.run(command)
            assert code == documented.REFUSED.get(command, 0), f"{command}: {said}"
            assert told in said, f"{command}: {said}"
            if command == "armature status":  # it is as it was started
                follow_tutorial(shell)
                run_examples(shell, documented.EXAMPLES[0])
            if "record stop" in command:
                shell.bag = said.split()[-1]
        assert graph.wait(60) == 0


@pytest.mark.soak
def test_each_example_does_what_it_says(tmp_path, soak):
    if not soak.is_whole:
        pytest.skip("the first of them run on the graph above")
    shell = Shell(tmp_path)
    with shell.running("armature up --http 127.0.0.1:0", lambda: "ready " in shell.said()):
        assert shell.run("armature enable")[0] == 0
        for examples in documented.EXAMPLES:
            run_examples(shell, examples)
            assert shell.run("armature enable")[0] == 0


# On an emulated bus


def dialogue(monkeypatch, shell, command, *script):
    monkeypatch.chdir(ROOT)
    return at_terminal(monkeypatch, shlex.split(shell.typed(command))[1:], *script)


def test_a_new_servo_is_set_up_as_documented(tmp_path, monkeypatch):
    shell = Shell(tmp_path)
    with shell.running(documented.ON_A_NEW_SERVO, (tmp_path / "bus").exists):
        code, seen = dialogue(monkeypatch, shell, documented.SETUP, ("[y/N]", "y\n"))
        assert code == 0, seen


def test_an_arm_is_calibrated_as_documented(tmp_path, monkeypatch):
    shell = Shell(tmp_path)
    copy, slip, place, calibrate, move = documented.CALIBRATION
    with shell.running(documented.ON_A_BUS, (tmp_path / "bus").exists):
        for command in (copy, slip, place):
            code, said = shell.run(command)
            assert code == 0, f"{command}: {said}"
        script = [("press Enter", "\n"), ("[Y/n]", "n\n"), ("[y/N]", "n\n"), ("[y/N]", "y\n")]
        code, seen = dialogue(monkeypatch, shell, calibrate, *script)
        assert code == 0, seen
        assert shell.run(move)[0] == 0


def test_each_fault_of_the_table_strikes(tmp_path):
    shell = Shell(tmp_path)
    with shell.running(documented.ON_A_BUS, (tmp_path / "bus").exists):
        for example in fault_examples():
            assert main.main([*shlex.split(example)[1:], "--link", str(tmp_path / "bus")]) == 0, example
