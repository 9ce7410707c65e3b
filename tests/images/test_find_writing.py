"""Writing in the pixels is found, and a film without any is left in peace."""

import csv
import hashlib
import random

import numpy as np
import pytest
from PIL import Image

from images.burned_in import find_writing
from images.radiograph import RadiographPixels
from images.synthetic import draw
from tests.development import shared_data
from tests.factories import chest_array
from tests.images.drawn_names import MARK_ROWS, with_name

NAMES = 60
# Of the films that the last test takes, those that say PORTABLE or SUPINE: looked at by eye.
WITH_WRITING = {
    "pneumonia_00010190_007.jpg",
    "pneumonia_00005681_006.jpg",
    "pneumonia_00006991_011.jpg",
    "pneumonia_00006008_010.jpg",
    "pneumonia_00005069_001.jpg",
    "pneumonia_00000766_010.jpg",
}


def film(seed: int) -> np.ndarray:
    return np.ascontiguousarray(draw(seed, opacities=bool(seed % 2)).array[:-MARK_ROWS])


def found(array: np.ndarray) -> list[list[int]]:
    return find_writing(RadiographPixels.eight_bit(array))


def covered(boxes, wanted) -> float:
    """Share of the wanted rectangle that lies in the boxes, which do not overlap."""
    left, top, right, bottom = wanted
    inside = 0
    for x, y, width, height in boxes:
        wide = min(right, x + width) - max(left, x)
        high = min(bottom, y + height) - max(top, y)
        inside += max(0, wide) * max(0, high)
    return inside / ((right - left) * (bottom - top))


@pytest.mark.parametrize("seed", range(6))
def test_a_drawn_film_with_its_side_marker_has_none(seed):
    assert found(film(seed)) == []


@pytest.mark.parametrize("seed", range(12))
def test_a_name_is_found_and_most_of_it_covered(seed):
    named, box = with_name(film(seed), random.Random(seed))
    assert covered(found(named), box) > 0.6


def test_the_mark_of_drawn_films_is_writing():
    boxes = find_writing(draw(1, opacities=False))
    assert len(boxes) == 1
    assert boxes[0][1] > 800


def test_writing_down_the_film_is_found():
    named, (left, top, right, bottom) = with_name(film(3), random.Random(3))
    turned = np.ascontiguousarray(np.rot90(named))
    height = named.shape[1]
    assert covered(found(turned), (top, height - right, bottom, height - left)) > 0.8


@pytest.mark.parametrize("shape", [(96, 80), (900, 800)])
@pytest.mark.parametrize("seed", range(4))
def test_noise_is_no_writing(seed, shape):
    assert found(chest_array(seed, shape)) == []


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (7, 5), (64, 64)])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_films_of_any_shape_are_looked_at(shape, kind):
    highest = float(np.iinfo(kind).max)
    assert find_writing(RadiographPixels(np.zeros(shape, kind), 0.0, highest)) == []


def test_sixteen_bits_are_looked_at_as_they_are_shown():
    named, box = with_name(film(5), random.Random(5))
    deep = RadiographPixels(named.astype(np.uint16) * 10 + 700, 700.0, 3250.0)
    assert covered(find_writing(deep), box) > 0.8


def test_colour_is_looked_at():
    named, box = with_name(film(6), random.Random(6))
    assert covered(found(np.stack([named, named, named // 2], axis=2)), box) > 0.8


def test_a_large_film_is_looked_at():
    large = np.asarray(Image.fromarray(film(8)).resize((2400, 2532)))
    named, box = with_name(large, random.Random(8))
    assert covered(found(named), box) > 0.8


def test_boxes_lie_in_the_picture():
    for seed in range(8):
        named, _ = with_name(film(seed), random.Random(seed))
        for left, top, width, height in found(named):
            assert left >= 0
            assert top >= 0
            assert width > 0
            assert height > 0
            assert left + width <= named.shape[1]
            assert top + height <= named.shape[0]


@pytest.mark.data
@pytest.mark.slow
def test_names_on_real_films_of_patients_that_nothing_was_chosen_on():
    """95 of 100 names are found, and 10 of 100 films without one are suspected, at most."""
    films = [np.asarray(Image.open(path).convert("L")) for path in clean_films()[:NAMES]]
    assert len(films) == NAMES
    rng = random.Random(2024)
    named = sum(bool(found(with_name(array, rng)[0])) for array in films)
    false = sum(bool(found(array)) for array in films)
    assert named >= 0.95 * NAMES
    assert false <= 0.1 * NAMES


def clean_films():
    """Films of the second half of the patients without writing, by the table beside this test."""
    folder = shared_data("chestxray")
    with (folder / "metadata.csv").open() as table:
        patients = {row["filename"]: row["patient_id"] for row in csv.DictReader(table)}
    second = [n for n, who in patients.items() if int(_hash(who), 16) % 2]
    by_chance = sorted(second, key=_hash)
    return [folder / "images" / name for name in by_chance if name not in WITH_WRITING]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
