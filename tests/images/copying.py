"""Radiographs that are copies of one film, and radiographs of others."""

import io
from datetime import timedelta

import numpy as np
from django.utils import timezone
from PIL import Image

from images.models import Radiograph
from images.radiograph import RadiographPixels
from images.services import patient_of, store_radiograph
from images.services.copies import join_copies, waiting
from tests import factories


def film_array(crop: float = 0.0, flipped: bool = False) -> np.ndarray:
    film = np.asarray(Image.open(io.BytesIO(factories.film_png(1))))
    film = film[:, ::-1] if flipped else film
    rows, columns = (round(length * crop) for length in film.shape)
    return film[rows : len(film) - rows, columns : film.shape[1] - columns]


def make_film(code: str = "P-1", *, site=None, crop: float = 0.0, flipped=False, **facts):
    """A film of a real chest; those with another `crop` are copies, a flipped one is not."""
    uploader = facts.pop("uploader", None) or factories.UserFactory(
        role="doctor", site=site or factories.SiteFactory()
    )
    site = site or uploader.site
    content = RadiographPixels.eight_bit(film_array(crop, flipped)).to_png()
    rt_pcr = facts.pop("rt_pcr", "")
    stored = store_radiograph(
        stream=io.BytesIO(content), patient=patient_of(site=site, code=code),
        uploader=uploader, **facts,
    )  # fmt: skip
    assert stored.created
    if rt_pcr:
        factories.state_truth(stored.radiograph, rt_pcr)
    return stored.radiograph


def settle(*radiographs: Radiograph, seconds: float = 60) -> None:
    """They came so long ago."""
    moment = timezone.now() - timedelta(seconds=seconds)
    Radiograph.objects.filter(pk__in=[each.pk for each in radiographs]).update(created_at=moment)


def join_all() -> None:
    for radiograph in list(waiting()):
        join_copies(radiograph=radiograph)


def group_of(radiograph: Radiograph):
    return Radiograph.objects.get(pk=radiograph.pk).copy_group


def two_copies(site) -> tuple[Radiograph, Radiograph]:
    """Of two patients, that came a minute ago."""
    two = make_film("P-1", site=site), make_film("P-2", site=site, crop=0.05)
    settle(*two)
    return two
