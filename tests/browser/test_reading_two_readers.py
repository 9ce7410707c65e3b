"""Two people read one worklist at once, each in a browser of their own."""

import pytest

from tests.browser import reading_scene
from tests.browser.scene import email_of

FILMS = 12
KEYS = {"pair_0": "1", "pair_1": "6"}
FINDINGS = {"1": "normal", "6": "not-readable"}
# Small drawn films are no radiographs for the gate: there is no answer to agree with.
GOES_ON = ["done", "verdict"]


@pytest.fixture(scope="module")
def worklist(platform):
    return reading_scene.call(platform, f"lay_out('pair', {FILMS}, 2, real=False)")


def read_one(page, name: str, last: str) -> str:
    film = reading_scene.next_case(page, last)
    if film != "end":
        page.keyboard.press(KEYS[name])
        page.wait_for_function(
            "phases => phases.includes(document.querySelector('[data-reading]').dataset.phase)",
            arg=GOES_ON,
        )
        page.keyboard.press("Enter")
    return film


def test_no_case_is_read_twice_and_each_is_stored_with_its_reader(windows, platform, worklist):
    pages = {name: windows.open(name) for name in KEYS}
    for page in pages.values():
        reading_scene.begin(page)
    read = {name: [""] for name in KEYS}
    while any(films[-1] != "end" for films in read.values()):
        for name, page in pages.items():
            if read[name][-1] != "end":
                read[name].append(read_one(page, name, read[name][-1]))
    films = {name: found[1:-1] for name, found in read.items()}
    assert all(films.values()), "one of them read nothing"
    assert len(films["pair_0"]) + len(films["pair_1"]) == FILMS
    assert set(films["pair_0"]).isdisjoint(films["pair_1"])
    for name, page in pages.items():
        reading_scene.all_saved(page)
        for film in films[name]:
            ((email, finding, *_rest),) = reading_scene.stored(platform, film)
            assert (email, finding) == (email_of(name), FINDINGS[KEYS[name]])
