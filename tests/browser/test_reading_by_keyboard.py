"""A doctor reads case after case without a mouse."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser import reading_scene
from tests.browser.scene import email_of
from tests.servers import wait_until

FILMS = 16
SMALL_PHONE = {"width": 360, "height": 780}
PATIENCE_S = 120
ROOT = "[data-reading]"
NOTE = "[data-note]"
# Each key of the help and the button that does the same.
KEYS = {"Enter", "n", "ArrowRight", "p", "ArrowLeft", "u", "s", "g", "t", "e", "h", "i", "w", "f",
        "+", "-", "?", *"123456"}  # fmt: skip


@pytest.fixture(scope="module")
def worklist(platform):
    """Sixteen films that the model has answered."""
    key = reading_scene.call(platform, f"lay_out('keys', {FILMS}, 2, real=True)")
    answered = (
        "SELECT count(*) FROM inference_prediction p JOIN images_radiograph r"
        " ON r.id = p.radiograph_id JOIN accounts_site s ON s.id = r.site_id"
        " WHERE s.code = 'keys' AND p.status = 'done'"
    )
    wait_until(lambda: platform.rows(answered) == [(FILMS,)], PATIENCE_S, "answers of the model")
    return key


@pytest.fixture
def page(windows, worklist) -> Page:
    """The reading page with a case on it."""
    page = windows.open("keys_0")
    reading_scene.begin(page)
    page.film = reading_scene.next_case(page)
    return page


@pytest.fixture
def stored(platform, page):
    """`stored(film)`: the one current reading, once the page has saved all."""

    def found(film: str) -> tuple:
        reading_scene.all_saved(page)
        (row,) = reading_scene.stored(platform, film)
        return row

    return found


def phase(page: Page, *words: str) -> None:
    expect(page.locator(", ".join(f"{ROOT}[data-phase={word}]" for word in words))).to_be_visible()


def said(page: Page, words: str) -> None:
    expect(page.locator("[data-say]")).to_contain_text(words)


def answer(page: Page, key: str) -> None:
    page.keyboard.press(key)
    phase(page, "verdict")


def test_two_keys_a_case(page, stored):
    expect(page.locator("[data-model]")).to_contain_text("Hidden until you have answered.")
    answer(page, "2")
    expect(page.locator("[data-model] .result")).to_be_visible()
    page.keyboard.press("Enter")
    reading_scene.next_case(page, page.film)
    assert stored(page.film) == (email_of("keys_0"), "covid-19", "", "agrees", "")
    assert float(page.locator(ROOT).get_attribute("data-shown-ms")) > 0


def test_a_number_disagrees_with_a_reason(page, stored):
    answer(page, "1")
    page.keyboard.press("3")
    reading_scene.next_case(page, page.film)
    assert stored(page.film)[1:] == ("normal", "", "disagrees", "other-disease")


def test_enter_answers_nothing_by_itself(page, platform):
    page.keyboard.press("Enter")
    said(page, "Choose a finding first")
    phase(page, "finding")
    assert reading_scene.stored(platform, page.film) == []


def test_undo_comes_back_to_the_case(page, stored):
    answer(page, "1")
    page.keyboard.press("Enter")
    reading_scene.next_case(page, page.film)
    page.keyboard.press("u")
    expect(page.locator(f"[data-stage][data-shown='{page.film}']")).to_be_visible()
    phase(page, "finding")
    assert stored(page.film)[1] == ""
    answer(page, "5")
    page.keyboard.press("Enter")
    reading_scene.next_case(page, page.film)
    assert stored(page.film)[1:4] == ("other", "", "agrees")


def test_a_case_read_before_is_corrected(page, stored):
    answer(page, "1")
    page.keyboard.press("Enter")
    other = reading_scene.next_case(page, page.film)
    page.keyboard.press("p")
    phase(page, "done")
    # Nobody answers what they have not seen: a key that comes before the picture is passed over.
    expect(page.locator(f"[data-stage][data-shown='{page.film}']")).to_be_visible()
    expect(page.locator("[data-finding=normal]")).to_have_attribute("aria-pressed", "true")
    answer(page, "4")
    page.keyboard.press("Enter")
    assert reading_scene.next_case(page, page.film) == other
    assert stored(page.film)[1] == "bacterial-pneumonia"


def test_a_skipped_case_makes_room_for_the_next(page, platform):
    page.keyboard.press("s")
    assert reading_scene.next_case(page, page.film) != page.film
    said(page, "Skipped")
    reading_scene.all_saved(page)
    assert reading_scene.stored(platform, page.film) == []


def test_a_case_is_set_aside_with_a_reason(page, platform):
    page.keyboard.press("g")
    page.keyboard.type("Two patients on one film")
    page.keyboard.press("Enter")
    reading_scene.next_case(page, page.film)
    reading_scene.all_saved(page)
    key = page.film.replace("-", "")
    rows = platform.rows(
        f"SELECT state, flag_reason FROM reading_listcase WHERE radiograph_id = '{key}'"
    )
    assert rows == [("flagged", "Two patients on one film")]


def test_what_is_typed_into_the_note_answers_nothing(page, stored):
    page.keyboard.press("e")
    page.keyboard.type("1 nodule, 2 cm")
    phase(page, "finding")
    page.keyboard.press("Escape")
    expect(page.locator("[data-stage]")).to_be_focused()
    answer(page, "5")
    page.keyboard.press("e")
    page.keyboard.type(" left")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    reading_scene.next_case(page, page.film)
    assert stored(page.film)[1:4] == ("other", "1 nodule, 2 cm left", "agrees")


def test_a_draft_is_there_again_after_the_tab_was_closed(page, windows):
    with page.expect_response("**/draft/"):
        page.locator(NOTE).fill("half a sentence")
    page.context.close()
    again = windows.open("keys_0")
    reading_scene.begin(again)
    reading_scene.next_case(again)
    expect(again.locator(NOTE)).to_have_value("half a sentence")
    expect(again.locator("[data-draft]")).to_be_visible()
    again.locator(NOTE).fill("")


def test_the_picture_obeys_its_keys(page):
    stage = page.locator("[data-stage]")
    page.keyboard.press("+")
    expect(stage).to_have_attribute("data-zoom", "1.400")
    page.keyboard.press("f")
    expect(stage).to_have_attribute("data-zoom", "1.000")
    page.keyboard.press("i")
    expect(page.locator("[data-do=invert]")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("w")
    expect(stage).to_have_attribute("data-preset", "lung")


def test_the_heat_map_comes_after_the_answer(page):
    page.keyboard.press("h")
    said(page, "no heat map before")
    answer(page, "1")
    page.keyboard.press("h")
    expect(page.locator(".reading-heat")).to_be_visible(timeout=60_000)
    page.keyboard.press("h")
    expect(page.locator(".reading-heat")).to_have_count(0)


def test_the_test_result_is_stated_after_the_answer(page, platform):
    page.keyboard.press("t")
    said(page, "once you have answered")
    answer(page, "1")
    page.keyboard.press("t")
    form = page.locator("[data-dialog=truth] form[method=post]")
    form.locator("[name=covid-19-result]").nth(1).check()
    form.locator("button[type=submit]").click()
    expect(page.locator("[data-dialog=truth]")).to_be_hidden()
    key = page.film.replace("-", "")
    assert platform.rows(f"SELECT rt_pcr FROM images_radiograph WHERE id = '{key}'")[0][0]


def test_without_a_connection_answers_wait_and_nothing_is_lost(page, stored):
    page.context.set_offline(True)
    page.keyboard.press("1")
    expect(page.locator("[data-line]")).to_contain_text("There is no connection. 1 answer waits")
    page.context.set_offline(False)
    phase(page, "verdict")
    expect(page.locator("[data-line]")).to_be_hidden()
    assert stored(page.film)[1] == "normal"


def test_a_hold_that_was_lost_keeps_what_was_typed(windows, page, platform):
    page.locator(NOTE).fill("seen by me")
    page.keyboard.press("Escape")
    reading_scene.call(platform, f"give_to('keys_1', '{page.film}')")
    windows.watch_of(page).expect_status(409)
    page.keyboard.press("1")
    expect(page.locator("[data-problem]")).to_contain_text("another doctor took it")
    expect(page.locator(NOTE)).to_have_value("seen by me")
    page.keyboard.press("n")
    assert reading_scene.next_case(page, page.film)


def test_a_list_may_show_the_model_from_the_beginning(windows, platform, worklist):
    reading_scene.call(platform, f"show_model('{worklist}', 'yes')")
    try:
        page = windows.open("keys_0")
        reading_scene.begin(page)
        film = reading_scene.next_case(page)
        expect(page.locator("[data-model] .result")).to_be_visible()
        answer(page, "1")
        page.keyboard.press("Enter")
        reading_scene.next_case(page, film)
        reading_scene.all_saved(page)
        ((_, finding, _, verdict, _),) = reading_scene.stored(platform, film)
        assert (finding, verdict) == ("normal", "agrees")
    finally:
        reading_scene.call(platform, f"show_model('{worklist}', 'no')")


def test_help_opens_and_closes(page):
    page.keyboard.press("?")
    expect(page.locator("[data-dialog=help]")).to_be_visible()
    page.keyboard.press("1")
    page.keyboard.press("Escape")
    expect(page.locator("[data-dialog=help]")).to_be_hidden()
    expect(page.locator("[data-stage]")).to_be_focused()
    phase(page, "finding")


def test_each_key_has_a_button(page):
    told = page.locator(f"{ROOT} [aria-keyshortcuts]").evaluate_all(
        "all => all.flatMap(each => each.getAttribute('aria-keyshortcuts').split(' '))"
    )
    assert set(told) == KEYS


def test_it_fits_a_small_phone(windows, page):
    page.set_viewport_size(SMALL_PHONE)
    windows.watch_of(page).look_for_overflow(page)
    answer(page, "1")
    windows.watch_of(page).look_for_overflow(page)
    page.goto("/reading/")
    windows.watch_of(page).look_for_overflow(page)
