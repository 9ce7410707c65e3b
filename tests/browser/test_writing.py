"""Writing is covered in a real browser: boxes by mouse, finger and keyboard, then for good."""

import json
from collections.abc import Iterator
from itertools import count

import pytest
from playwright.sync_api import Page, expect

from images.radiograph import RadiographPixels
from tests.browser.steps import RADIOGRAPH_PAGE, fill_upload
from tests.images.drawn_names import film_with_name

SMALL_PHONE = {"width": 360, "height": 780}
GROUPS = "[data-writing-film] g"


@pytest.fixture(scope="module")
def numbers() -> Iterator[int]:
    return count(10)


@pytest.fixture
def named(windows, numbers) -> Page:
    """The review of a film with a name in it, one for each test."""
    number = next(numbers)
    array, _box = film_with_name(number)
    page = windows.open("health_worker")
    fill_upload(page, RadiographPixels.eight_bit(array).to_png(), f"P-W{number}")
    page.wait_for_url(RADIOGRAPH_PAGE)
    page.goto(f"{page.url}writing/")
    expect(page.locator(".is-ready")).to_be_visible()
    return page


def places(page: Page) -> list[list[int]]:
    """Left, top, width and height of the boxes on the film."""
    return page.locator(f"{GROUPS} .writing-box").evaluate_all(
        "all => all.map(r => ['x', 'y', 'width', 'height'].map(n => Number(r.getAttribute(n))))"
    )


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """From one share of the film to another."""
    box = page.locator("[data-writing-film]").bounding_box()
    first, last = (
        (box["x"] + share[0] * box["width"], box["y"] + share[1] * box["height"])
        for share in (start, end)
    )
    page.mouse.move(*first)
    page.mouse.down()
    page.mouse.move(*last, steps=4)
    page.mouse.up()


def test_the_name_has_its_box_and_its_badge(named):
    assert places(named)
    named.goto(named.url.removesuffix("writing/"))
    expect(named.locator(".page-header .tag")).to_be_visible()


def test_a_box_is_drawn_with_the_mouse(named):
    before = len(places(named))
    drag(named, (0.3, 0.4), (0.5, 0.5))
    assert len(places(named)) == before + 1
    assert named.locator("[name=box-TOTAL_FORMS]").input_value() == str(before + 3)


def test_the_keyboard_moves_sizes_and_takes_away(named):
    named.locator("[data-add-box]").click()
    left, top, width, height = places(named)[-1]
    named.keyboard.press("ArrowRight")
    named.keyboard.press("Shift+ArrowDown")
    moved = places(named)[-1]
    assert moved[0] > left
    assert (moved[1], moved[2]) == (top, width)
    assert moved[3] > height
    number = len(places(named))
    named.keyboard.press("Delete")
    assert len(places(named)) == number - 1


def test_typed_numbers_move_the_box(named):
    named.fill("[name=box-0-left]", "7")
    assert places(named)[0][0] == 7


def test_it_fits_a_small_phone(windows, named):
    named.set_viewport_size(SMALL_PHONE)
    windows.watch_of(named).look_for_overflow(named)


def test_covered_for_good(named, platform):
    left, top, width, height = places(named)[0]
    address = named.url.removesuffix("writing/")
    named.locator("[value=cover]").click()
    expect(named.locator(".alert-success")).to_be_visible()
    picture = named.request.get(f"{address}picture.png")
    assert picture.ok
    named.goto(f"{address}writing/")
    shown = named.evaluate(
        """async ([address, left, top, width, height]) => {
          const bitmap = await createImageBitmap(await (await fetch(address)).blob());
          const canvas = new OffscreenCanvas(width, height);
          const pen = canvas.getContext("2d");
          pen.drawImage(bitmap, -left, -top);
          const {data} = pen.getImageData(0, 0, width, height);
          return data.reduce((most, value, i) => (i % 4 < 3 ? Math.max(most, value) : most), 0);
        }""",
        [f"{address}picture.png", left, top, width, height],
    )
    assert shown == 0
    rows = platform.rows("SELECT boxes FROM images_redaction ORDER BY created_at DESC LIMIT 1")
    assert [left, top, width, height] in json.loads(rows[0][0])
