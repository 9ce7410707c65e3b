"""What a retrain costs those who wait for a prediction: single uploads with one and without.

The real platform (`manage.py up`), the real trainer process, films that differ. Heads are trained
one run after another, a whole network in a run that outlasts its turn; the three states take turns,
so that a noisy neighbour disturbs all of them alike. Every run is one that the page would start:
its audit comes after it, on the same process.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import films
from benchmarks.installation import Installation
from benchmarks.scenario import PATIENCE_SECONDS, Scenario, sound, warm_platform
from benchmarks.timing import percentile

NOTHING = "nothing"
LOADS = {NOTHING: "", "heads": "covid-xr-c", "network": "cnn-64"}
SECONDS_TO_BEGIN = 120.0
# After the last run was cancelled, until its process has let go.
REST_SECONDS = 3.0
# One that still looks for its cases, or was refused for want of some, is no load.
RUNNING = (
    "SELECT COUNT(*) FROM retraining_trainingrun "
    "WHERE status = 'running' AND stage NOT IN ('waiting', 'snapshot')"
)
CONNECTIONS = 4


def measure(
    *, quick: bool = False, cases: int = 160, rounds: int = 5, singles: int = 12
) -> dict[str, Any]:
    """Single uploads in each state, `rounds` times so many; `cases` films are learned from."""
    cases, rounds, singles = (160, 1, 2) if quick else (cases, rounds, singles)
    found = films.films(1 + cases + rounds * singles * len(LOADS))
    first, learned = found.paths[0], found.paths[1 : cases + 1]
    probes = iter(found.paths[cases + 1 :])
    waited: dict[str, list[float]] = {name: [] for name in LOADS}
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in LOADS if name != NOTHING}
    with warm_platform(1, first) as scenario:
        scenario.answers_to(scenario.observer.upload_all(learned, connections=CONNECTIONS))
        inside(scenario.installation, "state_truths()")
        for turn in range(rounds):
            for name in _in_turn(turn):
                with _trained(scenario.installation, LOADS[name]) as told:
                    waited[name] += [_single(scenario, next(probes)) for _ in range(singles)]
                if name != NOTHING:
                    runs[name] += told.result()
    return {"films": found.kind, "cases": cases, "rounds": rounds} | _figures(waited, runs)


def inside(installation: Installation, call: str) -> str:
    """What a call of `benchmarks.retrain_load` prints when the platform itself makes it."""
    return installation.shell(f"from benchmarks.retrain_load import *; {call}")


def _in_turn(turn: int) -> Iterator[str]:
    """Every round begins with another state."""
    names = list(LOADS)
    first = turn % len(names)
    yield from names[first:] + names[:first]


@contextmanager
def _trained(installation: Installation, architecture: str) -> Iterator[Future[Any]]:
    """Runs of `architecture` while the block lasts, from when the first one runs; "": none."""
    told: Future[Any] = Future()
    if not architecture:
        yield told
        return
    stop = installation.folder / "stop-training"
    stop.unlink(missing_ok=True)
    with ThreadPoolExecutor(1) as pool:
        call = f"keep_training({architecture!r}, {str(stop)!r})"
        load = pool.submit(inside, installation, call)
        try:
            _wait_for_a_run(installation, load)
            yield told
        finally:
            stop.touch()
        told.set_result(json.loads(load.result()))
    time.sleep(REST_SECONDS)


def _wait_for_a_run(installation: Installation, load: Future[str]) -> None:
    ends = time.monotonic() + SECONDS_TO_BEGIN
    while not installation.query(RUNNING)[0][0]:
        if load.done() or time.monotonic() > ends:
            raise RuntimeError(f"no training began; the platform said: {installation.last_words}")
        time.sleep(0.2)


def _single(scenario: Scenario, path: Path) -> float:
    """Seconds from the upload to the stored prediction."""
    person = scenario.people[0]
    sent = person.upload(path)
    answers = sound(person.wait_for(sent.radiograph, PATIENCE_SECONDS))
    return max(each.finished for each in answers) - sent.began


def _figures(
    waited: dict[str, list[float]], runs: dict[str, list[dict[str, Any]]]
) -> dict[str, Any]:
    told = {name: _latencies(seconds) for name, seconds in waited.items()}
    base = told[NOTHING]
    over = {
        name: {
            "p95": round(told[name]["p95_seconds"] / base["p95_seconds"], 3),
            "median": round(told[name]["median_seconds"] / base["median_seconds"], 3),
        }
        for name in runs
    }
    return {
        "over": over,
        "waited": told,
        "runs": {name: _ended(rows) for name, rows in runs.items()},
    }


def _latencies(seconds: Sequence[float]) -> dict[str, Any]:
    return {
        "singles": len(seconds),
        "median_seconds": round(statistics.median(seconds), 3),
        "p95_seconds": round(percentile(seconds, 95), 3),
        "worst_seconds": round(max(seconds), 3),
    }


def _ended(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """How the runs went; a run that failed would have been no load."""
    statuses = [row["status"] for row in rows]
    done = [row["seconds"] for row in rows if row["seconds"]]
    return {
        "runs": len(rows),
        "endings": {each: statuses.count(each) for each in sorted(set(statuses))},
        # How far they came: a run that was still looking for its cases would have been little load.
        "reached": sorted({f"{row['stage']} {row['done']}" for row in rows}),
        "reasons": sorted({row["reason"] for row in rows if row["reason"]}),
        "seconds_each": round(statistics.median(done), 2) if done else None,
    }
