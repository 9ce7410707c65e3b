"""A program that uploads over real HTTP, as a hospital's would: tokens, multipart, and asking."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

TIMEOUT_SECONDS = 120.0
PAGE_SIZE = 500
# Asking costs the platform processor time, and moments are the server's own: seldom is enough.
SELDOM_SECONDS = 1.0
OFTEN_SECONDS = 0.2
OPEN = ("queued", "running")
# Files of a batch that go in one request (64 at most).
BUNDLE = 32


class NotAnswered(Exception):
    """Predictions that did not end in time."""


class NotTaken(Exception):
    """A file of a batch that was refused."""


@dataclass(frozen=True)
class Sent:
    """One upload: id of the radiograph, moments (`time.time`) of the request and its answer.

    Of a file in a `batch` the radiograph is not known yet: "".
    """

    radiograph: str
    began: float
    ended: float
    batch: str = ""


@dataclass(frozen=True)
class Answer:
    """How one prediction ended, and when, by the server's clock (the same machine's)."""

    radiograph: str
    status: str
    error: str
    finished: float


class Person:
    """One account with its connections, which any number of threads may share."""

    def __init__(self, url: str, token: str) -> None:
        self._http = httpx.Client(
            base_url=f"{url}/api/v1",
            headers={"authorization": f"Bearer {token}", "accept-language": "en"},
            timeout=TIMEOUT_SECONDS,
        )
        self._number = 0
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def upload(self, path: Path) -> Sent:
        """Raises httpx.HTTPError for whatever is not a success."""
        content = path.read_bytes()
        began = time.time()
        answer = self._http.post(
            "/images/",
            data={"patient_code": self._next_code()},
            files={"file": ("film.jpg", content, "image/jpeg")},
        )
        answer.raise_for_status()
        return Sent(answer.json()["id"], began, time.time())

    def upload_all(self, paths: Sequence[Path], *, connections: int = 1) -> list[Sent]:
        with ThreadPoolExecutor(connections) as pool:
            return list(pool.map(self.upload, paths))

    def send_batch(self, paths: Sequence[Path], *, at_once: int = BUNDLE) -> list[Sent]:
        """Send files in a batch of their own, `at_once` in each request; workers then take them in.

        Raises httpx.HTTPError for whatever is not a success, NotTaken for a file that is refused.
        """
        opened = self._json(self._http.post("/batches/", json={"client_key": str(uuid.uuid4())}))
        return [
            sent
            for start in range(0, len(paths), at_once)
            for sent in self._send_bundle(opened["id"], paths[start : start + at_once])
        ]

    def _send_bundle(self, batch: str, paths: Sequence[Path]) -> list[Sent]:
        files = [("file", (path.name, path.read_bytes(), "image/jpeg")) for path in paths]
        began = time.time()
        answer = self._json(self._http.post(f"/batches/{batch}/bundle/", files=files))
        refused = [row["code"] for row in answer["files"] if row.get("code")]
        if refused:
            raise NotTaken(", ".join(refused))
        return [Sent("", began, time.time(), batch)] * len(paths)

    def wait_until_answered(self, seconds: float) -> None:
        """Until nothing of the institution waits any more. Raises NotAnswered."""
        ends = time.monotonic() + seconds
        while self.is_waiting():
            if time.monotonic() > ends:
                raise NotAnswered(f"predictions still wait after {seconds:.0f} s")
            time.sleep(SELDOM_SECONDS)

    def is_waiting(self) -> bool:
        """Whether any prediction of the institution is still to come."""
        return bool(self._get("/predictions/", status=OPEN, page_size=1)["results"])

    def wait_for(self, radiograph: str, seconds: float) -> list[Answer]:
        """Until all predictions of one radiograph have ended, asking as a page does."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            found = self._get("/predictions/", radiograph=radiograph)["results"]
            if found and all(each["status"] not in OPEN for each in found):
                return [_answer(each) for each in found]
            time.sleep(OFTEN_SECONDS)
        raise NotAnswered(f"a single upload waits after {seconds:.0f} s")

    def answers(self) -> list[Answer]:
        """Every prediction that has ended, of the whole institution."""
        page = self._get("/predictions/", page_size=PAGE_SIZE)
        found = page["results"]
        while page["next"]:
            page = self._json(self._http.get(page["next"]))
            found += page["results"]
        return [_answer(each) for each in found if each["status"] not in OPEN]

    def _get(self, address: str, **query: Any) -> Any:
        return self._json(self._http.get(address, params=query))

    @staticmethod
    def _json(answer: httpx.Response) -> Any:
        answer.raise_for_status()
        return answer.json()

    def _next_code(self) -> str:
        with self._lock:
            self._number += 1
            return f"BENCH-{self._number:04d}"


def _answer(row: dict[str, Any]) -> Answer:
    finished = row["timings"]["finished_at"]
    return Answer(
        radiograph=row["radiograph"],
        status=row["status"],
        error=(row["error"] or {}).get("code", ""),
        finished=datetime.fromisoformat(finished).timestamp() if finished else 0.0,
    )
