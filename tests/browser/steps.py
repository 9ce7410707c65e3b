"""What a person does again and again in these pages."""

import re

from playwright.sync_api import Page, expect

from tests.browser.scene import PASSWORD, email_of

RADIOGRAPH_PAGE = re.compile(r"/images/[0-9a-f-]{36}/$")
REAUTHENTICATION = re.compile("/account/reauthenticate/")
MOST_TABS = 120


def enter_login(page: Page, email: str, password: str) -> None:
    """Fill the form of signing in and send it; where it leads is the caller's matter."""
    page.goto("/account/login/")
    page.fill("[name=login]", email)
    page.fill("[name=password]", password)
    page.press("[name=password]", "Enter")


def sign_in(page: Page, name: str) -> None:
    enter_login(page, email_of(name), PASSWORD)
    expect(page.locator(".menu-person")).to_be_visible()


def confirm_password(page: Page) -> None:
    """Before a change of the account the password is asked again; then the page wanted comes."""
    page.fill("main [name=password]", PASSWORD)
    page.press("main [name=password]", "Enter")
    expect(page).not_to_have_url(REAUTHENTICATION)


def fill_upload(page: Page, content: bytes, patient_code: str, name: str = "film.png") -> None:
    """Choose a file, type a patient code and send the form of /images/upload/."""
    page.goto("/images/upload/")
    file = {"name": name, "mimeType": "image/png", "buffer": content}
    page.set_input_files("[name=file]", file)
    page.fill("[name=patient_code]", patient_code)
    page.press("[name=patient_code]", "Enter")


def press_until(page: Page, key: str, selector: str) -> None:
    """Press a key until what has the focus matches `selector`."""
    for _ in range(MOST_TABS):
        page.keyboard.press(key)
        if page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
            return
    raise AssertionError(f"{key} never reached {selector} on {page.url}")


def own_pages(page: Page) -> list[str]:
    """Paths that menu and tabs of this page lead to."""
    links = page.locator("#menu a[href^='/'], nav.tabs a[href^='/']")
    return sorted(set(links.evaluate_all("all => all.map(each => each.pathname)")))


def wait_for_pieces(page: Page) -> None:
    """What htmx loads after the page is there."""
    expect(page.locator(".htmx-request")).to_have_count(0)
