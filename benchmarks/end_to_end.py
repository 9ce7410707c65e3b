"""Upload to stored prediction through the real platform, held against the bare engine loop.

Four users send their films in two ways: in batches, as the page for many files and a hospital's
program do, and each film by a request of its own.

Moments of predictions are the server's own (`finished_at`), which is the same machine's clock.
"""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks import bare, films, waiting
from benchmarks.client import Answer, Person, Sent
from benchmarks.installation import Installation
from benchmarks.processes import Watch
from benchmarks.scenario import Scenario, warm_platform

USERS = 4
# Of the four users' batches, with the bare loop before, between and after.
ROUNDS = 5
# Images from which on the worker's memory has to stay where it is.
SETTLED = 50
# Of the memory curve, about so many are kept.
POINTS = 25
Sending = Callable[[Person, Sequence[Path]], list[Sent]]
CHORES_SECONDS = 180.0
UNCOMPARED = """SELECT count(*) FROM images_radiograph AS film WHERE NOT EXISTS
                (SELECT 1 FROM images_picturesketch WHERE radiograph_id = film.id)"""
STAGES = ("fetch", "decode", "preprocess", "features", "gate", "head", "store")


def measure(*, quick: bool = False) -> dict[str, Any]:
    """Four users and one, single uploads alone and during a batch, and the bare loop."""
    images, few, probes, alone = (8, 3, 2, 1) if quick else (500, 100, 60, 12)
    found = films.films(1 + images + probes)
    first, batch, singles = found.paths[0], found.paths[1 : images + 1], found.paths[images + 1 :]
    bares, fours = _in_turns(first, batch, 1 if quick else ROUNDS)
    one_by_one = _together(first, batch, USERS, Person.upload_all)
    one = _together(first, batch[:few], 1, Person.upload_all)
    during = waiting.during_a_batch(first, batch, singles)
    four = min(fours, key=_wall)
    walls = [each.seconds for each in bares]
    bare_ms = min(walls) / images * 1000
    by_median = statistics.median(map(_wall, fours)) / statistics.median(walls)
    return {
        "films": found.kind,
        "bare_seconds": [round(each, 2) for each in walls],
        "bare_processor_seconds": [round(each.processor_seconds, 2) for each in bares],
        "bare_ms_per_image": round(bare_ms, 2),
        "four_users_seconds": [_wall(each) for each in fours],
        "wall_over_bare": round(four["ms_per_image"] / bare_ms, 3),
        "wall_over_bare_by_median": round(by_median, 3),
        "processor_over_bare": _processor_over_bare(fours, bares),
        "one_by_one_over_bare": round(one_by_one["ms_per_image"] / bare_ms, 3),
        "one_user_over_bare": round(one["ms_per_image"] / bare_ms, 3),
        "memory_off_by_percent": _most(each["memory_off_by_percent"] for each in fours),
        "p95_during_a_batch_seconds": during["p95_seconds"],
        "four_users": four,
        "four_users_one_by_one": one_by_one,
        "one_user": one,
        "alone": waiting.alone(first, singles[:alone]),
        "during_a_batch": during,
    }


def _in_turns(
    first: Path, batch: Sequence[Path], rounds: int
) -> tuple[list[bare.Loop], list[dict[str, Any]]]:
    """The bare loop, then loop and platform by turns: a slow minute hits both."""
    bares, fours = [bare.run_apart(batch)], []
    for _ in range(rounds):
        fours.append(_together(first, batch, USERS, Person.send_batch))
        bares.append(bare.run_apart(batch))
    return bares, fours


def _processor_over_bare(fours: Sequence[Mapping[str, Any]], bares: Sequence[bare.Loop]) -> float:
    """Processor time of all of the platform's processes over the loop's: what its work costs, where
    wall times tell more of the machine's other guests. Least against least, and so below the wall
    times' ratio by what the cores stand still."""
    platform = min(sum(each["processor_seconds"].values()) for each in fours)
    return float(round(platform / min(each.processor_seconds for each in bares), 3))


def _wall(result: dict[str, Any]) -> float:
    return float(result["wall_seconds"])


def _most(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


def _together(first: Path, paths: Sequence[Path], users: int, send: Sending) -> dict[str, Any]:
    """Each user sends a share of the films, all users at the same time."""
    with warm_platform(users, first) as scenario:
        client, began = time.process_time(), time.time()
        with Watch(scenario.installation.folder) as watch:
            sent = _upload(scenario, paths, send)
            answers = scenario.answers_since(began)
        client = time.process_time() - client
        return _summary(sent, answers) | {
            "users": users,
            "client_processor_seconds": round(client, 2),
            "processor_seconds": watch.processor_seconds,
            "stages_ms": _stages(scenario.installation),
            **_memory(watch, answers),
            "chores": _chores(scenario.installation),
        }


def _upload(scenario: Scenario, paths: Sequence[Path], send: Sending) -> list[Sent]:
    people = scenario.people
    shares = [paths[turn :: len(people)] for turn in range(len(people))]
    with ThreadPoolExecutor(len(people)) as pool:
        return [each for share in pool.map(send, people, shares) for each in share]


def _chores(installation: Installation) -> dict[str, Any]:
    """What the platform does once nobody waits any more: worklists, comparing with all others."""
    ends = time.monotonic() + CHORES_SECONDS
    with Watch(installation.folder) as watch:
        while (left := installation.query(UNCOMPARED)[0][0]) and time.monotonic() < ends:
            time.sleep(1.0)
    return {"left": left, "processor_seconds": watch.processor_seconds}


def _summary(sent: Sequence[Sent], answers: Sequence[Answer]) -> dict[str, Any]:
    """Wall time goes from the first request to the last stored prediction."""
    began = min(each.began for each in sent)
    wall = max(each.finished for each in answers) - began
    images = len({each.radiograph for each in answers})
    return {
        "images": images,
        "endings": dict(Counter(each.error or each.status for each in answers)),
        "wall_seconds": round(wall, 2),
        "ms_per_image": round(wall / images * 1000, 2),
        "upload_seconds": round(max(each.ended for each in sent) - began, 2),
        "upload_median_ms": round(statistics.median(e.ended - e.began for e in sent) * 1000, 1),
    }


def _memory(watch: Watch, answers: Sequence[Answer]) -> dict[str, Any]:
    """(images answered so far, resident megabytes of the worker), and how far it departs."""
    moments = [each.finished for each in answers]
    curve = [
        (sum(moment <= at for moment in moments), round(resident / 1e6, 1))
        for at, resident in watch.memory
        if at <= max(moments)
    ]
    thinned = curve[:: max(1, len(curve) // POINTS)]
    return {"worker_memory_mb": thinned, "memory_off_by_percent": _off_by(curve)}


def _off_by(curve: Sequence[tuple[int, float]]) -> float | None:
    """The largest departure, in percent, from the first value at or after image 50."""
    settled = [memory for images, memory in curve if images >= SETTLED]
    if not settled:
        return None
    return round(max(abs(memory / settled[0] - 1) for memory in settled) * 100, 2)


def _stages(installation: Installation) -> dict[str, float]:
    """Median milliseconds of each stage that was timed."""
    columns = ", ".join(STAGES)
    rows = installation.query(f"SELECT {columns} FROM inference_stagetimings")  # noqa: S608
    by_stage = zip(STAGES, zip(*rows, strict=True), strict=False)
    known = {name: [each for each in times if each is not None] for name, times in by_stage}
    return {name: round(statistics.median(times), 3) for name, times in known.items() if times}
