"""Window and level: the numbers, and the address that renders them."""

import io

import numpy as np
import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pydicom import Dataset
from pydicom.pixels import apply_windowing

from images.radiograph import RadiographPixels
from images.windowing import Window, presets, shrunk, window_of, windowed
from tests.images.conftest import answer_of

EVERY_LEVEL = np.arange(2**16, dtype=np.uint16).reshape(256, 256)
centres = st.floats(-1000, 70_000, allow_nan=False)
widths = st.floats(1, 140_000, allow_nan=False)


def by_pydicom(array, window):
    """The linear function of PS3.3 C.11.2.1.2.1, as pydicom computes it, in 0..255."""
    header = Dataset()
    header.PhotometricInterpretation = "MONOCHROME2"
    header.BitsStored, header.PixelRepresentation = 16, 0
    header.WindowCenter, header.WindowWidth = float(window.centre), float(window.width)
    return np.rint(apply_windowing(array, header) / 65535 * 255)


@given(centres, widths)
def test_it_is_the_linear_function_of_dicom(centre, width):
    window = Window(round(centre, 3), round(max(width, 1), 3))
    ours = windowed(EVERY_LEVEL, window).astype(int)
    assert np.abs(ours - by_pydicom(EVERY_LEVEL, window)).max() <= (1 if window.width > 1 else 0)


@given(centres, widths)
def test_brighter_never_becomes_darker(centre, width):
    shown = windowed(EVERY_LEVEL, Window(centre, width)).ravel().astype(int)
    assert (np.diff(shown) >= 0).all()


@given(st.integers(0, 60_000), st.integers(1, 5000))
def test_the_window_of_a_film_shows_it_as_it_is_stored(low, more):
    pixels = RadiographPixels(EVERY_LEVEL, float(low), float(low + more))
    shown = windowed(pixels.array, window_of(pixels)).astype(int)
    # One tone: a value half-way between two may be rounded either way.
    assert np.abs(shown - pixels.to_display()).max() <= 1


def test_a_window_of_one_level_has_two_tones():
    assert windowed(np.array([[99, 100, 101]], np.uint8), Window(100, 1)).tolist() == [
        [0, 255, 255]
    ]


@pytest.mark.parametrize(("centre", "width"), [(0, 0.5), (0, -1), (np.nan, 4), (0, np.inf)])
def test_what_is_no_window_is_refused(centre, width):
    with pytest.raises(ValueError, match="window"):
        Window(centre, width)


def test_presets_of_a_flat_film_are_windows():
    pixels = RadiographPixels(np.full((4, 4), 700, np.uint16), 0.0, 4095.0)
    assert {name: each.width >= 1 for name, each in presets(pixels).items()} == dict.fromkeys(
        ("stored", "full", "lung", "soft", "bone"), True
    )


def test_the_full_range_reaches_from_the_lowest_to_the_highest_value():
    array = np.array([[20, 90], [140, 200]], np.uint8)
    shown = windowed(array, presets(RadiographPixels.eight_bit(array))["full"])
    assert (shown.min(), shown.max()) == (0, 255)


def test_lungs_are_darker_than_bones():
    array = np.tile(np.arange(4096, dtype=np.uint16), (8, 1))
    found = presets(RadiographPixels(array, 0.0, 4095.0))
    assert found["lung"].centre < found["soft"].centre < found["bone"].centre


def test_smaller_keeps_the_proportions_and_never_grows():
    array = np.zeros((300, 200), np.uint8)
    assert shrunk(array, 150).shape == (150, 100)
    assert shrunk(array, 400).shape == (300, 200)


@pytest.fixture
def address(film):
    return reverse("images:window", args=[film.pk])


def picture_of(answer):
    with Image.open(io.BytesIO(answer.getvalue())) as image:
        return np.asarray(image)


def test_without_a_window_it_is_the_stored_picture(actor, film, address):
    shown = picture_of(actor("doctor").get(address))
    stored = np.asarray(Image.open(film.file.open()))
    assert (shown == stored).all()


def test_a_window_and_an_inversion_are_rendered(actor, film, address):
    asked = {"centre": 100, "width": 50, "invert": "on"}
    stored = np.asarray(Image.open(film.file.open()))
    expected = 255 - windowed(stored, Window(100, 50))
    assert (picture_of(actor("doctor").get(address, asked)) == expected).all()


def test_a_smaller_picture_is_sent_where_it_is_asked_for(actor, address, settings):
    answer = actor("doctor").get(address, {"side": 1024})
    assert max(picture_of(answer).shape) <= 1024


@pytest.mark.parametrize(
    "asked",
    [
        {"centre": 5}, {"width": 5}, {"centre": "x", "width": 5}, {"centre": 5, "width": 0},
        {"centre": "nan", "width": 5}, {"centre": "1e99", "width": 5}, {"side": 77},
        {"side": "1024;"},
    ],
)  # fmt: skip
def test_other_windows_are_refused(actor, address, asked):
    assert actor("doctor").get(address, asked).status_code == 400


def test_no_cache_keeps_it(actor, address):
    answer = actor("doctor").get(address)
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["Content-Type"] == "image/png"


def test_who_has_this_window_is_told_so(actor, address):
    client, asked = actor("doctor"), {"centre": 100, "width": 50}
    known = client.get(address, asked)["ETag"]
    assert client.get(address, asked, headers={"If-None-Match": known}).status_code == 304
    other = {"centre": 100, "width": 51}
    assert client.get(address, other, headers={"If-None-Match": known}).status_code == 200


def test_presets_are_told_as_numbers(actor, film):
    answer = actor("doctor").get(reverse("images:windows", args=[film.pk])).json()
    assert answer["levels"] == 256
    assert answer["presets"]["stored"] == {"centre": 128.0, "width": 256.0}
    assert set(answer["presets"]) == {"stored", "full", "lung", "soft", "bone"}


@pytest.mark.parametrize("name", ["window", "windows", "viewer"])
def test_a_missing_file_is_not_found(actor, film, name):
    film.file.storage.delete(film.file.name)
    expected = 200 if name == "viewer" else 404
    assert answer_of(actor("doctor").get(reverse(f"images:{name}", args=[film.pk]))) == expected
