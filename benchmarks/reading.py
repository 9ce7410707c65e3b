"""The bars of reading by the keyboard, from real Chromiums to a real platform, with real films:

    python -m benchmarks.reading

Two browsers read one list of 60 cases at once, by their keyboards: no case twice, each reading
stored with its reader. Then one browser reads 60 more: how long, how many keys, and how many
milliseconds from the key to the next case on the screen. Not a part of `make bench`.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page, sync_playwright

from benchmarks import films
from benchmarks.client import Person
from benchmarks.installation import Installation

CASES: Final = 60
READERS: Final = 2
PASSWORD = "benchmark-of-the-reading"  # noqa: S105  (of a scratch account)
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-quic")
NEXT_CASE_BAR_MS: Final = 150.0
PRESSES_BAR: Final = 2.0
PATIENCE_MS: Final = 30_000
PREDICTED_SECONDS: Final = 600.0
FOLLOWED_SECONDS: Final = 6.0
# What can be done next: a case that is on the screen waits for its finding, or nothing is left.
IS_NEXT = """last => {
  const root = document.querySelector("[data-reading]");
  const { shown } = root.querySelector("[data-stage]").dataset;
  if (root.dataset.phase === "end") return "end";
  return root.dataset.phase === "finding" && shown && shown !== last ? shown : false;
}"""
IS_JUDGED = """() => {
  const { phase } = document.querySelector("[data-reading]").dataset;
  return ["verdict", "done"].includes(phase) && phase;
}"""
STORED = """
SELECT r.radiograph_id, u.email, r.finding, r.verdict, r.disagreement
FROM reading_radiologicalreading r JOIN accounts_user u ON u.id = r.reader_id
WHERE r.is_current
"""


@dataclass
class Read:
    """What one browser did: (radiograph, finding key, verdict key) case by case."""

    email: str
    cases: list[tuple[str, str, str]] = field(default_factory=list)
    seconds: float = 0.0
    shown_ms: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def presses(self) -> int:
        return 2 * len(self.cases)


def measure(count: int = CASES) -> dict[str, Any]:
    """Both runs. Without the real films beside the checkout: why it is skipped."""
    found = films.films(2 * count)
    if found.kind != "real":
        return {"skipped": "the real films are not beside the checkout (../shared/data/chestxray)"}
    with tempfile.TemporaryDirectory(prefix="cxr-") as folder, Installation(Path(folder), 1) as up:
        emails = json.loads(up.shell(f"print_doctors({PASSWORD!r}, {READERS})"))
        _send(up, found.paths[:count])
        together = _together(up, emails, count)
        _send(up, found.paths[count:])
        return {"cases": count, "together": together, "alone": _alone(up, emails[0], count)}


def _send(up: Installation, paths: tuple[Path, ...]) -> None:
    """Upload, and wait until the model has answered each."""
    with Person(up.url, up.tokens[0]) as person:
        person.upload_all(paths, connections=2)
        person.wait_until_answered(PREDICTED_SECONDS)
    # Worklists follow seconds later.
    time.sleep(FOLLOWED_SECONDS)


def _together(up: Installation, emails: list[str], count: int) -> dict[str, Any]:
    began = time.monotonic()
    with ThreadPoolExecutor(len(emails)) as pool:
        read = list(pool.map(lambda email: read_all(up.url, email), emails))
    seconds = time.monotonic() - began
    shown = [radiograph for each in read for radiograph, *_keys in each.cases]
    stored = up.query(STORED)
    readers = {radiograph: email for radiograph, email, *_rest in stored}
    as_shown = {case[0]: each.email for each in read for case in each.cases}
    return {
        "seconds": round(seconds, 1),
        "by_reader": [len(each.cases) for each in read],
        "cases_shown_twice": sum(times - 1 for times in Counter(shown).values()),
        "cases_read": len(set(shown)),
        "stored": len(stored),
        "stored_with_their_reader": sum(readers.get(key) == who for key, who in as_shown.items()),
        "without_a_verdict": sum(not verdict for *_rest, verdict, _why in stored),
        "all_right": len(shown) == len(set(shown)) == len(stored) == count and readers == as_shown,
        "faults": [fault for each in read for fault in each.faults],
        **_next_case(read),
    }


def _alone(up: Installation, email: str, count: int) -> dict[str, Any]:
    read = read_all(up.url, email)
    figures = _next_case([read])
    return {
        "cases": len(read.cases),
        "seconds": round(read.seconds, 1),
        "seconds_a_case": round(read.seconds / max(len(read.cases), 1), 2),
        "presses_a_case": read.presses / max(len(read.cases), 1),
        "stored": len(up.query(STORED)) - count,
        "faults": read.faults,
        **figures,
        "bars_met": {
            "presses": read.presses <= PRESSES_BAR * len(read.cases),
            "next_case": figures["next_case_ms"]["p95"] < NEXT_CASE_BAR_MS,
        },
    }


def _next_case(read: list[Read]) -> dict[str, Any]:
    times = sorted(ms for each in read for ms in each.shown_ms)
    p95 = times[min(len(times) - 1, round(0.95 * len(times)))] if times else 0.0
    return {
        "next_case_ms": {
            "median": round(statistics.median(times), 1) if times else 0.0,
            "p95": p95,
            "most": times[-1] if times else 0.0,
            "counted": len(times),
        }
    }


def read_all(url: str, email: str) -> Read:
    """Sign in, begin with Enter on the worklist, and read until nothing is left: keys alone."""
    read = Read(email)
    with window(url, email, read.faults) as page:
        page.goto("/reading/")
        page.locator("[data-start]").wait_for()
        page.keyboard.press("Enter")
        last = ""
        began = time.monotonic()
        while (film := _next(page, last)) != "end":
            last = film
            read.cases.append((film.replace("-", ""), *_two_keys(page, len(read.cases))))
            read.seconds = time.monotonic() - began
        page.wait_for_function("() => !document.querySelector('[data-reading]').dataset.unsaved")
        told = page.locator("[data-reading]").get_attribute("data-timings") or ""
        read.shown_ms = [float(word) for word in told.split()]
    return read


def _next(page: Page, last: str) -> str:
    return str(page.wait_for_function(IS_NEXT, arg=last, timeout=PATIENCE_MS).json_value())


def _two_keys(page: Page, number: int) -> tuple[str, str]:
    """A finding, then Enter, or now and then a reason against the model."""
    finding = str(number % 6 + 1)
    page.keyboard.press(finding)
    phase = page.wait_for_function(IS_JUDGED, timeout=PATIENCE_MS).json_value()
    verdict = "2" if phase == "verdict" and number % 4 == 3 else "Enter"
    page.keyboard.press(verdict)
    return finding, verdict


@contextmanager
def window(url: str, email: str, faults: list[str]) -> Iterator[Page]:
    """A Chromium of its own, signed in; what its console complains of becomes a fault."""
    executable = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=QUIET)
        page = browser.new_page(base_url=url, locale="en", viewport={"width": 1280, "height": 900})
        page.on(
            "console",
            lambda line: faults.append(line.text) if line.type in ("error", "warning") else None,
        )
        page.goto("/account/login/")
        page.fill("[name=login]", email)
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        page.locator(".menu-person").wait_for()
        yield page
        browser.close()


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.reading", description=__doc__)
    parser.add_argument("--cases", type=int, default=CASES)
    given = parser.parse_args()
    print(json.dumps(measure(given.cases), indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
