"""Confirmed radiographs with cached features that tell their classes apart."""

import hashlib
from copy import copy
from typing import Any
from uuid import UUID, uuid4

import numpy as np
from django.db.models.base import ModelState

from images.models import Patient, Radiograph
from inference import features
from inference.features import FeatureKey
from inference.ml.extractor import VGG16_BLOCK5
from retraining.models import Division
from tests.factories import make_radiograph, state_truth
from tests.retraining.lists import count_as_compared

DIRECTION = np.random.default_rng(99).normal(size=VGG16_BLOCK5.dimensions)


def key_of(radiograph: Radiograph) -> FeatureKey:
    spec = VGG16_BLOCK5
    return FeatureKey(radiograph.pixel_sha256, spec.code, spec.preprocessing_version)


def vector(seed: int, is_positive: bool, strength: float = 0.25) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=VGG16_BLOCK5.dimensions)
    shift = strength if is_positive else -strength
    return np.maximum(noise + shift * DIRECTION, 0).astype(np.float16)


def make_cases(
    uploader, count=56, *, first=0, labelled=True, cached=True, wrong=(), drawn=False
) -> list[Radiograph]:
    """One patient each; every second one is positive. Numbers in `wrong` are labelled otherwise.

    The first of each result comes in as people bring it. The others are rows like theirs with
    pixels that nobody drew, at a tenth of the time, unless all are to be `drawn`.
    """
    patterns: dict[bool, Radiograph] = {}
    films = []
    for number in range(first, first + count):
        is_positive = (number % 2 == 0) != (number in wrong)
        if drawn or is_positive not in patterns:
            patterns[is_positive] = _brought(uploader, number, is_positive if labelled else None)
            films.append(patterns[is_positive])
        else:
            films.append(_like(patterns[is_positive], number))
    # Drawn by one hand, or with the picture of another: all are alike and none is a copy.
    count_as_compared(films)
    if cached:
        keep(films, first)
    return films


def _brought(uploader, number: int, is_positive: bool | None) -> Radiograph:
    film = make_radiograph(uploader=uploader, seed=number, patient_code=f"C-{number:04d}")
    if is_positive is not None:
        state_truth(film, "positive" if is_positive else "negative")
    film.refresh_from_db()
    return film


def _like(pattern: Radiograph, number: int) -> Radiograph:
    """The rows of a radiograph of another patient, with all that was said of `pattern`."""
    pixels = hashlib.sha256(f"pixels {number}".encode()).hexdigest()
    patient = _copied(pattern.patient, code=f"C-{number:04d}", split_key=uuid4())
    film = _copied(pattern, patient=patient, pixel_sha256=pixels, source_sha256=pixels)
    for said in (*pattern.truths.all(), *pattern.standings.all()):
        _copied(said, radiograph=film)
    return film


def _copied(row: Any, **changes: Any) -> Any:
    copied = copy(row)
    copied._state = ModelState()
    for name, value in ({"pk": uuid4()} | changes).items():
        setattr(copied, name, value)
    copied.save(force_insert=True)
    return copied


def keep(films: list[Radiograph], first: int = 0) -> None:
    features.keep_many(
        {key_of(film): vector(number, number % 2 == 0) for number, film in enumerate(films, first)}
    )


def divide_the_same_way(films: list[Radiograph]) -> None:
    """Keys of patients and of the division are drawn at random: here they are always the same."""
    Division.objects.update_or_create(number=1, defaults={"salt": "0" * 64})
    for number, film in enumerate(films):
        Patient.objects.filter(pk=film.patient_id).update(split_key=UUID(int=number))
