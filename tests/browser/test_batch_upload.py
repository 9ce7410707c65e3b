"""Many files at once: each ends with its own outcome, and the rest goes on."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.batches import (
    NEW_BATCH,
    NO_PICTURE,
    choose,
    drop,
    phase_counts,
    phases,
    ready,
    send,
    wait_for_outcomes,
    zip_of,
)
from tests.factories import chest_png, film_png

pytestmark = pytest.mark.timeout(300)


def test_every_file_ends_with_its_own_outcome(windows):
    page = windows.open("health_worker", path=NEW_BATCH)
    send(
        page,
        {
            "one.png": film_png(201),
            "notes.png": NO_PICTURE,
            "ward.zip": zip_of({"two.png": film_png(202), "list.txt": NO_PICTURE}),
        },
    )
    wait_for_outcomes(page)
    ended = phases(page)
    assert ended["one.png"] == "done"
    assert ended["notes.png"] == "failed"
    assert ended["ward.zip"] == "unpacked"
    assert ended["ward.zip › two.png"] == "done"
    assert ended["ward.zip › list.txt"] == "failed"
    windows.look(page)


def test_a_failed_row_says_why_and_a_stored_one_leads_to_its_radiograph(windows):
    page = windows.open("health_worker", path=NEW_BATCH)
    send(page, {"good.png": film_png(203), "bad.png": NO_PICTURE})
    wait_for_outcomes(page)
    bad = page.locator('.batch-row[data-phase="failed"]')
    expect(bad.locator("[data-part=reason]")).to_have_text(re.compile(r"\w+ .+\."))
    page.locator('.batch-row[data-phase="done"] [data-part=open]').click()
    expect(page.locator("[data-film]")).to_be_visible()


def test_what_is_here_already_is_not_sent(windows):
    page = windows.open("health_worker", path=NEW_BATCH)
    send(page, {"first.png": film_png(204)})
    wait_for_outcomes(page)
    sent = []
    page.on("request", lambda request: sent.append(request.method))
    page.goto(NEW_BATCH)
    send(page, {"again.png": film_png(204)})
    wait_for_outcomes(page)
    assert phases(page) == {"again.png": "duplicate"}
    assert "PUT" not in sent


def test_dropped_files_are_taken(windows):
    page = windows.open("health_worker", path=NEW_BATCH)
    ready(page)
    drop(page, {"dropped.png": film_png(205), ".DS_Store": b"x"})
    expect(page.locator(".batch-row")).to_have_count(1)
    expect(page.locator("[data-notice=passed]")).to_contain_text("1 file of the operating system")


def test_the_same_file_is_taken_once(windows):
    page = windows.open("health_worker", path=NEW_BATCH)
    ready(page)
    for _ in range(2):
        page.set_input_files("[data-choose=files]", __file__)
    expect(page.locator("[data-notice=passed]")).to_contain_text("in the list already")
    expect(page.locator(".batch-row")).to_have_count(1)


def test_a_file_is_taken_off_before_sending(windows):
    page = windows.open("health_worker", path=NEW_BATCH)
    choose(page, {"one.png": film_png(206), "two.png": film_png(207)})
    expect(page.locator("[data-batch=send]")).to_have_text("Send 2 files")
    page.locator(".batch-row", has_text="two.png").locator("[data-part=cancel]").click()
    expect(page.locator("[data-batch=send]")).to_have_text("Send 1 file")


def test_a_bad_patient_code_is_told_before_anything_is_sent(windows):
    page = windows.open("health_worker", path=NEW_BATCH)
    windows.watch_of(page).expect_status(400)
    choose(page, {"one.png": film_png(208)})
    page.select_option("[name=patient_rule]", "one")
    page.fill("[name=patient_code]", "??")
    page.locator("[data-batch=send]").click()
    expect(page.locator("[data-error]")).to_contain_text("patient code")
    page.fill("[name=patient_code]", "P-208")
    page.locator("[data-batch=send]").click()
    wait_for_outcomes(page)
    assert phase_counts(page) == {"done": 1}


def test_only_the_failed_are_shown_when_wanted(windows):
    page = windows.open("health_worker", path=NEW_BATCH)
    send(page, {"good.png": film_png(209), "bad.png": NO_PICTURE})
    wait_for_outcomes(page)
    page.locator("[data-batch=only-failed]").click()
    expect(page.locator(".batch-row:visible")).to_have_count(1)
    page.locator("[data-batch=only-failed]").click()
    expect(page.locator(".batch-row:visible")).to_have_count(2)


def test_spanish_pages_have_spanish_rows(windows):
    page = windows.open("health_worker", language="es", path=NEW_BATCH)
    choose(page, {"uno.png": film_png(210)})
    expect(page.locator(".batch-row [data-part=state]")).to_have_text(re.compile("En cola"))


def test_without_scripts_the_page_leads_to_the_single_upload(windows, chromium, platform):
    windows.open("health_worker")
    context = chromium.new_context(
        base_url=platform.url, java_script_enabled=False,
        storage_state=windows.sessions["health_worker"],
    )  # fmt: skip
    page = context.new_page()
    page.goto(NEW_BATCH)
    expect(page.locator("noscript a[href='/images/upload/']")).to_be_visible()
    context.close()


def requests_of_files(page: Page) -> list[str]:
    """From now on, the last word of the address of each request that brings files."""
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url.rstrip("/").rpartition("/")[2]))
    return sent


def test_small_files_travel_together(windows):
    page = windows.open("health_worker", path=NEW_BATCH)
    sent = requests_of_files(page)
    films = {f"ward/small-{seed}.png": chest_png(seed, (120, 100)) for seed in range(600, 640)}
    send(page, films)
    wait_for_outcomes(page)
    assert phase_counts(page) == {"done": len(films)}
    assert sent.count("bundle") >= 1
    assert sent.count("content") + sent.count("bundle") < len(films) / 2


def test_a_bundle_that_is_lost_arrives_all_the_same(windows):
    page = windows.open("health_worker", path=NEW_BATCH)
    sent = requests_of_files(page)
    page.route("**/bundle/", lambda route: route.abort("connectionfailed"), times=2)
    films = {f"lost-{seed}.png": chest_png(seed, (120, 100)) for seed in range(640, 660)}
    send(page, films)
    wait_for_outcomes(page)
    assert "bundle" in sent
    assert phase_counts(page) == {"done": len(films)}


def test_a_bundle_that_is_refused_goes_file_by_file(windows):
    page = windows.open("health_worker", path=NEW_BATCH)
    refusal = {"code": "bundle-too-large", "detail": "Too much at once."}
    page.route("**/bundle/", lambda route: route.fulfill(status=413, json=refusal))
    windows.watch_of(page).expect_status(413)
    sent = requests_of_files(page)
    films = {f"alone-{seed}.png": chest_png(seed, (120, 100)) for seed in range(660, 670)}
    send(page, films)
    wait_for_outcomes(page)
    assert "bundle" in sent
    assert phase_counts(page) == {"done": len(films)}
