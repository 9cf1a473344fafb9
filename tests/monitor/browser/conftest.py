"""Headless Chromium on the built page, served over a scripted gateway."""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from armature.monitor.api.control import Control
from armature.monitor.api.encode import edition_of, encode_snapshot
from armature.monitor.app import create_app
from armature.monitor.http.server import MonitorServer
from armature.monitor.hub import StreamHub

# Nothing that calls home.
_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_SOFTWARE_3D = ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
# Drawing in software takes seconds a page: only what is about the drawing waits for it.
_NO_3D = ["--disable-3d-apis"]
_PERIOD = 0.05  # [s]
SIZE = {"width": 1024, "height": 768}
KEY = "abcde-fghjk-mnpqr-stuvw"


@pytest.fixture(scope="module")
def launch():
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium is missing; install it with `apt-get install chromium`")
        pytest.skip("Chromium is missing; install it with `apt-get install chromium`")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browsers = []

        def launch_(flags):
            browsers.append(playwright.chromium.launch(executable_path=executable, args=_FLAGS + flags))
            return browsers[-1]

        yield launch_
        for browser in browsers:
            browser.close()


@pytest.fixture(scope="module")
def chromium(launch):
    return launch(_NO_3D)


@pytest.fixture(scope="module")
def chromium_3d(launch):
    return launch(_SOFTWARE_3D)


@pytest.fixture
def page_root() -> Path:
    root = Path(__file__).parents[3] / "web" / "dist"
    assert (root / "index.html").is_file(), "the page is not built; run `make web`"
    return root


class Robot:
    """Publishes the gateway's snapshot at the stream's rate until told to be silent."""

    def __init__(self, gateway, hub: StreamHub, control: Control, edition: str) -> None:
        self.gateway, self.control, self.edition, self.hub = gateway, control, edition, hub
        self.speaks = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.speaks.set()
        self._thread.start()

    def _run(self) -> None:
        while not self._ended.wait(_PERIOD):
            if self.speaks.is_set():
                self._publish()

    def _publish(self) -> None:
        """As the node does it, with the time of the frame."""
        shown = replace(self.gateway.snapshot(), time=time.monotonic())
        viewers, capacity, driver = self.hub.viewers, self.hub.capacity, self.control.driver()
        self.hub.publish(encode_snapshot(shown, viewers, capacity, driver, self.edition))

    def end(self) -> None:
        self._ended.set()
        self._thread.join()


@pytest.fixture
def robot(gateway, hub, control, config) -> Iterator[Robot]:
    speaking = Robot(gateway, hub, control, edition_of(config))
    yield speaking
    speaking.end()


def _watched(context: BrowserContext, errors: list[str]) -> Page:
    """A page whose errors are kept."""
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: "Content Security" in message.text and errors.append(message.text))
    return page


@pytest.fixture
def open_page(chromium, server, robot):
    """Open the page at a screen size; any error of the page fails the test."""
    contexts, errors = [], []

    def open_(width: int = 1024, height: int = 768, browser=chromium, watch=None, **options):
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = _watched(context, errors)
        if watch is not None:
            page.on("request", watch)
        page.goto(f"http://127.0.0.1:{server.port}/")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert errors == []


class Tab:
    """One tab for many tests: a new one each costs a browser more than what is shown in it."""

    def __init__(self, browser: Browser) -> None:
        self.errors: list[str] = []
        self._context = browser.new_context(viewport=SIZE)
        self._page = _watched(self._context, self.errors)

    def show(self, url: str) -> Page:
        """Load a page as a browser that has never seen one."""
        if self._page.is_closed():
            self._page = _watched(self._context, self.errors)
        self._context.clear_cookies()
        self._page.goto(url)
        return self._page

    def leave(self) -> list[str]:
        """Leave the page; returns its errors."""
        if not self._page.is_closed():
            self._page.mouse.up()
            self._page.set_viewport_size(SIZE)
            self._page.emulate_media(color_scheme="null")
            self._page.goto("about:blank")
        errors, self.errors[:] = list(self.errors), []
        return errors


@pytest.fixture(scope="module")
def tab(chromium):
    return Tab(chromium)


@pytest.fixture
def show(tab, robot):
    """Show the page of a port in the one tab; any error of the page fails the test."""
    yield lambda port: tab.show(f"http://127.0.0.1:{port}/")
    assert tab.leave() == []


@pytest.fixture
def page(show, server):
    opened = show(server.port)
    opened.locator("tr[data-joint=elbow] b", has_text="45").wait_for()
    return opened


@pytest.fixture
def page_3d(open_page, chromium_3d):
    opened = open_page(browser=chromium_3d)
    opened.locator("tr[data-joint=elbow] b", has_text="45").wait_for()
    return opened


class Serving:
    """A monitor that can be ended and started again at its port, as a new one that remembers nothing."""

    def __init__(self, gateway, page_root, config, robot) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:  # one that was given is held for a while when it ends
            self.port = free.getsockname()[1]
        self._gateway, self._page_root, self._robot = gateway, page_root, robot
        self.config = config
        self.start()

    def start(self) -> None:
        hub = StreamHub(capacity=3, heartbeat=0.2)
        self._robot.control = Control(self._gateway)
        self._robot.edition, self._robot.hub = edition_of(self.config), hub
        app = create_app(self._gateway, hub, self._page_root, self.config, self._robot.control)
        self._server = MonitorServer(app, hub, "127.0.0.1", self.port)

    def end(self) -> None:
        self._server.stop()


@pytest.fixture
def serving(gateway, page_root, config, robot) -> Iterator[Serving]:
    monitor = Serving(gateway, page_root, config, robot)
    yield monitor
    monitor.end()


@pytest.fixture
def locked(gateway, page_root, config, robot) -> Iterator[Serving]:
    monitor = Serving(gateway, page_root, replace(config, access_key=KEY), robot)
    yield monitor
    monitor.end()
