"""A promotion: all radiographs answered again by the head alone, from cached features.

The data folder must be a scratch one (`benchmarks.part` makes it): rows without files, random
vectors, the database and the worker's own code, and the head that ships.
"""

from __future__ import annotations

import hashlib
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from accounts.models import Site, User
from accounts.roles import Role
from images.models import Patient, Radiograph, Target
from inference import features, services
from inference.features import FeatureKey
from inference.models import DeployedModel, Prediction, RePrediction
from inference.services import repredict

QUICK = 500
VECTORS_AT_ONCE = 250
# About so many numbers of VGG16's features are zero: its last step keeps what is above it.
SHARE_OF_ZEROS = 0.6


def measure(n: int = 10_000, repeats: int = 3, *, quick: bool = False) -> dict[str, Any]:
    """Seconds from the request to the last stored answer, for so many radiographs.

    Each repeat puts the model in service once more, so that every radiograph is to be answered
    again; the answers of the repeats before stay, as they do on a real platform.
    """
    count = QUICK if quick else n
    call_command("migrate", verbosity=0)
    _prepare(count)
    _pass_of(_promoted())
    seconds = [_pass_of(_promoted()) for _ in range(repeats)]
    return {
        "images": count,
        "seconds": round(statistics.median(seconds), 2),
        "best_seconds": round(min(seconds), 2),
        "runs": [round(run, 2) for run in seconds],
        "images_per_second": round(count / statistics.median(seconds)),
        "chunk": repredict.CHUNK,
        "stored": Prediction.objects.count(),
    }


def _promoted() -> DeployedModel:
    return services.activate(
        target=Target.objects.get(code="covid-19"),
        artifact_dir=Path(settings.BASELINE_DIR),
        by=None,
        reason="benchmark",
    )


def _pass_of(model: DeployedModel) -> float:
    began = time.perf_counter()
    job = services.request_reprediction(model=model, by=None)
    while services.work_on_reprediction():
        pass
    spent = time.perf_counter() - began
    job = RePrediction.objects.get(pk=job.pk)
    wanted = Radiograph.objects.count()
    if (job.status, job.answered, job.queued) != ("done", wanted, 0):
        raise RuntimeError(f"{job.status}: {job.answered} of {wanted} answered")
    return spent


def _prepare(count: int) -> None:
    """So many radiographs without files, each with a cached vector."""
    if Radiograph.objects.exists():
        raise RuntimeError("this is no scratch folder: it holds radiographs")
    radiographs = Radiograph.objects.bulk_create(_radiographs(count))
    model = _promoted()
    random = np.random.default_rng(0)
    for start in range(0, count, VECTORS_AT_ONCE):
        some = radiographs[start : start + VECTORS_AT_ONCE]
        keys = [
            FeatureKey(each.pixel_sha256, model.extractor, model.preprocessing) for each in some
        ]
        features.keep_many(dict(zip(keys, _vectors(random, len(some)), strict=True)))


def _radiographs(count: int) -> Iterator[Radiograph]:
    site = Site.objects.create(name="Hospital Bench", code="bench")
    patient = Patient.objects.create(site=site, code="B-1")
    person = User.objects.create_user(
        "worker@bench.covid-xr.local", full_name="Worker", role=Role.HEALTH_WORKER, site=site,
        approved_at=timezone.now(),
    )  # fmt: skip
    for number in range(count):
        digest = hashlib.sha256(str(number).encode()).hexdigest()
        yield Radiograph(
            patient=patient, site=site, uploader=person, file_sha256=digest, pixel_sha256=digest,
            width=224, height=224, display_low=0.0, display_high=255.0, source_format="png",
        )  # fmt: skip


def _vectors(random: np.random.Generator, count: int) -> np.ndarray:
    """(count, 25088) fp16, about as sparse as real features."""
    values = random.random((count, 25088), dtype=np.float32)
    return np.where(values < SHARE_OF_ZEROS, 0.0, values).astype(np.float16)
