"""Synthetic radiographs: repeatable, marked, and of two kinds."""

import io

import numpy as np
import pytest

from images.decoding import decode
from images.synthetic import draw


def test_the_same_seed_draws_the_same_picture() -> None:
    assert draw(7, True).sha256 == draw(7, True).sha256


def test_another_seed_or_kind_draws_another_picture() -> None:
    hashes = {draw(seed, opacities).sha256 for seed in (1, 2) for opacities in (True, False)}
    assert len(hashes) == 4


def test_each_picture_bears_its_mark() -> None:
    band = draw(3, False).array[-50:]
    assert np.array_equal(band, draw(4, True).array[-50:])
    assert 0.02 < (band > 200).mean() < 0.5


@pytest.mark.parametrize("seed", range(4))
def test_lungs_are_dark_and_opacities_make_them_brighter(seed: int) -> None:
    clear, hazy = (draw(seed, opacities).array.astype(int) for opacities in (False, True))
    lung, spine = (slice(360, 600), slice(200, 330)), (slice(360, 600), slice(380, 420))
    assert clear[lung].mean() + 40 < clear[spine].mean()
    assert hazy[lung].mean() > clear[lung].mean() + 5


def test_it_comes_in_by_the_same_door_as_any_file() -> None:
    drawn = draw(1, True)
    assert decode(io.BytesIO(drawn.to_png())).pixels.sha256 == drawn.sha256
