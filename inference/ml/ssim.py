"""Structural similarity of two images (Wang, Bovik, Sheikh and Simoncelli 2004)."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

# The paper's window: Gaussian, standard deviation 1.5 pixels, 11 pixels wide.
SIGMA: Final = 1.5
RADIUS: Final = 5
_LUMINANCE: Final = 0.01**2
_CONTRAST: Final = 0.03**2


def ssim(first: npt.NDArray[np.floating], second: npt.NDArray[np.floating]) -> float:
    """Mean structural similarity of two grey images in 0..1, both (H, W), H and W above 10.

    In -1..1, 1 for equal images, the same for both orders. Windows that reach beyond the border
    are not counted. Raises ValueError for shapes that differ or are too small.
    """
    if first.shape != second.shape or first.ndim != 2 or min(first.shape) <= 2 * RADIUS:
        raise ValueError(f"cannot compare images of {first.shape} and {second.shape}")
    a, b = first.astype(np.float64), second.astype(np.float64)
    mean_a, mean_b, aa, bb, ab = _in_windows(np.stack([a, b, a * a, b * b, a * b]))
    spread = (aa - mean_a**2) + (bb - mean_b**2) + _CONTRAST
    structure = (2 * (ab - mean_a * mean_b) + _CONTRAST) / spread
    luminance = (2 * mean_a * mean_b + _LUMINANCE) / (mean_a**2 + mean_b**2 + _LUMINANCE)
    return float(np.clip((luminance * structure).mean(), -1.0, 1.0))


def _in_windows(images: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Gaussian means of (N, H, W) images, without the rim."""
    means = gaussian_filter(images, (0, SIGMA, SIGMA), radius=(0, RADIUS, RADIUS))
    return np.asarray(means[:, RADIUS:-RADIUS, RADIUS:-RADIUS])
