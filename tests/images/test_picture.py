"""The picture and its thumbnail, as a browser gets them."""

import io

import numpy as np
import pytest
from django.urls import reverse
from PIL import Image

from images.radiograph import RadiographPixels
from images.services import patient_of, store_radiograph
from tests import factories

KINDS = {"picture": "image/png", "thumbnail": "image/jpeg"}


def get(client, film, name="picture", **headers):
    return client.get(reverse(f"images:{name}", args=[film.pk]), headers=headers)


def pixels_of(response) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(b"".join(response.streaming_content))))


def test_shows_the_stored_pixels(actor, film):
    assert np.array_equal(pixels_of(get(actor("doctor"), film)), factories.chest_array(1))


def test_shows_16_bits_as_8(actor, doctor):
    deep = np.linspace(0, 4095, 96 * 80).reshape(96, 80).astype(np.uint16)
    film = store_radiograph(
        stream=io.BytesIO(RadiographPixels(deep, 0.0, 4095.0).to_png()),
        patient=patient_of(site=doctor.site, code="P-1"),
        uploader=doctor,
    ).radiograph
    shown = pixels_of(get(actor("doctor"), film))
    assert shown.dtype == np.uint8
    assert np.abs(shown - deep / 4095 * 255).max() <= 0.5


@pytest.mark.parametrize("name", KINDS)
def test_headers(actor, film, name):
    response = get(actor("doctor"), film, name)
    assert response.headers["Content-Type"] == KINDS[name]
    assert response.headers["Cache-Control"] == "private, no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    kind = KINDS[name].partition("/")[2]
    assert response.headers["Content-Disposition"] == f'inline; filename="{film.pk}.{kind}"'


@pytest.mark.parametrize("name", KINDS)
def test_the_same_pixels_are_not_sent_twice(actor, film, name):
    client = actor("doctor")
    again = get(client, film, name, if_none_match=get(client, film, name).headers["ETag"])
    assert again.status_code == 304
    assert again.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("name", KINDS)
def test_a_known_etag_opens_nothing_to_a_stranger(actor, film, name):
    etag = get(actor("doctor"), film, name).headers["ETag"]
    assert get(actor("stranger"), film, name, if_none_match=etag).status_code == 404


@pytest.mark.parametrize("name", KINDS)
def test_rights_are_checked_at_each_request(actor, film, doctor, name):
    client = actor("doctor")
    assert get(client, film, name).status_code == 200
    doctor.role = ""
    doctor.save()
    assert get(client, film, name).status_code == 302


@pytest.mark.parametrize("name", KINDS)
def test_a_lost_file_is_a_404_and_not_a_crash(actor, film, name):
    for file in (film.file, film.thumbnail):
        file.storage.delete(file.name)
    assert get(actor("doctor"), film, name).status_code == 404


def test_thumbnails_are_small(actor, doctor):
    large = RadiographPixels.eight_bit(factories.chest_array(5, (900, 600))).to_png()
    film = store_radiograph(
        stream=io.BytesIO(large), patient=patient_of(site=doctor.site, code="P-1"), uploader=doctor
    ).radiograph
    assert pixels_of(get(actor("doctor"), film, "thumbnail")).shape == (320, 213)
