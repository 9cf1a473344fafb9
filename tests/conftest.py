"""What all tests share: an own ROS domain each, and nothing left behind."""

from __future__ import annotations

import gc
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from armature.core.control.tracker import SWITCH_DELAY
from armature.environment import profile_variable
from armature.share import dds_profile

from .lateness import lateness_since
from .refusals import flaws_in, noted_refusals

ROOT = Path(__file__).resolve().parent.parent
# Domains above 101 meet the ports that Linux hands out (ROS 2, "The ROS_DOMAIN_ID"); below 20 may be somebody's.
_domains = islice(cycle(range(20, 100)), os.getpid() % 80, None)
_SHOW_EVERY = 5.0  # [s]
_HANGS = 600  # [s]
# A motion is sent so long before it begins. Whoever is put aside for longer may stop the arm, as it
# must then; the timers that measure it are one process of many, and see about half of it [s].
LATE = SWITCH_DELAY / 2.0
# A runner in the background ignores both, and so would all that it starts (signal(7), "Execution").
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
# How long an example takes is the machine's affair; every test has an end of its own.
settings.register_profile("armature", deadline=None)
settings.load_profile("armature")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="run the tests that are marked soak at their full length")
    parser.addoption("--give-way", action="store_true", help="let the workers take what others leave")


def pytest_configure(config: pytest.Config) -> None:
    """Put a worker behind everything else, in a session of its own, since Linux is nice by session (sched(7))."""
    if not (config.getoption("--give-way") and hasattr(config, "workerinput")):
        return
    os.setsid()
    signal.signal(signal.SIGHUP, lambda *_: None)  # of a pseudo-terminal that a test opens and closes
    os.nice(19)
    with suppress(OSError):  # a kernel without groups by session
        Path("/proc/self/autogroup").write_text("19", "utf-8")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The longest files first; soak tests whole take as long as they take, a part of one is seconds of work.

    A test that gives way may have to wait for as long as others go on: it is ended only once it hangs.
    """
    items.sort(key=lambda item: "system" not in item.path.parts)
    limit = 0 if config.getoption("--soak") else 300
    for item in items:
        if item.get_closest_marker("real_time"):
            item.fixturenames.insert(0, "lateness")
        if item.get_closest_marker("soak"):
            item.add_marker(pytest.mark.timeout(limit))
        if config.getoption("--give-way"):
            item.add_marker(pytest.mark.timeout(_HANGS), append=False)


_HANDLED = (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP, signal.SIGUSR1)


def _handlers() -> dict[int, Any]:
    return {number: signal.getsignal(number) for number in _HANDLED}


def _restore(handlers: dict[int, Any]) -> None:
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def signals_restored() -> Iterator[None]:
    """For a test of what ends its process: that ignores signals from then on."""
    before = _handlers()
    yield
    _restore(before)


@pytest.fixture(autouse=True)
def _handlers_left() -> Iterator[None]:
    """A test that leaves signals otherwise than it found them spoils those behind it."""
    before = _handlers()
    yield
    after = _handlers()
    _restore(before)
    assert after == before, "handlers of signals left behind"


@pytest.fixture(autouse=True)
def _refusals_are_for_persons() -> Iterator[None]:
    """Whatever a test provokes is told in one line, with what would work."""
    with noted_refusals() as told:
        yield
    assert [(text, flaws) for text in dict.fromkeys(told) if (flaws := flaws_in(text))] == []


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is collected stays to the end: the garbage collector need not look through it, then or later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


class Soak:
    """How long a soak test goes on: whole with --soak, one per cent of it without."""

    def __init__(self, whole: bool) -> None:
        self.is_whole = whole
        self._shown = time.monotonic()

    def count(self, whole: int) -> int:
        """So many rounds of a test that has so many when it is run whole."""
        return whole if self.is_whole else whole // 100

    def show(self, number: int, count: int, what: str) -> None:
        """Tell how far a whole run is, now and then."""
        if self.is_whole and time.monotonic() - self._shown > _SHOW_EVERY:
            self._shown = time.monotonic()
            os.write(2, f"{100 * number // count:3d} % of {count} {what}\n".encode())


@pytest.fixture
def soak(pytestconfig: pytest.Config) -> Soak:
    return Soak(pytestconfig.getoption("--soak"))


@pytest.fixture(scope="session")
def lateness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The file that tells how late each processor wakes a process, of whatever is tested on it meanwhile."""
    file = tmp_path_factory.mktemp("lateness") / "told"
    file.touch()
    timer = subprocess.Popen([sys.executable, str(ROOT / "tests" / "lateness.py"), str(file)])
    yield file
    timer.kill()
    timer.wait()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Judge a test in real time by how late the machine was: where that alone stops an arm, it proves nothing."""
    report = yield
    if report.failed and call.when != "teardown" and item.get_closest_marker("real_time"):
        late = lateness_since(item.funcargs["lateness"], time.monotonic() - call.duration)
        if late > LATE:
            words = f"the machine was late by {late:.2f} s, more than {LATE} s: {report.longreprtext[-500:]}"
            report.outcome, report.longrepr = "skipped", (str(item.path), 0, words)
            report.user_properties.append(("excused", words))
    return report


_excused, _in_real_time = [], []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if "real_time" in report.keywords and report.when == "setup":
        _in_real_time.append(report.nodeid)
    if "excused" in dict(report.user_properties):
        _excused.append(f"{report.nodeid}: {' '.join(dict(report.user_properties)['excused'].split())}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Name whom a late machine excused; one that is always late proves nothing at all."""
    if hasattr(session.config, "workerinput") or not _excused:
        return
    of_all = f"{len(_excused)} of {len(_in_real_time)} tests in real time"
    sys.stderr.write("\n".join(["", f"the machine was too late for {of_all}:", *_excused, ""]))
    if len(_excused) > max(2, len(_in_real_time) // 10):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@contextmanager
def _isolated() -> Iterator[int]:
    """A ROS domain on the loopback interface that no other test has, of whatever suite runs on this machine."""
    with socket.socket(socket.AF_UNIX) as lock, pytest.MonkeyPatch.context() as patch:
        domain = next(number for number in _domains if _is_ours(number, lock))
        patch.setenv("ROS_DOMAIN_ID", str(domain))
        # With LOCALHOST, rmw_fastrtps adds shared memory whatever the profile says; the profile keeps to loopback.
        patch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "SYSTEM_DEFAULT")
        patch.setenv(profile_variable(os.environ), str(dds_profile()))
        yield domain


def _is_ours(domain: int, lock: socket.socket) -> bool:
    try:
        lock.bind(f"\0armature_test_domain_{domain}")  # a name without a file, free again at the latest with us
    except OSError:
        return False
    return True


@pytest.fixture(autouse=True)
def own_domain() -> Iterator[int]:
    """Every test has a ROS domain of its own; no shared memory is used."""
    with _isolated() as domain:
        yield domain


@pytest.fixture(scope="module")
def module_domain() -> Iterator[int]:
    """The domain of a graph that serves all tests of a file."""
    with _isolated() as domain:
        yield domain


def wait_until(condition: Callable[[], object], timeout: float = 20.0) -> None:
    """Await a condition; fail with its name where it does not come true."""
    give_up = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < give_up, f"waited {timeout} s in vain"
        time.sleep(0.01)


@pytest.fixture(name="wait_until")
def _wait_until() -> Callable[..., None]:
    return wait_until


def _children() -> set[int]:
    """Processes of ours, theirs, and so on, that still run."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:  # we have none at all, so /proc need not be read for each of some thousand tests
        return set()
    parents: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, _, rest = entry.read_text().partition(" (")
            state, parent = rest.rpartition(") ")[2].split()[:2]
        except OSError:
            continue
        if state != "Z":
            parents[int(pid)] = int(parent)
    found, frontier = set(), {os.getpid()}
    while frontier:
        frontier = {pid for pid, parent in parents.items() if parent in frontier}
        found |= frontier
    return found


def _terminals() -> set[str]:
    """Pseudo-terminals that this process has open."""
    names = set()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            target = str(entry.readlink())
        except OSError:
            continue
        if target.startswith(("/dev/pts/", "/dev/ptmx")):
            names.add(f"{entry.name}: {target}")
    return names


@pytest.fixture
def nothing_left() -> Iterator[None]:
    """Fail a test that leaves a process, a thread or an open pseudo-terminal behind."""
    processes, threads, terminals = _children(), set(threading.enumerate()), _terminals()
    yield
    _require_gone("processes", lambda: _children() - processes)
    _require_gone("threads", lambda: set(threading.enumerate()) - threads)
    _require_gone("terminals", lambda: _terminals() - terminals)


def _require_gone(what: str, left: Callable[[], set]) -> None:
    give_up = time.monotonic() + 5.0
    while left() and time.monotonic() < give_up:
        time.sleep(0.1)
    assert not left(), f"{what} left behind: {left()}"
