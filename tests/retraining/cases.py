"""Confirmed radiographs with cached features that tell their classes apart."""

from uuid import UUID

import numpy as np

from images.models import Patient, Radiograph
from inference import features
from inference.features import FeatureKey
from inference.ml.extractor import VGG16_BLOCK5
from retraining.models import Division
from tests.factories import make_radiograph, state_truth

DIRECTION = np.random.default_rng(99).normal(size=VGG16_BLOCK5.dimensions)


def key_of(radiograph: Radiograph) -> FeatureKey:
    spec = VGG16_BLOCK5
    return FeatureKey(radiograph.pixel_sha256, spec.code, spec.preprocessing_version)


def vector(seed: int, is_positive: bool, strength: float = 0.25) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=VGG16_BLOCK5.dimensions)
    shift = strength if is_positive else -strength
    return np.maximum(noise + shift * DIRECTION, 0).astype(np.float16)


def make_cases(
    uploader, count=56, *, first=0, labelled=True, cached=True, wrong=()
) -> list[Radiograph]:
    """One patient each; every second one is positive. Numbers in `wrong` are labelled otherwise."""
    made = []
    for number in range(first, first + count):
        is_positive = number % 2 == 0
        film = make_radiograph(uploader=uploader, seed=number, patient_code=f"C-{number:04d}")
        if labelled:
            said = is_positive != (number in wrong)
            state_truth(film, "positive" if said else "negative")
        made.append(film)
    if cached:
        keep(made, first)
    return made


def keep(films: list[Radiograph], first: int = 0) -> None:
    features.keep_many(
        {key_of(film): vector(number, number % 2 == 0) for number, film in enumerate(films, first)}
    )


def divide_the_same_way(films: list[Radiograph]) -> None:
    """Keys of patients and of the division are drawn at random: here they are always the same."""
    Division.objects.update_or_create(number=1, defaults={"salt": "0" * 64})
    for number, film in enumerate(films):
        Patient.objects.filter(pk=film.patient_id).update(split_key=UUID(int=number))
