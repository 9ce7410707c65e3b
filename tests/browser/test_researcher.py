"""A researcher sees confirmed cases, and no patient's code anywhere."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.scene import RADIOGRAPHS, patient_code_of

PSEUDONYM = re.compile(r"^p[0-9a-f]{24}$")
LINKS = "main tbody td[data-label] a.fw-semibold"


def test_the_list_holds_confirmed_cases_only(windows, platform):
    page = windows.open("researcher", path="/images/")
    shown = page.locator(LINKS).evaluate_all("all => all.map(each => each.pathname)")
    assert platform.page_of("confirmed") in shown
    assert platform.page_of("unconfirmed") not in shown
    known = page.locator("main tbody tr").filter(
        has=page.locator(".truth-positive, .truth-negative")
    )
    expect(known).to_have_count(len(shown))


def test_patients_have_pseudonyms_in_the_list(windows):
    page = windows.open("researcher", path="/images/")
    assert all(PSEUDONYM.match(name) for name in page.locator(LINKS).all_inner_texts())


def test_the_patient_has_a_pseudonym_on_the_page(windows, platform):
    page = windows.open("researcher", path=platform.page_of("confirmed"))
    expect(page.locator("main h1")).to_have_text(PSEUDONYM)


@pytest.mark.parametrize("path", ["/", "/images/", "{confirmed}"])
def test_no_page_tells_a_patients_code(windows, platform, path):
    path = path.format(confirmed=platform.page_of("confirmed"))
    source = windows.open("researcher", path=path).content()
    assert [name for name in RADIOGRAPHS if patient_code_of(name) in source] == []


def test_an_unconfirmed_case_is_not_there(windows, platform):
    page = windows.open("researcher")
    windows.watch_of(page).expect_status(404)
    assert page.goto(platform.page_of("unconfirmed")).status == 404
