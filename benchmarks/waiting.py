"""What one user waits for a single upload: when nothing else is on, and during another's batch."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.client import Person, Sent
from benchmarks.scenario import PATIENCE_SECONDS, Scenario, sound, warm_platform
from benchmarks.timing import percentile

CONNECTIONS = 2


@dataclass(frozen=True)
class Probe:
    """A single upload: when it began (`time.time`), and seconds until its prediction was stored."""

    began: float
    seconds: float


def alone(first: Path, singles: Sequence[Path]) -> dict[str, Any]:
    """Single uploads to a platform that does nothing else."""
    with warm_platform(1, first) as scenario:
        return _latencies([_probe(scenario.people[0], path) for path in singles])


def during_a_batch(first: Path, batch: Sequence[Path], singles: Sequence[Path]) -> dict[str, Any]:
    """Single uploads of one user while the batch of another is uploaded and worked on.

    Only those count that began before the last prediction of the batch was stored.
    """
    with warm_platform(2, first) as scenario:
        hospital, other = scenario.people
        with ThreadPoolExecutor(1) as pool:
            upload = pool.submit(hospital.upload_all, batch, connections=CONNECTIONS)
            probes = list(_probes(scenario, other, singles, upload.done))
            sent = upload.result()
        ended = max(each.finished for each in scenario.answers_to(sent))
    return _latencies([probe for probe in probes if probe.began < ended]) | {"batch": len(batch)}


def _probes(
    scenario: Scenario, other: Person, singles: Sequence[Path], is_uploaded: Callable[[], bool]
) -> Iterator[Probe]:
    """One after the other, until nothing of the batch waits any more or the films are used up."""
    for path in singles:
        yield _probe(other, path)
        if is_uploaded() and not scenario.observer.is_waiting():
            return


def _probe(person: Person, path: Path) -> Probe:
    sent: Sent = person.upload(path)
    answers = sound(person.wait_for(sent.radiograph, PATIENCE_SECONDS))
    return Probe(sent.began, max(each.finished for each in answers) - sent.began)


def _latencies(probes: Sequence[Probe]) -> dict[str, Any]:
    seconds = [probe.seconds for probe in probes]
    return {
        "singles": len(seconds),
        "median_seconds": round(statistics.median(seconds), 3),
        "p95_seconds": round(percentile(seconds, 95), 3),
        "worst_seconds": round(max(seconds), 3),
    }
