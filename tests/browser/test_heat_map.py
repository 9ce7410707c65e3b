"""A heat map is asked for, comes by itself and lies over the film, as strongly as wanted."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.steps import RADIOGRAPH_PAGE, fill_upload
from tests.browser.watch import PHONE
from tests.factories import film_png

PATIENCE_MS = 60_000
LAYER = ".film .heat-layer"


@pytest.fixture(scope="module")
def address() -> dict[str, str]:
    """Where the radiograph of this module is, once the first test has uploaded it."""
    return {}


@pytest.fixture
def page(windows, address) -> Page:
    """The page of a radiograph with its prediction."""
    page = windows.open("health_worker", path=address.get("page", ""))
    if not address:
        fill_upload(page, film_png(91), "P-91")
        page.wait_for_url(RADIOGRAPH_PAGE)
        address["page"] = page.url
    expect(page.locator(".heat-maps")).to_be_visible(timeout=PATIENCE_MS)
    return page


def box_of(picture: Locator) -> list[int]:
    box = picture.bounding_box()
    return [round(box[side]) for side in ("x", "y", "width", "height")]


def seen_of_the_film(page: Page) -> list[int]:
    """The part of the film's box that its picture fills."""
    x, y, width, height = box_of(page.locator("[data-film]"))
    own = page.locator("[data-film]").evaluate("film => [film.naturalWidth, film.naturalHeight]")
    scale = min(width / own[0], height / own[1])
    shown = [side * scale for side in own]
    return [round(v) for v in (x + (width - shown[0]) / 2, y + (height - shown[1]) / 2, *shown)]


def draw_or_choose(page: Page, method: str) -> None:
    button = page.locator(f".heat-maps button[value={method}]")
    if button.count():
        button.click()
    else:
        page.locator("[name=heat-map]").nth(1).check()
    expect(page.locator(f"{LAYER}:visible")).to_have_count(1, timeout=PATIENCE_MS)


def test_it_comes_by_itself_and_lies_over_the_film(page, windows):
    draw_or_choose(page, "grad-cam")
    assert windows.watch_of(page).documents.count(page.url) == 1, "the page was loaded again"
    for size in (page.viewport_size, PHONE):
        page.set_viewport_size(size)
        expect(page.locator(LAYER)).to_be_visible()
        found, wanted = box_of(page.locator(LAYER)), seen_of_the_film(page)
        assert all(abs(one - other) <= 1 for one, other in zip(found, wanted, strict=True))


def test_keys_make_it_fainter_and_take_it_off(page):
    draw_or_choose(page, "grad-cam")
    before = page.locator(LAYER).evaluate("layer => Number(layer.style.opacity)")
    page.locator("[data-heat-opacity]").press("ArrowLeft")
    assert page.locator(LAYER).evaluate("layer => Number(layer.style.opacity)") < before
    page.locator("[name=heat-map]:checked").press("ArrowUp")
    expect(page.locator(LAYER)).to_be_hidden()


def test_a_second_map_takes_the_place_of_the_first(page):
    draw_or_choose(page, "grad-cam")
    draw_or_choose(page, "fast-cam")
    expect(page.locator(LAYER)).to_have_count(2)
    expect(page.locator(f"{LAYER}:visible")).to_have_attribute(
        "alt", "Heat map of the evidence for COVID-19: Fast map from the stored features"
    )


def test_a_page_that_is_opened_shows_the_film_alone(page):
    page.reload()
    expect(page.locator("[data-heat-controls]")).to_be_visible()
    expect(page.locator(f"{LAYER}:visible")).to_have_count(0)
