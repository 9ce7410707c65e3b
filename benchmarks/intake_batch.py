"""The two bars of the intake, from a real Chromium to a real platform:

    python -m benchmarks.intake_batch many    1,000 files in one batch; is memory flat?
    python -m benchmarks.intake_batch cuts    300 files over 256 kbit/s, the connection cut 20 times

Not a part of `make bench`: each takes some minutes, most of them waiting for the line.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from benchmarks import films
from benchmarks.broken_line import BrokenLine
from benchmarks.installation import Installation
from benchmarks.machine import resident_bytes
from benchmarks.processes import members

MANY = 1000
FEW = 300
CUTS = 20
BITS_PER_SECOND = 256_000
# How long the line stays dead after a cut, and for how long all of it may take.
DEAD_SECONDS = (0.2, 4.0)
PATIENCE_SECONDS = 3600.0
SIDE = 700
PASSWORD = "benchmark-of-the-intake"  # noqa: S105  (of a scratch account)
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-quic")
OPEN = ("queued", "preparing", "missing", "uploading", "checking")
PHASES = "rows => rows.map(row => row.dataset.phase)"
EVERY_SECONDS = 1.0
SETTLED = 50
# Of the memory curve, about so many points are told.
POINTS = 12


class NotInTime(Exception):
    """Files without an outcome when patience ended."""


@dataclass
class Memory:
    """Resident bytes of web server and intake worker, by how many files had their outcome."""

    installation: Installation
    curve: dict[str, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))

    def __enter__(self) -> Self:
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._over.wait(EVERY_SECONDS):
            done = ended_files(self.installation)
            sums: dict[str, int] = defaultdict(int)
            for pid, role in members(self.installation.folder):
                sums[_role_of(pid, role)] += resident_bytes(pid)
            for role in ("web", "intake"):
                self.curve[role].append((done, sums[role]))

    def told(self) -> dict[str, Any]:
        return {role: _curve(points) for role, points in self.curve.items()}


def _role_of(pid: int, role: str) -> str:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return role
    return "intake" if b"intake@" in command else role


def _curve(points: list[tuple[int, int]]) -> dict[str, Any]:
    settled = [resident for done, resident in points if done >= SETTLED]
    megabytes = [(done, round(resident / 1e6, 1)) for done, resident in points]
    return {
        "megabytes": megabytes[:: max(1, len(megabytes) // POINTS)],
        "at_50": round(settled[0] / 1e6, 1) if settled else None,
        "last": round(settled[-1] / 1e6, 1) if settled else None,
        "most": round(max(settled) / 1e6, 1) if settled else None,
    }


def ended_files(installation: Installation) -> int:
    statement = (
        "SELECT count(*) FROM images_incomingfile WHERE status IN ('done', 'failed', 'cancelled')"
    )
    return int(installation.query(statement)[0][0])


def many(count: int) -> dict[str, Any]:
    """So many different files at once; what became of them, and the memory meanwhile."""
    with _scratch() as (folder, installation, email), Memory(installation) as memory:
        paths = _files(folder, count, side=0)
        megabytes = round(sum(path.stat().st_size for path in paths) / 1e6, 1)
        began = time.monotonic()
        with _window(installation.url, email) as page:
            _send(page, paths)
            sent = _wait(page, lambda: _no_rows(page, OPEN[:4]))
            phases = _wait_for_outcomes(page, began)
            told = page.locator("[data-batch=summary]").inner_text()
    return {
        "files": count,
        "megabytes": megabytes,
        "sent_after_seconds": round(sent - began, 1),
        "outcomes": phases,
        "seconds": round(time.monotonic() - began, 1),
        "summary": told.split("\n"),
        "memory": memory.told(),
    }


def cuts(count: int, number: int) -> dict[str, Any]:
    """So many files over a slow line that is cut again and again."""
    with _scratch() as (folder, installation, email):
        paths = _files(folder, count, side=SIDE)
        total = sum(path.stat().st_size for path in paths)
        with BrokenLine(installation.port) as line, _window(line.url, email) as page:
            line.bits_per_second = BITS_PER_SECOND
            began = time.monotonic()
            _send(page, paths)
            _cut_now_and_then(page, line, total, number)
            phases = _wait_for_outcomes(page, began)
            facts = _stored(installation)
            return {
                "files": count,
                "bytes": total,
                "cuts": line.cuts,
                "outcomes": phases,
                **facts,
                "bytes_sent": line.file_bytes,
                "sent_twice_percent": round((line.file_bytes / total - 1) * 100, 2),
                "seconds": round(time.monotonic() - began, 1),
            }


def _cut_now_and_then(page: Page, line: BrokenLine, total: int, number: int) -> None:
    """At moments that a fixed seed chooses, anywhere between the first byte and the last."""
    chance = random.Random(20)  # noqa: S311  (repeatable, not secret)
    for share in sorted(chance.uniform(0.01, 0.99) for _ in range(number)):
        wanted = share * total
        _wait(page, lambda: line.file_bytes >= wanted)  # noqa: B023  (asked in this turn only)
        line.cut(chance.uniform(*DEAD_SECONDS))


def _stored(installation: Installation) -> dict[str, int]:
    rows, radiographs = installation.query(
        "SELECT count(*), count(DISTINCT radiograph_id) FROM images_incomingfile"
    )[0]
    kept = installation.query("SELECT count(*) FROM images_radiograph")[0][0]
    return {"rows": rows, "different_radiographs": radiographs, "radiographs_stored": kept}


@contextmanager
def _scratch() -> Iterator[tuple[Path, Installation, str]]:
    """A folder for files and a platform with the limits that it ships with."""
    # Chromium keeps files it sends: they go beside the installation, not into it.
    with tempfile.TemporaryDirectory(prefix="cxr-") as folder:
        place = Path(folder)
        (place / "data").mkdir()
        with Installation(place / "data", 0, own={"API_REQUESTS_PER_MINUTE": "600"}) as platform:
            email = platform.shell(f"print_login({PASSWORD!r})").strip()
            yield place, platform, email


@contextmanager
def _window(url: str, email: str) -> Iterator[Page]:
    executable = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=QUIET)
        page = browser.new_page(base_url=url, locale="en")
        page.goto("/account/login/")
        page.fill("[name=login]", email)
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        page.locator(".menu-person").wait_for()
        page.goto("/images/batches/new/")
        page.wait_for_selector("[data-batch=page][data-ready]")
        yield page
        browser.close()


def _send(page: Page, paths: list[Path]) -> None:
    page.set_input_files("[data-choose=files]", paths)
    page.locator("[data-batch=send]:enabled").click()


def _wait(page: Page, is_there: Callable[[], bool]) -> float:
    """The moment it came true. Raises NotInTime."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while not is_there():
        if time.monotonic() > ends:
            raise NotInTime(str(_phases(page)))
        page.wait_for_timeout(100)
    return time.monotonic()


def _wait_for_outcomes(page: Page, began: float) -> dict[str, int]:
    _wait(page, lambda: _no_rows(page, OPEN))
    print(f"every file has its outcome after {time.monotonic() - began:.0f} s", flush=True)
    _wait(page, lambda: _no_rows(page, ("predicting",)))
    return dict(_phases(page))


def _no_rows(page: Page, phases: tuple[str, ...]) -> bool:
    return not any(_phases(page)[phase] for phase in phases)


def _phases(page: Page) -> Counter[str]:
    return Counter(page.locator(".batch-row").evaluate_all(PHASES))


def _files(folder: Path, count: int, *, side: int) -> list[Path]:
    """So many different files: real films, then the same ones turned about, where too few are
    there; with `side` the longer one is so many pixels at most, as a phone sends them."""
    found = films.films(count, distinct=False).paths
    place = folder / "films"
    place.mkdir()
    return [_file(place, number, found, side) for number in range(count)]


def _file(place: Path, number: int, found: tuple[Path, ...], side: int) -> Path:
    turn, at = divmod(number, len(found))
    path = place / f"film-{number:04d}.jpg"
    if turn == 0 and not side:
        return Path(shutil.copy(found[at], path))
    with Image.open(io.BytesIO(found[at].read_bytes())) as film:
        picture = film.convert("L")
    if side:
        picture.thumbnail((side, side))
    for _ in range(turn):
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT).crop((1, 1, *picture.size))
    picture.save(path, "JPEG", quality=88)
    return path


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.intake_batch", description=__doc__)
    parser.add_argument("what", choices=("many", "cuts"))
    parser.add_argument("--files", type=int, default=0)
    parser.add_argument("--cuts", type=int, default=CUTS)
    given = parser.parse_args()
    found = (
        many(given.files or MANY) if given.what == "many" else cuts(given.files or FEW, given.cuts)
    )
    print(json.dumps(found, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
