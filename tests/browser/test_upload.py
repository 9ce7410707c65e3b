"""A radiograph goes in, its prediction comes by itself; what is no picture stays out."""

import pytest
from django.utils.translation import override
from playwright.sync_api import expect

from images.decoding.reasons import SENTENCES
from tests.browser.steps import RADIOGRAPH_PAGE, fill_upload
from tests.factories import film_png

PREDICTION_MS = 60_000
NO_PICTURE = b"this is a text, whatever its name says\n" * 20


def test_the_prediction_appears_by_itself(windows):
    page = windows.open("health_worker")
    fill_upload(page, film_png(77), "P-77")
    page.wait_for_url(RADIOGRAPH_PAGE)
    expect(page.locator("#predictions .probability-value")).to_be_visible(timeout=PREDICTION_MS)
    assert windows.watch_of(page).documents.count(page.url) == 1, "the page was loaded again"
    expect(page.locator("#predictions .callout")).to_contain_text("This is not a diagnosis")


def test_the_list_shows_the_result_too(windows):
    page = windows.open("health_worker", path="/images/")
    badges = page.locator("main tbody .result:not(.result-pending, .result-failed)")
    expect(badges.first).to_be_visible(timeout=PREDICTION_MS)


def stored(platform):
    return platform.rows("SELECT count(*) FROM images_radiograph"), platform.stored_files()


def sentence(language):
    with override(language):
        return str(SENTENCES["not-an-image"])


@pytest.mark.parametrize("language", ["es", "en"])
def test_what_is_no_picture_is_refused_in_the_language_chosen(windows, platform, language):
    before = stored(platform)
    page = windows.open("health_worker", language="es", path="/images/upload/")
    windows.watch_of(page).expect_status(400)
    page.locator(f"#menu [name=language][value={language}]").click()
    expect(page.locator("html")).to_have_attribute("lang", language)
    fill_upload(page, NO_PICTURE, "P-0")
    expect(page.locator("#id_file_error")).to_have_text(sentence(language))
    assert stored(platform) == before


def test_the_sentence_is_translated():
    assert sentence("es") != sentence("en")
