"""The room of the models in a real browser: curves that grow, a threshold that moves, a start."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser import models_scene
from tests.browser.steps import wait_for_pieces

SMALL_PHONE = {"width": 360, "height": 780}
RUN_OF, VERSION_OF, START_OF = "chest-three-classes", "covid-19", "covid-19"
CHARTS = 11


@pytest.fixture
def run(platform):
    """A run that stands still until the test lets it go on, and that never outlives it."""
    key = models_scene.call(platform, f"hold_a_run({RUN_OF!r})")
    yield key
    models_scene.call(platform, f"end({key!r})")


@pytest.fixture(scope="module")
def version(platform) -> str:
    return models_scene.call(platform, f"lay_out_version({VERSION_OF!r})")


@pytest.fixture
def page(windows, version) -> Page:
    """The page of the version, with every chart drawn."""
    shown = windows.open("administrator", path=f"/retraining/versions/{version}/")
    for chart in shown.locator("[data-chart]").all():
        chart.scroll_into_view_if_needed()
    expect(shown.locator("[data-drawn]")).to_have_count(CHARTS)
    return shown


def counts(page: Page) -> list[str]:
    return page.locator("[data-threshold] [data-cell]").all_inner_texts()


def picture(page: Page, chart: str) -> str:
    """What a chart shows, as the addresses of its layers' PNGs."""
    layers = page.locator(f"[data-chart={chart}] canvas")
    return layers.evaluate_all("all => all.map(each => each.toDataURL()).join()")


def test_curves_grow_while_the_run_goes_on(windows, platform, run):
    page = windows.open("administrator", path=f"/retraining/runs/{run}/")
    rows = page.locator("[data-rows=loss] tr")
    expect(rows).to_have_count(3)
    expect(page.locator("[data-drawn]")).to_have_count(3)
    page.evaluate("window.isTheSamePage = true")
    before = picture(page, "loss")
    models_scene.call(platform, f"go_on({run!r}, 9)")
    expect(rows).to_have_count(9)
    expect(page.locator("[data-live=progress]")).to_have_text("epoch 9 of 30 at most")
    expect(page.locator("[data-log]")).to_contain_text("Epoch 9 was kept")
    assert picture(page, "loss") != before
    assert page.evaluate("window.isTheSamePage") is True


def test_the_page_of_a_run_that_ends_is_loaded_again(windows, platform, run):
    page = windows.open("administrator", path=f"/retraining/runs/{run}/")
    expect(page.locator("[data-run]")).to_have_count(1)
    models_scene.call(platform, f"end({run!r})")
    expect(page.locator("[role=alert]")).to_contain_text("numbers that are not finite")
    expect(page.locator("[data-run]")).to_have_count(0)


def test_a_run_is_cancelled(windows, run):
    page = windows.open("administrator", path=f"/retraining/runs/{run}/")
    page.get_by_role("button", name="Cancel the run").click()
    expect(page.locator("#messages")).to_contain_text("was cancelled")


def test_what_a_run_hears_while_its_form_is_on_its_way_loses_no_sentence(windows, run):
    """The page after "cancel", which alone has the sentence, takes longer to come than the page
    before needs to hear that the run has ended."""
    page = windows.open("administrator", path=f"/retraining/runs/{run}/")

    def answer_late(route):
        page_after = route.fetch()
        page.wait_for_timeout(2500)
        route.fulfill(response=page_after)

    page.route("**/cancel/", answer_late)
    page.get_by_role("button", name="Cancel the run").click()
    expect(page.locator("#messages")).to_contain_text("was cancelled")


def test_a_second_start_is_refused_with_the_way_to_the_first(windows, platform):
    page = windows.open("administrator", path=f"/retraining/{START_OF}/")
    expect(page.locator("#preflight")).to_be_visible()
    wait_for_pieces(page)
    key = models_scene.call(platform, f"hold_a_run({START_OF!r})")
    try:
        windows.watch_of(page).expect_status(409)
        page.get_by_role("button", name="Start the training").click()
        page.get_by_role("alert").get_by_role("link").click()
        page.wait_for_url(f"**/retraining/runs/{key}/")
    finally:
        models_scene.call(platform, f"end({key!r})")


def test_every_chart_is_drawn(page):
    for chart in page.locator("[data-chart]").all():
        # An empty canvas of this size is a third of it.
        assert len(picture(page, chart.get_attribute("data-chart"))) > 10_000


def test_the_threshold_moves_the_matrix_by_keyboard(page):
    before = counts(page)
    assert sum(map(int, before)) > 0
    slider = page.locator("#threshold")
    slider.focus()
    drawn = picture(page, "confusion")
    for _step in range(60):
        page.keyboard.press("ArrowRight")
    after = counts(page)
    assert after != before
    assert sum(map(int, after)) == sum(map(int, before))
    assert int(after[0]) <= int(before[0])
    assert slider.get_attribute("aria-valuetext") == page.locator("[data-value]").inner_text()
    assert picture(page, "confusion") != drawn
    page.locator("[data-reset]").click()
    assert counts(page) == before


@pytest.mark.parametrize(("kind", "start"), [("PNG", b"\x89PNG"), ("CSV", b"fpr,tpr,threshold")])
def test_a_chart_is_taken_home(page, kind, start):
    card = page.locator("section[aria-labelledby=chart-roc]")
    with page.expect_download() as download:
        card.get_by_text(kind, exact=False).first.click()
    assert download.value.path().read_bytes().startswith(start)


def test_colours_follow_the_theme(page):
    light = picture(page, "roc")
    page.locator("[data-theme-choice=dark]").first.click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    assert picture(page, "roc") != light
    page.locator("[data-theme-choice=auto]").first.click()


def test_it_fits_a_small_phone(windows, page):
    page.set_viewport_size(SMALL_PHONE)
    windows.watch_of(page).look_for_overflow(page)


def test_the_table_of_a_chart_opens_by_keyboard(page):
    card = page.locator("section[aria-labelledby=chart-roc]")
    card.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(card.get_by_role("region")).to_be_visible()
    assert card.locator("tbody tr").count() > 2
