"""Every page that menu and tabs lead to, for each role, on a desk and on a phone."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import REAUTHENTICATION, confirm_password, own_pages, wait_for_pieces
from tests.browser.watch import PHONE

# What each role must find at least, so that an empty menu is no success.
LEAST = {
    "": {"/", "/news/", "/news/contact/", "/account/login/", "/account/signup/"},
    "health_worker": {"/images/upload/", "/images/", "/images/trash/", "/account/2fa/"},
    "doctor": {"/images/upload/", "/images/", "/images/trash/", "/api/v1/docs/"},
    "researcher": {"/images/", "/people/me/", "/people/me/tokens/", "/api/v1/docs/"},
    "administrator": {"/people/", "/people/sites/", "/news/inbox/", "/status/"},
}
RADIOGRAPH_PAGES = [
    ("doctor", ""),
    ("doctor", "edit/"),
    ("doctor", "truth/"),
    ("researcher", ""),
    ("administrator", ""),
]
BESIDE_THE_MENU = [
    ("", "/about/"),
    ("", "/account/password/reset/"),
    ("", "/local-mail/"),
    ("administrator", "/people/?status=active"),
    ("administrator", "/people/sites/new/"),
    ("administrator", "/news/new/"),
]


def visit(page: Page, path: str) -> int:
    """The status of a page, once the password was given again where it is asked for."""
    status = page.goto(path).status
    if REAUTHENTICATION.search(page.url):
        confirm_password(page)
    wait_for_pieces(page)
    assert urlsplit(page.url).path == urlsplit(path).path
    return status


def visit_all(page: Page, look) -> dict[str, int]:
    """Status of every page that can be reached by menu and tabs."""
    statuses: dict[str, int] = {}
    waiting = {"/"}
    while waiting:
        path = waiting.pop()
        statuses[path] = visit(page, path)
        look(page)
        waiting |= set(own_pages(page)) - set(statuses)
    return statuses


@pytest.mark.parametrize("name", list(LEAST))
def test_every_page_of_the_menu(windows, name):
    page = windows.open(name)
    statuses = visit_all(page, windows.look)
    assert set(statuses.values()) == {200}, statuses
    assert set(statuses) >= LEAST[name]


@pytest.mark.parametrize(("name", "part"), RADIOGRAPH_PAGES)
def test_the_pages_of_a_radiograph(windows, platform, name, part):
    assert visit(windows.open(name), platform.page_of("confirmed") + part) == 200


@pytest.mark.parametrize(("name", "path"), BESIDE_THE_MENU)
def test_a_page_beside_the_menu(windows, name, path):
    assert visit(windows.open(name), path) == 200


def test_the_menu_opens_on_a_phone_without_a_mouse(windows):
    page = windows.open("health_worker", path="/")
    page.set_viewport_size(PHONE)
    entry = page.locator("#menu a[href='/images/upload/']")
    expect(entry).to_be_hidden()
    page.locator("[data-bs-target='#menu']").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#menu:focus, #menu :focus")).to_have_count(1)
    expect(entry).to_be_visible()
    page.keyboard.press("Escape")
    expect(entry).to_be_hidden()
