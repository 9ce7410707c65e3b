"""From JPEG files to stored predictions at full speed: every stage at once, many files at a time.

Decoding has processes of its own; the database is the platform's, in a scratch folder, its
radiographs' rows made beforehand. Nothing is fetched over HTTP and no copy of a film is stored.
"""

from __future__ import annotations

import itertools
import multiprocessing
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from accounts.models import Site, User
from accounts.roles import Role
from benchmarks import films
from benchmarks.pipeline import Pipeline
from core.jobs import JobStatus
from images.models import Patient, Radiograph
from inference.ml.engine import Classifier, Outcome
from inference.ml.extractor import FeatureExtractor
from inference.ml.preprocess import SIDE, network_input
from inference.models import DeployedModel, Prediction
from inference.services import install_baseline

Greys = npt.NDArray[np.float32]


def run(
    paths: Sequence[Path],
    extractor: FeatureExtractor,
    classifier: Classifier,
    *,
    at_once: int,
    processes: int,
) -> dict[str, Any]:
    """Images per second, and the share of the time that each stage was busy.

    The database of the settings must be there; the model that ships is put in service.
    """
    model = _deployed()
    radiographs = _radiographs(len(paths))
    pipeline = Pipeline(
        {
            "wait for decoders": Future.result,
            "network input": lambda greys: np.stack([network_input(grey) for grey in greys]),
            "features": extractor.extract,
            "head": classifier.outcomes,
        },
        # Two pieces for each decoder, and some between the stages behind them.
        ahead=2 * processes + 8,
    )
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=fresh) as pool:
        _warm_up(pool, paths, processes)
        began = time.perf_counter()
        storing, stored = 0.0, 0
        for outcomes in pipeline.run(_decoding(pool, paths, at_once)):
            begun = time.perf_counter()
            stored += _store(radiographs, model, outcomes)
            storing += time.perf_counter() - begun
        seconds = time.perf_counter() - began
    return {
        "images": stored,
        "seconds": round(seconds, 2),
        "images_per_second": round(stored / seconds, 1),
        "busy_share": {
            name: round(busy / seconds, 3)
            for name, busy in (pipeline.busy | {"store": storing}).items()
        },
        "decode_processes": processes,
        "at_once": at_once,
    }


def _decoding(
    pool: ProcessPoolExecutor, paths: Sequence[Path], at_once: int
) -> Iterator[Future[Greys]]:
    for top in range(0, len(paths), at_once):
        yield pool.submit(films.greys, paths[top : top + at_once])


def _warm_up(pool: ProcessPoolExecutor, paths: Sequence[Path], processes: int) -> None:
    """Let every process start and import before the clock does."""
    for each in [pool.submit(films.greys, paths[:4]) for _ in range(4 * processes)]:
        each.result()


def _deployed() -> DeployedModel:
    return install_baseline() or DeployedModel.objects.latest("created_at")


def _radiographs(count: int) -> Iterator[Radiograph]:
    site, _ = Site.objects.get_or_create(code="bench", defaults={"name": "Hospital Bench"})
    uploader = User.objects.create_user(
        "bench@covid-xr.local", full_name="Bench", role=Role.DOCTOR, site=site
    )
    patient = Patient.objects.create(site=site, code="BENCH")
    rows = [
        Radiograph(
            patient=patient, site=site, uploader=uploader, pixel_sha256=f"{number:064x}",
            width=SIDE, height=SIDE, display_low=0, display_high=255,
        )
        for number in range(count)
    ]  # fmt: skip
    return iter(Radiograph.objects.bulk_create(rows, batch_size=1000))


def _store(
    radiographs: Iterator[Radiograph], model: DeployedModel, outcomes: Sequence[Outcome]
) -> int:
    """One commit for so many predictions; returns how many."""
    classes = {row.code: row for row in model.target.classes.all()}
    rows = [
        Prediction(
            radiograph=radiograph, target=model.target, model=model, status=JobStatus.DONE,
            predicted_class=classes[outcome.label], probability=outcome.positive_probability,
            probabilities=outcome.probabilities,
        )
        for radiograph, outcome in zip(itertools.islice(radiographs, len(outcomes)), outcomes,
                                       strict=True)
    ]  # fmt: skip
    return len(Prediction.objects.bulk_create(rows))
