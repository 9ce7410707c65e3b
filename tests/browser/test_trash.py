"""A radiograph goes to the trash and comes back."""

import pytest
from playwright.sync_api import expect


@pytest.fixture
def page(windows, platform):
    """Just after the radiograph was put away."""
    page = windows.open("health_worker", path=platform.page_of("to_trash"))
    page.locator("main form[action$='/trash/'] button").click()
    expect(page.locator("#messages .alert-success")).to_be_visible()
    return page


def link(page, platform, path):
    # Other tests of this platform send batches: 24 rows would not reach far enough back.
    page.goto(f"{path}?per_page=200")
    return page.locator(f"main tbody a[href='{platform.page_of('to_trash')}']")


def restore(page, platform):
    page.goto("/images/trash/")
    page.locator(f"form[action='{platform.page_of('to_trash')}restore/'] button").click()
    expect(page.locator("#messages .alert-success")).to_be_visible()


def test_trash_and_restore(page, platform):
    expect(link(page, platform, "/images/")).to_have_count(0)
    expect(link(page, platform, "/images/trash/")).not_to_have_count(0)
    restore(page, platform)
    expect(link(page, platform, "/images/trash/")).to_have_count(0)
    expect(link(page, platform, "/images/")).not_to_have_count(0)
