"""The first start's administrator: a one-time password that opens one page."""

from playwright.sync_api import expect

from tests.browser.scene import PASSWORD
from tests.browser.steps import enter_login

CHANGE = "**/account/password/change/"


def test_the_one_time_password_must_be_replaced_first(windows, platform):
    page = windows.open(path="/account/login/")
    enter_login(page, "admin@covid-xr.local", platform.administrator_password)
    page.wait_for_url(CHANGE)
    page.goto("/people/")
    page.wait_for_url(CHANGE)
    windows.look(page)
    page.fill("[name=oldpassword]", platform.administrator_password)
    page.fill("[name=password1]", PASSWORD)
    page.fill("[name=password2]", PASSWORD)
    page.press("[name=password2]", "Enter")
    page.wait_for_url(platform.address("/"))
    expect(page.locator("#menu a[href='/people/']")).to_be_visible()
