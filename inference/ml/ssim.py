"""Structural similarity of two images (Wang, Bovik, Sheikh and Simoncelli 2004)."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

# The paper's window: Gaussian, standard deviation 1.5 pixels, 11 pixels wide.
SIGMA: Final = 1.5
RADIUS: Final = 5
_LUMINANCE: Final = 0.01**2
_CONTRAST: Final = 0.03**2

Float64 = npt.NDArray[np.float64]


class Reference:
    """An image (H, W) that many are compared with: what concerns it alone is computed once.

    Raises ValueError for an image that is no more than 10 pixels high or wide.
    """

    def __init__(self, image: npt.NDArray[np.floating]) -> None:
        if image.ndim != 2 or min(image.shape) <= 2 * RADIUS:
            raise ValueError(f"cannot compare images of {image.shape}")
        self._image = image.astype(np.float64)
        self._down, self._across = (_window_means(side) for side in image.shape)
        self._mean = self._in_windows(self._image)
        self._square = self._mean**2
        self._variance = self._in_windows(self._image**2) - self._square

    def ssim(self, other: npt.NDArray[np.floating]) -> float:
        """As the function `ssim`."""
        if other.shape != self._image.shape:
            raise ValueError(f"cannot compare {other.shape} with {self._image.shape}")
        a = other.astype(np.float64, copy=False)
        mean, squares, products = self._in_windows(np.stack([a, a * a, a * self._image]))
        square, both = mean**2, 2 * mean * self._mean
        spread = (squares - square) + self._variance + _CONTRAST
        structure = (2 * products - both + _CONTRAST) / spread
        luminance = (both + _LUMINANCE) / (square + self._square + _LUMINANCE)
        return min(1.0, max(-1.0, float((luminance * structure).mean())))

    def _in_windows(self, images: Float64) -> Float64:
        """Gaussian means of (..., H, W) images, without the rim, as two products with bands."""
        return np.asarray(self._down @ images @ self._across.T)


def ssim(first: npt.NDArray[np.floating], second: npt.NDArray[np.floating]) -> float:
    """Mean structural similarity of two grey images in 0..1, both (H, W), H and W above 10.

    In -1..1, 1 for equal images, the same for both orders. Windows that reach beyond the border
    are not counted. Raises ValueError for shapes that differ or are too small.
    """
    return Reference(second).ssim(first)


@lru_cache(maxsize=8)
def _window_means(side: int) -> Float64:
    """(side - 10, side): each row holds the weights of one window's mean, of sum 1."""
    window = np.exp(-(np.arange(-RADIUS, RADIUS + 1) ** 2) / (2 * SIGMA**2))
    means = np.zeros((side - 2 * RADIUS, side))
    for place, row in enumerate(means):
        row[place : place + len(window)] = window / window.sum()
    return means
