"""From an empty form to the own home page, with the mail and the administrator between."""

import pytest
from django.utils.translation import override
from playwright.sync_api import Page, expect

from accounts.roles import Role
from tests.browser.scene import PASSWORD, SITE_NAME
from tests.browser.steps import enter_login

# What only some roles find in the menu.
MENU = {
    Role.HEALTH_WORKER: {"/images/upload/", "/images/trash/"},
    Role.DOCTOR: {"/images/upload/", "/images/trash/"},
    Role.RESEARCHER: set(),
}
SOME_ROLES_ONLY = "#menu a[href='/images/upload/'], #menu a[href='/images/trash/']"
SOME_ROLES_ONLY += ", #menu a[href='/people/'], #menu a[href='/status/']"


def sign_up(page: Page, email: str, role: Role) -> None:
    page.goto("/account/signup/")
    page.fill("[name=email]", email)
    page.fill("[name=full_name]", f"New {role.value}")
    page.select_option("[name=institution]", label=SITE_NAME)
    page.select_option("[name=requested_role]", role.value)
    page.fill("[name=password1]", PASSWORD)
    page.fill("[name=password2]", PASSWORD)
    page.press("[name=password2]", "Enter")
    page.wait_for_url("**/account/confirm-email/")


def confirm(page: Page, email: str) -> None:
    """Follow the link of the newest message to `email`."""
    page.goto("/local-mail/")
    page.locator("main tbody tr", has_text=email).first.locator("a").click()
    page.locator("main a[href*='/account/confirm-email/']").click()
    page.locator("main form button[type=submit]").click()
    page.wait_for_url("**/account/login/")


def approve(page: Page, email: str) -> None:
    page.goto(f"/people/?q={email}")
    page.locator("main tbody td a").first.click()
    page.locator("button[form=grant]").click()
    expect(page.locator("#messages .alert-success")).to_be_visible()


@pytest.mark.parametrize("role", list(MENU))
def test_a_newcomer_gets_in(windows, platform, role):
    email = f"new-{role.value.replace('_', '-')}@example.org"
    page = windows.open()
    sign_up(page, email, role)
    confirm(page, email)
    enter_login(page, email, PASSWORD)
    page.wait_for_url("**/people/waiting/")
    expect(page.locator("main")).to_contain_text(email)
    windows.look(page)

    approve(windows.open("administrator"), email)

    page.goto("/")
    with override("en"):
        expect(page.locator(".menu-person small")).to_have_text(str(role.label))
    found = page.locator(SOME_ROLES_ONLY).evaluate_all("all => all.map(each => each.pathname)")
    assert set(found) == MENU[role]
