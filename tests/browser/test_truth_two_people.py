"""Two people record one result at once: the second is told, and nothing is overwritten."""

from playwright.sync_api import Page, expect

RESULT = "[name=covid-19-result][value={}]"


def state(page: Page, result: str) -> None:
    page.check(RESULT.format(result))
    page.click("main button[type=submit]")


def test_the_second_is_told_and_may_insist(windows, platform):
    film = platform.page_of("contested")
    first, second = (windows.open(who, path=f"{film}truth/") for who in ("doctor", "administrator"))
    state(first, "covid-19")
    first.wait_for_url(f"**{film}")

    windows.watch_of(second).expect_status(409)
    second.fill("[name=covid-19-kit]", "N1/N2")
    state(second, "no-covid-19")
    expect(second.get_by_role("alert")).to_contain_text("nothing was overwritten")
    expect(second.get_by_role("alert")).to_be_in_viewport()
    expect(second.locator("main form .truth-positive")).to_be_visible()
    expect(second.locator(RESULT.format("no-covid-19"))).to_be_checked()
    expect(second.locator("[name=covid-19-kit]")).to_have_value("N1/N2")
    windows.look(second)

    second.click("main button[type=submit]")
    second.wait_for_url(f"**{film}")
    card = second.locator("section[aria-labelledby=truth]")
    card.locator("summary").click()
    expect(card.locator(".truth-negative").first).to_be_visible()
    expect(card).to_contain_text("not taken: it came second")
    expect(card).to_contain_text("corrected later")
