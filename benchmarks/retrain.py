"""The fast lane: a run from its request to the version in the registry, by the number of cases.

The data folder must be a scratch one (`benchmarks.part` makes it): rows without files, generated
features in the real store, and the services that the page and the worker call. Beside it stands
what the network would cost if its features were made again for every training: the real engine's
time for one radiograph, times the cases; nobody waited for that product.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from django.core.management import call_command
from django.utils import timezone

from accounts.models import Site, User
from accounts.roles import Role
from benchmarks import films
from benchmarks.runners import ours
from images.models import GroundTruth, Patient, Radiograph, Target
from inference import features
from inference.features import FeatureKey
from inference.ml.extractor import VGG16_BLOCK5
from retraining import services
from retraining.models import TrainingRun

POINTS: Final = (250, 500, 1000, 2000, 5000, 10_000)
QUICK: Final = (400, 600)
AT_ONCE: Final = 250
# As of real features: about so many of them are zero.
SHARE_OF_ZEROS: Final = 0.6
# So far the classes lie apart along one direction: a head learns them without a mistake.
STRENGTH: Final = 0.02
SHARE_OF_POSITIVES: Final = 0.3
# From here on the growth is judged: below, what every run costs hides it.
GROWS_FROM: Final = 1000
NETWORK_FILMS: Final = 16


def measure(*, quick: bool = False, architecture: str = "covid-xr-c") -> dict[str, Any]:
    """Seconds by stage and the most memory of one run at each number of cases."""
    call_command("migrate", verbosity=0)
    if Radiograph.objects.exists():
        raise RuntimeError("this is no scratch folder: it holds radiographs")
    kind, milliseconds = _network_milliseconds(2 if quick else NETWORK_FILMS)
    made = _Cases()
    curve = []
    for cases in QUICK if quick else POINTS:
        made.up_to(cases)
        curve.append(_point(architecture, cases, milliseconds))
    return {
        "films": kind,
        "architecture": architecture,
        "curve": curve,
        "seconds": {str(point["cases"]): point["seconds"] for point in curve},
        "peak_mb": max(point["peak_mb"] for point in curve),
        "growth_exponent": _growth(curve),
        "network_ms_per_image": round(milliseconds, 1),
        "network_over_run": round(curve[-1]["network_seconds"] / curve[-1]["seconds"], 1),
    }


def _point(architecture: str, cases: int, milliseconds: float) -> dict[str, Any]:
    target = Target.objects.get(code="covid-19")
    run = services.request_run(target=target, architecture=architecture)
    began, worked = time.perf_counter(), time.process_time()
    while services.work_on_run():
        pass
    seconds, processor = time.perf_counter() - began, time.process_time() - worked
    run = TrainingRun.objects.get(pk=run.pk)
    if run.status != "done":
        raise RuntimeError(f"{cases} cases: {run.status} {run.error_code} {run.error_facts}")
    stages = dict(run.timings)
    return {
        "cases": cases,
        "seconds": round(seconds, 2),
        # On a busy machine the clock says less.
        "cpu_seconds": round(processor, 2),
        "peak_mb": stages.pop("peak_mb"),
        "stages": stages,
        "auc": run.version.figures["auc"]["value"],
        "network_seconds": round(milliseconds * cases / 1000, 1),
    }


def _growth(curve: list[dict[str, Any]]) -> float | None:
    """The exponent of the power law through the points from 1,000 cases on; 1 is linear."""
    points = [(p["cases"], p["seconds"]) for p in curve if p["cases"] >= GROWS_FROM]
    if len(points) < 2:
        return None
    cases, seconds = np.log(np.array(points)).T
    return round(float(np.polyfit(cases, seconds, 1)[0]), 3)


def _network_milliseconds(count: int) -> tuple[str, float]:
    """Of one radiograph, features alone; the best of three rounds over `count` of them."""
    kind, batch = films.batch(count)
    engine = ours()
    engine.extract(batch[:1])
    rounds = []
    for _ in range(3):
        began = time.perf_counter()
        engine.extract(batch)
        rounds.append(time.perf_counter() - began)
    return kind, min(rounds) / len(batch) * 1000


class _Cases:
    """Confirmed radiographs, one of each patient, with features that tell the classes apart."""

    def __init__(self) -> None:
        self._site = Site.objects.create(name="Hospital Bench", code="bench")
        self._person = User.objects.create_user(
            "doctor@bench.covid-xr.local", full_name="Doctor", role=Role.DOCTOR, site=self._site,
            approved_at=timezone.now(),
        )  # fmt: skip
        target = Target.objects.get(code="covid-19")
        positive = target.positive_class
        self._target = target
        self._classes = (target.classes.exclude(pk=positive.pk).get(), positive)
        self._direction = np.random.default_rng(0).normal(size=VGG16_BLOCK5.dimensions)
        self._count = 0

    def up_to(self, count: int) -> None:
        for first in range(self._count, count, AT_ONCE):
            self._add(first, min(AT_ONCE, count - first))
        self._count = count

    def _add(self, first: int, count: int) -> None:
        random = np.random.default_rng([1, first])
        positive = random.random(count) < SHARE_OF_POSITIVES
        rows = Radiograph.objects.bulk_create(self._radiographs(first, count))
        GroundTruth.objects.bulk_create(
            GroundTruth(
                radiograph=row, target=self._target, target_class=self._classes[int(is_positive)],
                entered_by=self._person,
            )
            for row, is_positive in zip(rows, positive, strict=True)
        )  # fmt: skip
        spec = VGG16_BLOCK5
        keys = [FeatureKey(row.pixel_sha256, spec.code, spec.preprocessing_version) for row in rows]
        vectors = self._vectors(random, positive)
        features.keep_many(dict(zip(keys, vectors, strict=True)))

    def _radiographs(self, first: int, count: int) -> Iterator[Radiograph]:
        patients = Patient.objects.bulk_create(
            Patient(site=self._site, code=f"B-{number}") for number in range(first, first + count)
        )
        for number, patient in enumerate(patients, first):
            digest = hashlib.sha256(str(number).encode()).hexdigest()
            yield Radiograph(
                patient=patient, site=self._site, uploader=self._person, file_sha256=digest,
                pixel_sha256=digest, width=224, height=224, display_low=0.0, display_high=255.0,
                source_format="png",
            )  # fmt: skip

    def _vectors(
        self, random: np.random.Generator, positive: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.float16]:
        """(n, 25088), about as sparse as real features."""
        values = random.random((len(positive), VGG16_BLOCK5.dimensions), dtype=np.float32)
        sign = np.where(positive, STRENGTH, -STRENGTH)[:, None].astype(np.float32)
        shifted = values + sign * self._direction.astype(np.float32)
        return np.where(shifted < SHARE_OF_ZEROS, 0.0, shifted).astype(np.float16)
