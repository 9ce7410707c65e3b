"""Similar confirmed cases among 100,000: a whole query, the refresh of the index, and memory.

A scratch SQLite database with as many patients, radiographs, ground truths and feature vectors, in
a process of its own. The features are noise: their values change nothing of what a query costs.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

CASES = 100_000
SITES = 10
CHUNK = 5000
CHANNELS = 512
KIND = {"extractor": "vgg16-block5", "preprocessing": "bench"}
# What a person's own environment says of their platform is none of this one's business.
FOREIGN = ("COVIDXR_MODE", "DATABASE_URL", "REDIS_URL", "BROKER_URL", "DEBUG")


def measure(n: int = CASES, repeats: int = 9) -> dict[str, Any]:
    """Milliseconds of `similar_cases` by who asks, seconds of the refresh, megabytes of memory.

    `best_ms` and `median_ms` are those of an administrator of the platform, for whom nothing is
    passed over. `shared_mb` are pages of the index file, which all processes of a machine share.
    """
    fresh = multiprocessing.get_context("spawn")
    with (
        tempfile.TemporaryDirectory(prefix="cxr-") as folder,
        ProcessPoolExecutor(1, mp_context=fresh) as pool,
    ):
        return pool.submit(_measure, folder, n, repeats).result()


def _measure(folder: str, n: int, repeats: int) -> dict[str, Any]:
    _start_platform(folder)
    from inference import similar

    _fill(n)
    forget_peak()
    before = _memory("VmHWM")
    rebuild, _ = _timed(similar.refresh)
    rebuild_mb = _memory("VmHWM") - before
    check, _ = _timed(similar.refresh)
    own, shared = _memory("RssAnon"), _memory("RssFile")
    asked = _asked(repeats)
    people = _people()
    first, _ = _timed(partial(similar.similar_cases, radiograph=asked[0], viewer=people["doctor"]))
    by_role = {name: _times(person, asked) for name, person in people.items()}
    return {
        "cases": n,
        "repeats": repeats,
        **by_role["administrator"],
        "by_role": by_role,
        "first_after_refresh_ms": round(first * 1000, 2),
        "rebuild_seconds": round(rebuild, 2),
        "rebuild_mb": round(rebuild_mb, 1),
        "unchanged_check_seconds": round(check, 3),
        "own_mb": round(_memory("RssAnon") - own, 1),
        "shared_mb": round(_memory("RssFile") - shared, 1),
    }


def _start_platform(folder: str) -> None:
    for name in FOREIGN:
        os.environ.pop(name, None)
    os.environ |= {
        "DATA_DIR": folder, "CACHE_URL": "locmem://", "BROKER_URL": "memory://",
        "DJANGO_SETTINGS_MODULE": "config.settings", "LOG_LEVEL": "WARNING",
    }  # fmt: skip
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def _people() -> dict[str, Any]:
    from accounts.models import Site, User
    from accounts.roles import Role

    site = Site.objects.order_by("code").first()
    roles = {"administrator": None, "doctor": site, "researcher": site}
    return {
        role: User.objects.create_user(f"{role}@bench.example.org", role=Role(role), site=place)
        for role, place in roles.items()
    }


def _fill(n: int) -> None:
    from accounts.models import Site, User
    from accounts.roles import Role
    from images.models import Target
    from inference.models import DeployedModel, FeatureShard

    sites = [
        Site(name=f"Hospital {i}", code=f"h-{i}", shares_with_researchers=i % 2 == 0)
        for i in range(SITES)
    ]
    Site.objects.bulk_create(sites)
    doctor = User.objects.create_user("d@bench.example.org", role=Role.DOCTOR, site=sites[0])
    target = Target.objects.get(code="covid-19")
    DeployedModel.objects.create(target=target, version="1", threshold=0.5, **KIND)
    shard = FeatureShard.objects.create(name="bench", dimensions=CHANNELS, **KIND)
    for top in range(0, n, CHUNK):
        _add(range(top, min(top + CHUNK, n)), sites, doctor, target, shard)


def _add(numbers: range, sites: list[Any], doctor: Any, target: Any, shard: Any) -> None:
    from images.models import GroundTruth, Patient, Radiograph
    from inference.models import FeatureVector

    patients = [Patient(site=sites[i % SITES], code=f"P-{i}") for i in numbers]
    films = [
        Radiograph(
            patient=patient, site=patient.site, uploader=doctor, pixel_sha256=_hash(i),
            file_sha256=_hash(i), width=512, height=512, display_low=0, display_high=255,
            source_format="png",
        )
        for i, patient in zip(numbers, patients, strict=True)
    ]  # fmt: skip
    classes = list(target.classes.all())
    truths = [
        GroundTruth(radiograph=film, target=target, target_class=classes[i % 2], entered_by=doctor)
        for i, film in zip(numbers, films, strict=True)
    ]
    noise = np.random.default_rng(numbers.start).random((len(numbers), CHANNELS)).astype("<f2")
    vectors = [
        FeatureVector(
            shard=shard, position=i, pixel_sha256=_hash(i), sha256=_hash(i),
            pooled=row.tobytes(), **KIND,
        )
        for i, row in zip(numbers, noise, strict=True)
    ]  # fmt: skip
    Patient.objects.bulk_create(patients)
    Radiograph.objects.bulk_create(films)
    GroundTruth.objects.bulk_create(truths)
    FeatureVector.objects.bulk_create(vectors)


def _hash(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def _asked(repeats: int) -> list[Any]:
    """Radiographs of one institution, another one each time."""
    from images.models import Radiograph

    return list(Radiograph.objects.filter(site__code="h-0").order_by("pixel_sha256")[:repeats])


def _times(person: Any, asked: list[Any]) -> dict[str, float]:
    from inference.similar import similar_cases

    seconds = []
    for radiograph in asked:
        taken, found = _timed(partial(similar_cases, radiograph=radiograph, viewer=person))
        if not found.cases:
            raise ValueError("nothing was found, so nothing was measured")
        seconds.append(taken)
    return {
        "best_ms": round(min(seconds) * 1000, 2),
        "median_ms": round(statistics.median(seconds) * 1000, 2),
    }


def _timed(run: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = run()
    return time.perf_counter() - began, result


def forget_peak() -> None:
    """Let the kernel count the peak of this process anew (Linux, proc(5) clear_refs)."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _memory(name: str) -> float:
    """A line of /proc/self/status, in megabytes."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    kilobytes = next(line.split()[1] for line in lines if line.startswith(f"{name}:"))
    return int(kilobytes) * 1024 / 1e6
