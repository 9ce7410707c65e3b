"""The connection is cut again and again: everything arrives once, hardly anything is sent twice."""

import random

import pytest
from playwright.sync_api import Page, expect

from benchmarks.broken_line import BrokenLine
from tests.browser.batches import NEW_BATCH, phase_counts, send, wait_for_outcomes
from tests.factories import film_png
from tests.servers import wait_until

pytestmark = pytest.mark.timeout(400)
FILES = 12
CUTS = 4
BITS_PER_SECOND = 2_000_000
CUT_SECONDS = 0.4


@pytest.fixture
def line(platform):
    with BrokenLine(platform.up.port, BITS_PER_SECOND) as line:
        yield line


@pytest.fixture
def page(line, chromium, windows) -> Page:
    """A window of the health worker that reaches the platform over the bad line only."""
    windows.open("health_worker")
    context = chromium.new_context(
        base_url=line.url, storage_state=windows.sessions["health_worker"], locale="en"
    )
    yield context.new_page()
    context.close()


@pytest.fixture
def films() -> dict[str, bytes]:
    return {f"film-{seed}.png": film_png(seed) for seed in range(300, 300 + FILES)}


def cut_in_between(line: BrokenLine, total: int) -> None:
    """Cut the line at random shares of all bytes; at the end everything has been sent."""
    shares = sorted(random.Random(5).uniform(0.05, 0.9) for _ in range(CUTS))
    for share in shares:
        wait_until(lambda at=share * total: line.file_bytes >= at, 120, "more bytes")
        line.cut(CUT_SECONDS)


def stored_of(platform, page: Page) -> int:
    batch = page.url.rstrip("/").rpartition("/")[2].replace("-", "")
    stored = "SELECT count(DISTINCT radiograph_id) FROM images_incomingfile"
    return platform.rows(f"{stored} WHERE batch_id = '{batch}'")[0][0]


def test_every_file_is_stored_once_and_little_is_sent_twice(page, line, films, platform):
    total = sum(map(len, films.values()))
    page.goto(NEW_BATCH)
    send(page, films)
    cut_in_between(line, total)
    wait_for_outcomes(page)
    assert phase_counts(page) == {"done": FILES}
    assert stored_of(platform, page) == FILES
    most_lost = CUTS * 64 * 1024
    assert total <= line.file_bytes <= total + most_lost


def test_offline_is_told_and_over_once_the_line_is_back(windows):
    page = windows.open("health_worker", path=NEW_BATCH)
    page.route("**/files/", lambda route: route.abort("internetdisconnected"))
    send(page, {"late.png": film_png(320)})
    expect(page.locator("[data-notice=line]")).to_contain_text("no connection")
    page.unroute("**/files/")
    wait_for_outcomes(page)
    expect(page.locator("[data-notice=line]")).to_be_hidden()
