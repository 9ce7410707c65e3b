"""One Chromium and one running platform for the whole folder; each test has own browser windows.

Fixtures are of the package, not of the session: while Playwright runs, its event loop keeps Django
from touching a database in this process, and the tests after these want theirs. `make test`
gives the whole folder to one worker (tests/distribution.py); two workers would start one each.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.steps import sign_in
from tests.browser.watch import DESKTOP, Watch
from tests.config.up import MANAGE, Up, environment
from tests.development import vgg16_weights
from tests.servers import unavailable

HERE = Path(__file__).parent
NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
)
PATIENCE_MS = 20_000
LANGUAGE_COOKIE = "django_language"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    executable = next(filter(None, map(shutil.which, NAMES)), None)
    if executable is None:
        unavailable(f"no browser is installed ({', '.join(NAMES)})")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=QUIET)
        yield browser
        browser.close()


class Platform:
    """A platform that runs, with the cast and the radiographs of `scene`."""

    def __init__(self, up: Up) -> None:
        self.up = up
        self.url = up.url
        self.administrator_password = up.password
        self.radiographs: dict[str, str] = json.loads(self._run("scene.lay_out()"))

    def address(self, path: str) -> str:
        return self.url + path

    def page_of(self, radiograph: str) -> str:
        return f"/images/{self.radiographs[radiograph]}/"

    def rows(self, statement: str) -> list[tuple]:
        """Ask the database itself."""
        database = self.up.data / "covidxr.sqlite3"
        with closing(sqlite3.connect(database, timeout=30)) as connection:
            return connection.execute(statement).fetchall()

    def stored_files(self) -> set[Path]:
        return {path for path in (self.up.data / "radiographs").rglob("*") if path.is_file()}

    def _run(self, call: str) -> str:
        """What a call of this folder's modules prints when the platform itself makes it."""
        command = f"from tests.browser import scene; {call}"
        done = subprocess.run(
            [sys.executable, str(MANAGE), "shell", "-v", "0", "-c", command],
            env=self.up.environment | {"DATA_DIR": str(self.up.data), "PORT": str(self.up.port)},
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout.splitlines()[-1]


def _surroundings() -> dict[str, str]:
    """Weights of this machine; where a CI machine has none, `up` itself fetches them."""
    try:
        return environment(VGG16_WEIGHTS=str(vgg16_weights()))
    except pytest.skip.Exception:
        if os.environ.get("CI", "").lower() != "true":
            raise
        return environment()


@pytest.fixture(scope="package")
def platform(chromium, tmp_path_factory) -> Iterator[Platform]:
    """Started once in a worker, after it is known that there is a browser for it."""
    with Up(tmp_path_factory.mktemp("browser") / "data", _surroundings()) as up:
        assert up.process.poll() is None, up.text
        yield Platform(up)


@pytest.fixture(scope="package")
def sessions() -> dict[str, dict]:
    """Cookies of those who have signed in already, so that each person does it once."""
    return {}


class Windows:
    """Opens browser windows of the cast, each in a browser context of its own, all watched."""

    def __init__(self, chromium: Browser, platform: Platform, sessions: dict[str, dict]) -> None:
        self.chromium, self.platform, self.sessions = chromium, platform, sessions
        self.watches: list[Watch] = []

    def open(self, name: str = "", *, language: str = "en", path: str = "") -> Page:
        """A window of a person of the cast, at `path`; without a name, of somebody unknown."""
        if name and name not in self.sessions:
            self._remember(name)
        page = self._page(language, self.sessions.get(name))
        if path:
            page.goto(path)
        return page

    def watch_of(self, page: Page) -> Watch:
        return next(watch for watch in self.watches if watch.context is page.context)

    def look(self, page: Page) -> None:
        """See that a page on the way, not only the last one, fits its window."""
        self.watch_of(page).look_at_both_widths(page)

    def close(self) -> list[str]:
        """Look at what every window shows at last, and tell all faults."""
        for watch in self.watches:
            for page in watch.context.pages:
                watch.look_at_both_widths(page)
            watch.context.close()
        return [fault for watch in self.watches for fault in watch.faults]

    def _remember(self, name: str) -> None:
        page = self._page("en", None)
        sign_in(page, name)
        self.sessions[name] = page.context.storage_state()

    def _page(self, language: str, session: dict | None) -> Page:
        context = self.chromium.new_context(
            base_url=self.platform.url, viewport=DESKTOP, locale=language, storage_state=session,
            reduced_motion="reduce",
        )  # fmt: skip
        context.set_default_timeout(PATIENCE_MS)
        context.add_cookies(
            [{"name": LANGUAGE_COOKIE, "value": language, "url": self.platform.url}]
        )
        self.watches.append(Watch(context, self.platform.url))
        return context.new_page()


@pytest.fixture
def windows(chromium, platform, sessions) -> Iterator[Windows]:
    """`windows.open("doctor", path="/images/")`; at the end no page may have misbehaved."""
    opened = Windows(chromium, platform, sessions)
    yield opened
    assert opened.close() == []
