"""Sketches and likeness of pictures, on arrays alone."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from images.copies import BANDS, COPY, Asked, grey_square, likely, sketched
from images.copies.unions import components
from images.radiograph import RadiographPixels
from tests.factories import film_png


def film() -> Image.Image:
    return Image.open(io.BytesIO(film_png(1)))


def square(image: Image.Image) -> np.ndarray:
    """As the platform does: by way of the thumbnail."""
    return grey_square(RadiographPixels.eight_bit(np.asarray(image)).thumbnail())


def is_found(new: Image.Image, kept: Image.Image) -> bool:
    asked, sketch = Asked(square(new)), sketched(square(kept))
    shares = any(sketch.bands[number] in asked.bands(number) for number in range(BANDS))
    near = asked.near(np.array([sketch.bands]))[0]
    return shares and bool(near) and bool(likely(asked, [sketch.coefficients]))


def resaved(image: Image.Image, quality: int = 40) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(io.BytesIO(buffer.getvalue())).convert("L")


def cropped(image: Image.Image, left: float, top: float, right: float, bottom: float):
    width, height = image.size
    return image.crop(
        (int(left * width), int(top * height), int((1 - right) * width), int((1 - bottom) * height))
    )


CHANGES = {
    "saved again": resaved,
    "half the size": lambda image: image.resize((image.width // 2, image.height // 2)),
    "another shape": lambda image: image.resize((224, 224)),
    "brighter": lambda image: image.point([min(255, level + 30) for level in range(256)]),
    "less contrast": lambda image: image.point([40 + level * 7 // 10 for level in range(256)]),
    "cropped by 5 %": lambda image: cropped(image, 0.05, 0.05, 0.05, 0.05),
    "cropped by 10 % at one side": lambda image: cropped(image, 0.1, 0, 0, 0),
    "cropped unevenly": lambda image: cropped(image, 0.08, 0.02, 0.05, 0.09),
    "cropped and saved again": lambda image: resaved(cropped(image, 0.06, 0.06, 0.07, 0.05)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_copy_finds_the_original(change):
    assert is_found(CHANGES[change](film()), film())


@pytest.mark.parametrize("change", CHANGES)
def test_an_original_finds_the_copy(change):
    assert is_found(film(), CHANGES[change](film()))


def test_a_mirrored_film_is_another_picture():
    assert not is_found(film().transpose(Image.Transpose.FLIP_LEFT_RIGHT), film())


def test_noise_is_like_nothing():
    noise = Image.fromarray(np.random.default_rng(3).integers(0, 256, (300, 250), np.uint8))
    assert not is_found(noise, film())


def test_a_flat_picture_has_nothing_to_compare():
    flat = Image.fromarray(np.full((200, 200), 77, np.uint8))
    assert sketched(square(flat)).bands == ()


def test_the_same_picture_is_as_like_as_can_be():
    sketch = sketched(square(film()))
    (found,) = likely(Asked(square(film())), [sketch.coefficients])
    assert found.likeness > 0.99 > COPY


def test_the_likest_comes_first():
    offered = [
        sketched(square(CHANGES[change](film()))).coefficients
        for change in ("cropped and saved again", "saved again")
    ]
    assert [found.place for found in likely(Asked(square(film())), offered)] == [1, 0]


def test_nothing_offered_nothing_found():
    assert likely(Asked(square(film())), []) == []


def test_a_damaged_thumbnail_is_refused():
    with pytest.raises(OSError):
        grey_square(b"no picture")


items = st.integers(0, 30)


@given(st.lists(st.tuples(items, items)))
@settings(max_examples=200, deadline=None)
def test_components_are_the_closure_of_the_pairs(pairs):
    found = components(pairs)
    home = {item: number for number, each in enumerate(found) for item in each}
    assert all(home[one] == home[other] for one, other in pairs)
    assert sum(map(len, found)) == len(home) == len({item for pair in pairs for item in pair})
    for number, each in enumerate(found):
        reached, grew = {min(each)}, True
        while grew:
            more = {x for pair in pairs if reached & set(pair) for x in pair}
            grew, reached = not more <= reached, reached | more
        assert reached == each, number


@given(st.lists(st.tuples(items, items)), st.randoms())
@settings(max_examples=100, deadline=None)
def test_the_order_of_the_pairs_makes_no_difference(pairs, random):
    shuffled = random.sample(pairs, len(pairs))
    assert sorted(map(sorted, components(pairs))) == sorted(map(sorted, components(shuffled)))
