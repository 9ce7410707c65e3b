"""Films for training: a little changed, the same way each time, hearts stay on the left."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from retraining.ml.slow.augmentation import AUGMENTATIONS, DRAWS, Augmentation, augmented, draws_of

STILL = Augmentation(
    degrees=0.0, shift=0.0, zoom=(1.0, 1.0), brightness=(0.0, 0.0), contrast=(1.0, 1.0)
)


def film(side=32):
    """Dark, with a bright corner above on the left and a grey band below."""
    grey = torch.full((1, side, side), 0.2)
    grey[0, :8, :8] = 0.9
    grey[0, -6:, :] = 0.5
    return grey


def draws(**values):
    """In the middle of everything, but for what is named by its place."""
    chosen = np.full((1, DRAWS), 0.5)
    chosen[0, 7] = 0.0
    for name, value in values.items():
        chosen[0, int(name[1:])] = value
    return chosen


def test_draws_depend_on_seed_and_epoch_alone():
    assert np.array_equal(draws_of(1, 2, 5), draws_of(1, 2, 5))
    assert not np.array_equal(draws_of(1, 2, 5), draws_of(1, 3, 5))
    assert not np.array_equal(draws_of(1, 2, 5), draws_of(2, 2, 5))
    assert np.array_equal(draws_of(1, 2, 9)[:5], draws_of(1, 2, 5))


def test_nothing_allowed_changes_nothing():
    assert torch.allclose(augmented(film(), draws(), STILL), film(), atol=1e-5)


def test_a_film_does_not_depend_on_its_neighbours():
    films = torch.rand(4, 24, 24, generator=torch.Generator().manual_seed(0))
    chances = draws_of(0, 1, 4)
    together = augmented(films, chances, Augmentation())
    alone = augmented(films[2:3], chances[2:3], Augmentation())
    assert torch.equal(together[2:3], alone)


@pytest.mark.parametrize("name", [name for name, how in AUGMENTATIONS.items() if how])
def test_values_stay_grey_values(name):
    films = torch.rand(8, 40, 40, generator=torch.Generator().manual_seed(0))
    changed = augmented(films, draws_of(0, 1, 8), AUGMENTATIONS[name])
    assert changed.shape == films.shape
    assert changed.dtype == torch.float32
    assert 0 <= changed.min() <= changed.max() <= 1


def test_left_and_right_are_not_exchanged_unless_asked():
    mirrored = replace(STILL, mirror=True)
    swapped = augmented(film(), draws(_6=0.1), mirrored)
    assert torch.allclose(swapped, film().flip(2), atol=1e-5)
    assert torch.allclose(augmented(film(), draws(_6=0.9), mirrored), film(), atol=1e-5)
    assert torch.allclose(augmented(film(), draws(_6=0.1), STILL), film(), atol=1e-5)
    assert not AUGMENTATIONS["mild"].mirror


def test_a_shift_moves_by_its_share_of_the_side():
    moved = augmented(film(), draws(_1=1.0), replace(STILL, shift=0.25))
    assert torch.allclose(moved[:, :, :24], film()[:, :, 8:], atol=1e-5)
    assert moved[:, :, 24:].max() < 1e-5  # black comes in


def test_a_turn_goes_by_its_degrees():
    turned = augmented(film(), draws(_0=1.0), replace(STILL, degrees=90.0))
    assert torch.allclose(turned, torch.rot90(film(), 1, (1, 2)), atol=1e-4)


def test_zoom_magnifies():
    centre = torch.zeros(1, 32, 32)
    centre[0, 12:20, 12:20] = 1.0
    larger = augmented(centre, draws(), replace(STILL, zoom=(2.0, 2.0)))
    assert float(larger.sum()) == pytest.approx(4 * 64, rel=0.05)


def test_brightness_and_contrast():
    brighter = augmented(film(), draws(), replace(STILL, brightness=(0.1, 0.1)))
    assert torch.allclose(brighter, film() + 0.1, atol=1e-5)
    harder = augmented(film(), draws(), replace(STILL, contrast=(1.05, 1.05)))
    assert float(harder.std()) == pytest.approx(1.05 * float(film().std()), rel=1e-3)


def test_only_a_share_is_changed():
    how = replace(STILL, brightness=(0.1, 0.1), share=0.5)
    assert torch.equal(augmented(film(), draws(_7=0.6), how), film())
    assert not torch.equal(augmented(film(), draws(_7=0.4), how), film())
