"""A tab that is closed midway: the batch goes on where it was."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.batches import NEW_BATCH, choose, phase_counts, send, wait_for_outcomes
from tests.factories import film_png

pytestmark = pytest.mark.timeout(300)
CONTENT = "**/content/"


@pytest.fixture
def files() -> dict[str, bytes]:
    return {f"film-{seed}.png": film_png(seed) for seed in range(220, 225)}


def hold_all_content(page: Page) -> None:
    """From now on no byte of a file arrives."""
    page.route(CONTENT, lambda route: route.abort("connectionfailed"))


def uploads_of(page: Page) -> list[str]:
    sent: list[str] = []
    page.on("request", lambda request: request.method == "PUT" and sent.append(request.url))
    return sent


def wait_until_kept(page: Page, count: int) -> None:
    """Until the browser's own store holds so many files."""
    page.wait_for_function(
        """wanted => new Promise(resolve => {
            const opening = indexedDB.open("covid-xr-batches");
            opening.onsuccess = () => {
                const base = opening.result;
                const counting = base.transaction("files").objectStore("files").count();
                counting.onsuccess = () => { base.close(); resolve(counting.result >= wanted); };
            };
        })""",
        arg=count,
    )


def interrupted(windows, files) -> Page:
    """A window whose batch is announced, and of which nothing has arrived."""
    page = windows.open("health_worker", path=NEW_BATCH)
    hold_all_content(page)
    send(page, files)
    expect(page.locator("[data-notice=line]")).to_be_visible()
    return page


def test_kept_files_go_on_by_themselves(windows, files):
    page = interrupted(windows, files)
    wait_until_kept(page, len(files))
    address = page.url
    page.close()
    again = windows.watches[-1].context.new_page()
    again.goto(address)
    wait_for_outcomes(again)
    assert phase_counts(again) == {"done": len(files)}


def test_files_that_the_browser_does_not_have_are_asked_for(windows, files):
    page = interrupted(windows, {name: content + b"\n" for name, content in files.items()})
    other = windows.open("health_worker", path=page.url)
    expect(other.locator("[data-notice=missing]")).to_contain_text(str(len(files)))
    choose(other, {name: content + b"\n" for name, content in files.items()})
    wait_for_outcomes(other)
    assert sum(phase_counts(other).values()) == len(files)
    assert set(phase_counts(other)) <= {"done", "duplicate"}
    expect(other.locator("[data-notice=missing]")).to_be_hidden()


def test_what_has_arrived_is_not_sent_again(windows, files):
    page = windows.open("health_worker", path=NEW_BATCH)
    fresh = {f"again-{name}": film_png(230 + n) for n, name in enumerate(files)}
    send(page, fresh)
    wait_for_outcomes(page)
    other = windows.open("health_worker", path=page.url)
    sent = uploads_of(other)
    choose(other, fresh)
    expect(other.locator(".batch-row")).to_have_count(len(fresh))
    assert sent == []


def test_closing_asks_only_while_something_would_be_lost(windows, files):
    page = windows.open("health_worker", path=NEW_BATCH)
    choose(page, files)
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.goto("/images/batches/")
    assert asked == ["beforeunload"]
    page.goto("/images/batches/")
    assert asked == ["beforeunload"]
