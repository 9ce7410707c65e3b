"""The watch over the pages sees what it is there for."""

import pytest

from tests.browser.watch import DESKTOP, PHONE, Watch

INLINE_SCRIPT = """
const script = document.createElement("script");
script.textContent = "window.ran = true";
document.head.append(script);
"""
WIDE = """
const wide = document.createElement("div");
Object.assign(wide.style, {width: "600px", height: "1px"});
document.body.append(wide);
"""
# The event to wait for, what brings it about, and words of the fault.
DEEDS = [
    ("console", "console.error('broken')", "console error: broken"),
    ("weberror", "setTimeout(() => { throw new Error('thrown') })", "uncaught: thrown"),
    ("console", INLINE_SCRIPT, "Content Security Policy"),
    ("response", "fetch('/nowhere.png')", "404 from"),
    ("request", "location.href = 'http://127.0.0.1:1/'", "another origin was asked"),
]


@pytest.fixture
def watched(chromium, platform):
    context = chromium.new_context(base_url=platform.url, viewport=DESKTOP)
    page = context.new_page()
    yield page, Watch(context, platform.url)
    context.close()


@pytest.mark.parametrize(("event", "deed", "words"), DEEDS)
def test_a_fault_is_noted(watched, event, deed, words):
    page, watch = watched
    page.goto("/")
    assert watch.faults == []
    with page.context.expect_event(event, lambda _: bool(watch.faults)):
        page.evaluate(f"() => {{ {deed} }}")
    assert words in watch.faults[0]


def test_a_page_too_wide_for_a_phone_is_noted(watched):
    page, watch = watched
    page.goto("/")
    page.evaluate(f"() => {{ {WIDE} }}")
    page.set_viewport_size(PHONE)
    watch.look_for_overflow(page)
    assert "too wide for 390 px" in watch.faults[0]


def test_a_provoked_answer_is_no_fault(watched):
    page, watch = watched
    watch.expect_status(404)
    page.goto("/nowhere/")
    assert watch.faults == []
