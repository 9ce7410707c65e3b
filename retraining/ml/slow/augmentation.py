"""Films as another patient position or another machine might have made them: for training alone.

A film is turned, shifted and magnified a little and its grey values are stretched. Left and right
are not exchanged unless a recipe asks for it: hearts are on the left.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

# Random numbers that one film takes: angle, two shifts, zoom, brightness, contrast, mirror, share.
DRAWS: Final = 8

Draws = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Augmentation:
    """How far films may be changed.

    ``degrees`` to either side; ``shift`` as a share of the side, each way; ``zoom`` (least, most)
    magnification; ``brightness`` (least, most) added to grey values in 0..1; ``contrast`` (least,
    most) factor about the film's mean; ``mirror`` exchanges left and right in half of the films;
    ``share`` of the films is changed at all.
    """

    degrees: float = 7.0
    shift: float = 0.04
    zoom: tuple[float, float] = (0.95, 1.1)
    brightness: tuple[float, float] = (-0.08, 0.08)
    contrast: tuple[float, float] = (0.85, 1.2)
    mirror: bool = False
    share: float = 1.0


AUGMENTATIONS: Final[dict[str, Augmentation | None]] = {
    "none": None,
    "mild": Augmentation(),
    # AlexNet paper, table II: shifts of 50 pixels of 227, left and right exchanged. There changed
    # copies were added to the untouched films, so that half of the films stay untouched here. A
    # change of saturation does nothing to grey films.
    "alexnet-paper": Augmentation(
        degrees=15.0,
        shift=50 / 227,
        zoom=(1.3, 1.5),
        brightness=(-0.3, -0.1),
        contrast=(1.2, 1.4),
        mirror=True,
        share=0.5,
    ),
    # Misantla paper, figure 4: the changes of Keras' ImageDataGenerator.
    "misantla-paper": Augmentation(
        degrees=20.0,
        shift=0.1,
        zoom=(0.8, 1.2),
        brightness=(0.0, 0.0),
        contrast=(1.0, 1.0),
        mirror=True,
    ),
}


def draws_of(seed: int, epoch: int, films: int) -> Draws:
    """(films, DRAWS) random numbers in 0..1 of an epoch: the same ones in whatever process."""
    return np.random.default_rng((seed, epoch, 1)).random((films, DRAWS))


def augmented(films: torch.Tensor, draws: Draws, how: Augmentation) -> torch.Tensor:
    """(N, side, side) float32 grey films in 0..1 to the same, each changed by its own (N, DRAWS).

    What comes in from outside of a film is black. A film does not depend on its neighbours.
    """
    chances = torch.from_numpy(draws).float()
    moved = _moved(films, chances, how)
    graded = _graded(moved, chances, how)
    is_changed = (chances[:, 7] < how.share)[:, None, None]
    return torch.where(is_changed.to(films.device), graded, films)


def _moved(films: torch.Tensor, chances: torch.Tensor, how: Augmentation) -> torch.Tensor:
    """Turned, shifted and magnified by bilinear interpolation."""
    angle = (2 * chances[:, 0] - 1) * how.degrees * pi / 180
    # Coordinates of a film run from -1 to 1: a whole side is two.
    across, down = ((2 * chances[:, place] - 1) * how.shift * 2 for place in (1, 2))
    size = 1 / _between(chances[:, 3], how.zoom)
    sign = torch.where(chances[:, 6] < 0.5, -1.0, 1.0) if how.mirror else torch.ones(len(films))
    rows = (
        torch.stack([angle.cos() * size * sign, -angle.sin() * size, across], dim=1),
        torch.stack([angle.sin() * size * sign, angle.cos() * size, down], dim=1),
    )
    shape = [len(films), 1, *films.shape[1:]]
    places = torch.stack(rows, dim=1).to(films.device)
    grid = functional.affine_grid(places, shape, align_corners=False)
    return functional.grid_sample(films[:, None], grid, align_corners=False)[:, 0]


def _graded(films: torch.Tensor, chances: torch.Tensor, how: Augmentation) -> torch.Tensor:
    added = _between(chances[:, 4], how.brightness)[:, None, None].to(films.device)
    factor = _between(chances[:, 5], how.contrast)[:, None, None].to(films.device)
    middle = films.mean(dim=(1, 2), keepdim=True)
    return ((films - middle) * factor + middle + added).clamp(0.0, 1.0)


def _between(chances: torch.Tensor, limits: tuple[float, float]) -> torch.Tensor:
    return limits[0] + chances * (limits[1] - limits[0])
