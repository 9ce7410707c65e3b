"""From canonical radiograph pixels to the network's input: one code path for serving and training.

Source: COVID-XR paper, section III (every radiograph is resized to 224x224, no cropping, aspect
ratio not kept); mean and scale are those the VGG16 convolutions were trained with (Simonyan and
Zisserman 2015: channel mean subtracted, pixel scale 0..255). Other networks read the same grey
values at their own side and scale (`input_for`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from images import native_library

if TYPE_CHECKING:
    from inference.ml.extractor import ExtractorSpec

# Cached features are keyed by this string: any change of the numbers below needs a new one.
PREPROCESSING_VERSION: Final = "xr-224-1"
SIDE: Final = 224
CHANNEL_MEAN: Final = (0.48235, 0.45882, 0.40784)
PIXEL_SCALE: Final = 255.0
LUMINANCE_601: Final = (0.299, 0.587, 0.114)
# Of the photographs that torchvision's networks were trained with (values 0..1).
IMAGENET_MEAN: Final = (0.485, 0.456, 0.406)
IMAGENET_DEVIATION: Final = (0.229, 0.224, 0.225)

Normalisation = Literal["vgg16-caffe", "imagenet", "grey-unit"]

# Rows turned to float at a time: a 4000x4000 film then costs 4 MB of scratch instead of 64 MB.
_BAND_ROWS: Final = 256

Float32Array = npt.NDArray[np.float32]


def preprocess(array: npt.NDArray[np.uint8 | np.uint16], low: float, high: float) -> Float32Array:
    """Network input of one radiograph: ``network_input`` of its ``grey_input``."""
    return network_input(grey_input(array, low, high))


def network_input(grey: Float32Array) -> Float32Array:
    """(224, 224) float32 in 0..1 to (3, 224, 224) float32, RGB order, as the convolutions want."""
    mean = np.asarray(CHANNEL_MEAN, dtype=np.float32)[:, None, None]
    return (grey[None] - mean) * np.float32(PIXEL_SCALE)


def input_for(
    spec: ExtractorSpec, array: npt.NDArray[np.uint8 | np.uint16], low: float, high: float
) -> Float32Array:
    """What the network of `spec` reads of one radiograph: float32 (channels, side, side).

    Raises ValueError as `grey_input`.
    """
    return normalised(spec.normalisation, grey_input(array, low, high, spec.side))


def normalised(normalisation: Normalisation, grey: Float32Array) -> Float32Array:
    """Grey float32 (side, side) in 0..1 to what a network was made for, float32 (channels, ...).

    ``vgg16-caffe``: three channels less their mean, times 255. ``imagenet``: three channels less
    the mean, by the deviation. ``grey-unit``: one channel as it is.
    """
    if normalisation == "vgg16-caffe":
        return network_input(grey)
    if normalisation == "imagenet":
        mean = np.asarray(IMAGENET_MEAN, dtype=np.float32)[:, None, None]
        return (grey[None] - mean) / np.asarray(IMAGENET_DEVIATION, np.float32)[:, None, None]
    return np.asarray(grey[None], dtype=np.float32)


def grey_input(
    array: npt.NDArray[np.uint8 | np.uint16], low: float, high: float, side: int = SIDE
) -> Float32Array:
    """All that the network sees of a radiograph, float32 (side, side) in 0..1.

    ``array`` is uint8 or uint16 (H, W), or uint8 (H, W, 3) RGB, brighter = more radio-opaque;
    ``low`` and ``high`` are the display range, mapped to 0 and 1 with values outside clipped.
    Raises ValueError for another shape or type, an empty image or an empty display range.
    """
    _refuse_unknown_pixels(array, low, high)
    return _resize(array, low, high, side)


def _refuse_unknown_pixels(array: npt.NDArray[np.generic], low: float, high: float) -> None:
    grey = array.ndim == 2 and array.dtype in (np.uint8, np.uint16)
    colour = array.ndim == 3 and array.shape[2] == 3 and array.dtype == np.uint8
    if not (grey or colour):
        raise ValueError(f"radiograph of shape {array.shape} and type {array.dtype} not supported")
    if not array.size:
        raise ValueError("radiograph has no pixels")
    if not (np.isfinite(low) and np.isfinite(high) and high > low):
        raise ValueError(f"display range {low}..{high} is empty")


def _resize(array: npt.NDArray[np.generic], low: float, high: float, side: int) -> Float32Array:
    """Antialiased resize to (side, side): columns, then rows; the sums are the same either way.

    Pillow does it band by band, which changes memory only, not one value.
    """
    if array.ndim == 2 and native_library.is_built():
        whole = np.require(array, requirements=["C", "A"])
        return native_library.small_grey(whole, low, high, side)
    bands = [
        _resample(_unit_grey(array[top : top + _BAND_ROWS], low, high), width=side)
        for top in range(0, array.shape[0], _BAND_ROWS)
    ]
    return _resample(np.concatenate(bands), height=side)


def _unit_grey(rows: npt.NDArray[np.generic], low: float, high: float) -> Float32Array:
    grey = rows.astype(np.float32)
    if grey.ndim == 3:
        # Spelt out instead of a matrix product: BLAS sums in another order on other processors.
        red, green, blue = LUMINANCE_601
        grey = grey[..., 0] * np.float32(red) + (
            grey[..., 1] * np.float32(green) + grey[..., 2] * np.float32(blue)
        )
    grey -= np.float32(low)
    grey /= np.float32(high - low)
    return np.clip(grey, 0.0, 1.0, out=grey)


def _resample(
    grey: Float32Array, *, width: int | None = None, height: int | None = None
) -> Float32Array:
    size = (width or grey.shape[1], height or grey.shape[0])
    image = Image.fromarray(np.ascontiguousarray(grey)).resize(size, Image.Resampling.BILINEAR)
    return np.asarray(image, dtype=np.float32)
