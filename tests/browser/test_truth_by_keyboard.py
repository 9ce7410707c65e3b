"""A doctor without a mouse records what the laboratory said."""

from playwright.sync_api import expect

from tests.browser.steps import press_until

# The same day whether the browser asks for the day or the month first.
DIGITS, DAY = "02022021", "2021-02-02"


def test_a_doctor_records_the_result_by_keyboard(windows, platform):
    page = windows.open("doctor", path=platform.page_of("awaiting_truth"))
    expect(page.locator("section[aria-labelledby=truth] .truth")).to_have_count(0)
    press_until(page, "Tab", "a[href$='/truth/']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/truth/")

    press_until(page, "Tab", "[name=covid-19-result]")
    press_until(page, "ArrowDown", "[name=covid-19-result][value=covid-19]")
    press_until(page, "Tab", "[name=covid-19-tested_on]")
    page.keyboard.type(DIGITS)
    expect(page.locator("[name=covid-19-tested_on]")).to_have_value(DAY)
    press_until(page, "Tab", "main button[type=submit]")
    page.keyboard.press("Enter")

    page.wait_for_url(f"**{platform.page_of('awaiting_truth')}")
    entry = page.locator("section[aria-labelledby=truth] li")
    expect(entry).to_have_count(1)
    expect(entry.locator(".truth-positive")).to_contain_text("RT-PCR")
    expect(entry).to_contain_text("entered by Doctor")
