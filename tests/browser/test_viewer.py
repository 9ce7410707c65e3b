"""The viewer in a real browser: zoom, window, inversion, heat map, another film, keys, help."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import RADIOGRAPH_PAGE, fill_upload
from tests.factories import film_png

PATIENCE_MS = 60_000
SMALL_PHONE = {"width": 360, "height": 780}
FILM = "[data-stage=film]"


@pytest.fixture(scope="module")
def addresses() -> list[str]:
    """Pages of two films of one patient, once the first test has uploaded them."""
    return []


@pytest.fixture
def page(windows, addresses) -> Page:
    """The viewer of the first film, drawn."""
    page = windows.open("health_worker")
    while len(addresses) < 2:
        fill_upload(page, film_png(120 + len(addresses)), "P-120")
        page.wait_for_url(RADIOGRAPH_PAGE)
        addresses.append(page.url)
    page.goto(f"{addresses[0]}viewer/")
    expect(page.locator(f"{FILM}[data-shown=stored]")).to_be_visible(timeout=PATIENCE_MS)
    return page


def zoom_of(page: Page, stage: str = FILM) -> float:
    return float(page.locator(stage).get_attribute("data-zoom"))


def expect_other_zoom(page: Page, before: str, stage: str = FILM) -> None:
    expect(page.locator(stage)).not_to_have_attribute("data-zoom", before)


def test_it_opens_by_its_key(windows, page, addresses):
    page.goto(addresses[0])
    page.keyboard.press("v")
    page.wait_for_url("**/viewer/")
    expect(page.locator(f"{FILM}[data-shown=stored]")).to_be_visible()


def test_buttons_and_keys_zoom(page):
    before = page.locator(FILM).get_attribute("data-zoom")
    page.locator("[data-do=zoom-in]").click()
    expect_other_zoom(page, before)
    closer = zoom_of(page)
    assert closer > float(before)
    page.keyboard.press("+")
    expect_other_zoom(page, f"{closer:.4f}")
    page.keyboard.press("0")
    expect(page.locator(FILM)).to_have_attribute("data-zoom", before)


def test_one_to_one_is_one_pixel_of_the_screen(page):
    before = page.locator(FILM).get_attribute("data-zoom")
    page.keyboard.press("1")
    expect_other_zoom(page, before)
    film = page.evaluate("JSON.parse(document.getElementById('viewer-film').textContent).width")
    stage = page.locator(FILM).bounding_box()["width"]
    assert zoom_of(page) == pytest.approx(film / stage, rel=0.01)


def test_a_preset_changes_the_pixels(page):
    before = page.locator(FILM).screenshot()
    page.select_option("[data-preset]", "bone")
    expect(page.locator(f"{FILM}[data-shown=stored]")).to_have_count(0)
    assert page.locator(FILM).screenshot() != before


def test_arrows_move_the_window(page):
    expect(page.locator("[data-window=centre]")).to_be_enabled()
    page.keyboard.press("ArrowUp")
    expect(page.locator("[data-preset]")).to_have_value("own")
    expect(page.locator(f"{FILM}[data-shown=stored]")).to_have_count(0)
    page.keyboard.press("r")
    expect(page.locator(f"{FILM}[data-shown=stored]")).to_be_visible()


def test_inverted_by_button_and_key(page):
    button = page.locator("[data-do=invert]")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    canvas = page.locator(f"{FILM} canvas").first
    assert "invert(1)" in canvas.evaluate("canvas => canvas.style.filter")
    page.keyboard.press("i")
    expect(button).to_have_attribute("aria-pressed", "false")


def test_the_heat_map_lies_over_the_film_and_zooms_with_it(page):
    button = page.locator("[data-do=heat]")
    expect(button).to_be_visible(timeout=PATIENCE_MS)
    if button.get_attribute("aria-pressed") == "false":
        page.keyboard.press("h")
    layer = page.locator(f"{FILM} .viewer-heat")
    expect(layer).to_be_visible(timeout=PATIENCE_MS)
    before = layer.bounding_box()["width"]
    page.keyboard.press("+")
    expect(layer).not_to_have_js_property("clientWidth", round(before))
    assert layer.bounding_box()["width"] == pytest.approx(before * 1.4, rel=0.02)
    page.keyboard.press("h")
    expect(layer).to_be_hidden()


def test_another_film_moves_along(page):
    page.keyboard.press("p")
    prior = "[data-stage=prior]"
    expect(page.locator(f"{prior}[data-shown=stored]")).to_be_visible(timeout=PATIENCE_MS)
    before = page.locator(prior).get_attribute("data-zoom")
    page.keyboard.press("+")
    expect_other_zoom(page, before, prior)
    expect(page.locator(prior)).to_have_attribute("data-zoom", f"{zoom_of(page):.4f}")
    page.locator("[data-together]").uncheck()
    alone = page.locator(prior).get_attribute("data-zoom")
    page.keyboard.press("+")
    expect(page.locator(prior)).to_have_attribute("data-zoom", alone)


def test_help_opens_and_closes(page):
    page.keyboard.press("?")
    expect(page.locator("[data-viewer-help]")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("[data-viewer-help]")).to_be_hidden()


def test_it_fits_a_small_phone(windows, page):
    page.set_viewport_size(SMALL_PHONE)
    windows.watch_of(page).look_for_overflow(page)
    page.keyboard.press("p")
    windows.watch_of(page).look_for_overflow(page)


def test_without_a_script_the_plain_picture_is_shown(windows, platform, page, addresses):
    context = windows.chromium.new_context(
        java_script_enabled=False, storage_state=page.context.storage_state()
    )
    plain = context.new_page()
    plain.goto(f"{addresses[0]}viewer/")
    expect(plain.locator(".viewer-plain")).to_be_visible()
    expect(plain.locator("[data-viewer-bar]")).to_be_hidden()
    context.close()
