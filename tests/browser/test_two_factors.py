"""A second factor is turned on, and asked for from then on."""

import time

from playwright.sync_api import Page, expect

from tests.accounts.helpers import totp_code
from tests.browser.scene import PASSWORD, email_of
from tests.browser.steps import confirm_password, enter_login, sign_in
from tests.servers import wait_until

PERIOD_SECONDS = 30
SECONDS_TO_SEND = 10


def enter_code(page: Page, secret: str) -> None:
    """Early enough in the code's half minute to arrive within it."""
    wait_until(
        lambda: time.time() % PERIOD_SECONDS < PERIOD_SECONDS - SECONDS_TO_SEND,
        SECONDS_TO_SEND + 1, "the next code",
    )  # fmt: skip
    page.fill("main [name=code]", totp_code(secret))
    page.press("main [name=code]", "Enter")


def test_signing_in_asks_for_the_second_factor(windows, platform):
    page = windows.open()
    sign_in(page, "careful")
    page.goto("/account/2fa/totp/activate/")
    confirm_password(page)
    windows.look(page)
    secret = page.input_value("#authenticator_secret")
    enter_code(page, secret)
    page.wait_for_url("**/account/2fa/recovery-codes/")
    windows.look(page)
    page.locator("#menu form[action='/account/logout/'] button").click()
    expect(page.locator(".menu-person")).to_have_count(0)

    enter_login(page, email_of("careful"), PASSWORD)
    page.wait_for_url("**/account/2fa/authenticate/")
    windows.look(page)
    expect(page.locator(".menu-person")).to_have_count(0)
    enter_code(page, secret)
    page.wait_for_url(platform.address("/"))
    expect(page.locator(".menu-person")).to_be_visible()
