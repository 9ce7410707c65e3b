"""Confirmed radiographs with pictures: of a positive one, a square in the middle is brighter."""

import io

import numpy as np

from accounts.models import User
from images.models import Radiograph, Target
from images.radiograph import RadiographPixels
from images.services import patient_of, store_radiograph
from retraining.models import PromotionRules
from tests.factories import state_truth
from tests.retraining.cases import divide_the_same_way


def picture(seed: int, is_positive: bool) -> bytes:
    grey = np.random.default_rng(seed).integers(0, 160, (72, 64))
    grey[24:48, 20:44] += 60 * is_positive
    return RadiographPixels.eight_bit(grey.astype(np.uint8)).to_png()


def make_film(uploader: User, number: int) -> Radiograph:
    is_positive = number % 2 == 0
    film = store_radiograph(
        stream=io.BytesIO(picture(number, is_positive)),
        patient=patient_of(site=uploader.site, code=f"N-{number:04d}"),
        uploader=uploader,
    ).radiograph
    state_truth(film, "positive" if is_positive else "negative", by=uploader)
    return film


def make_films(uploader: User, count: int = 48) -> list[Radiograph]:
    """One patient each, always divided alike; every second one is positive. By a doctor."""
    films = [make_film(uploader, number) for number in range(count)]
    divide_the_same_way(films)
    target = Target.objects.get(code="covid-19")
    PromotionRules.objects.update_or_create(target=target, defaults={"min_patients": 2})
    return films
