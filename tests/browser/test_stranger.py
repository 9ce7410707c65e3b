"""Somebody of another institution finds no trace of a radiograph."""

import pytest

NOWHERE = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def page(windows):
    page = windows.open("stranger")
    windows.watch_of(page).expect_status(404)
    return page


@pytest.mark.parametrize("part", ["", "edit/", "picture.png", "thumbnail.jpg"])
def test_a_radiograph_of_another_institution_is_not_found(page, platform, part):
    assert page.goto(platform.page_of("confirmed") + part).status == 404


def test_it_looks_like_one_that_never_was(page, platform):
    page.goto(platform.page_of("confirmed"))
    of_others = page.locator("main").inner_text()
    page.goto(f"/images/{NOWHERE}/")
    assert page.locator("main").inner_text() == of_others


def test_the_list_is_empty(windows):
    page = windows.open("stranger", path="/images/")
    assert page.locator("main tbody tr").count() == 0
