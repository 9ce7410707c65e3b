"""Where in a radiograph the evidence for a class lies: Grad-CAM.

Source: Selvaraju et al. 2017, Grad-CAM (ICCV; arXiv:1610.02391), equations 1 and 2:

    weight of a channel = mean over its places of  d logit / d activation
    map                 = ReLU(sum over channels of  weight * activation)

Only the head lies behind the last pooling, so that no gradient has to pass VGG16. Max-pooling hands
each gradient on to the one place of its window that was the largest: a channel's sum of gradients
is the same before and after it, and so are the weights but for one factor, which the scale of a map
from 0 to 1 takes out. The two maps here therefore weigh channels alike and differ in resolution.

Of other networks (`backbones`) the gradient is carried back through whatever lies between their
last maps and their features.

A map tells where the network looked, not why, and it is relative: its strongest place is 1.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image

from inference.ml.extractor import EXTRACTORS

if TYPE_CHECKING:
    from inference.ml.engine import Classifier

# Stored with each map: any change of its numbers or colours needs a new one.
METHOD_VERSION: Final = "1"
OVERLAY_SHAPE: Final = (448, 448)

# Inferno (van der Walt and Smith 2015, CC0) at nine equal steps: its lightness grows evenly, so
# that it is read alike with every kind of colour vision. The legend has the same (components.css).
COLOURS: Final = (
    (0, 0, 4), (33, 12, 74), (87, 16, 110), (138, 34, 106), (188, 55, 84), (227, 89, 51),
    (249, 142, 9), (249, 203, 53), (252, 255, 164),
)  # fmt: skip

Heat = npt.NDArray[np.float32]


class LastPart(Protocol):
    """What lies between a network's last maps and its features; see `TorchBackbone`."""

    def finish(self, activations: Heat) -> Heat: ...
    def gradient_before_pooling(
        self, activations: Heat, gradient: npt.NDArray[np.floating]
    ) -> npt.NDArray[np.float64]: ...


def fast_cam(classifier: Classifier, features: npt.NDArray[np.floating], class_index: int) -> Heat:
    """The map at the pooled layer, from cached features alone: (dimensions,) to (7, 7) for VGG16.

    Values are 0..1; all are 0 where no region speaks for the class. ``class_index`` is a place in
    the manifest's classes. Raises ValueError for another shape or features that are not finite.
    """
    gradient = classifier.gradient(features, class_index)
    shape = EXTRACTORS[classifier.manifest.extractor].shape
    return _weighed(gradient.reshape(shape), features.reshape(shape))


def grad_cam(
    classifier: Classifier, activations: Heat, class_index: int, last: LastPart | None = None
) -> Heat:
    """The map at the last convolution: (512, 14, 14) after its ReLU to (14, 14) for VGG16.

    ``activations`` are of ``FeatureExtractor.before_pooling``; without ``last`` they become
    features by VGG16's pooling. The rest is as in ``fast_cam``.
    """
    if last is not None:
        gradient = classifier.gradient(last.finish(activations), class_index)
        return _weighed(last.gradient_before_pooling(activations, gradient), activations)
    gradient = classifier.gradient(pooled(activations), class_index)
    shape = EXTRACTORS[classifier.manifest.extractor].shape
    return _weighed(gradient.reshape(shape), activations)


def pooled(activations: Heat) -> Heat:
    """Features (dimensions,) of the activations before the 2x2 max-pooling."""
    channels, rows, columns = activations.shape
    windows = activations.reshape(channels, rows // 2, 2, columns // 2, 2)
    features: Heat = windows.max(axis=(2, 4)).reshape(-1)
    return features


def overlay_png(heat: Heat, shape: tuple[int, int] = OVERLAY_SHAPE) -> bytes:
    """A map in 0..1 as a PNG of ``shape`` (rows, columns): 256 colours, as opaque as they are high.

    Preprocessing stretches a radiograph to a square (``preprocess``), so that stretching the
    overlay over the whole film puts each value where it belongs.
    """
    rows, columns = shape
    smooth = Image.fromarray(heat).resize((columns, rows), Image.Resampling.BILINEAR)
    levels = (np.asarray(smooth).clip(0, 1) * 255).round().astype(np.uint8)
    # A picture with a palette costs a tenth of the time of one with four channels.
    picture = Image.frombytes("P", (columns, rows), levels.tobytes())
    picture.putpalette(_palette())
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", transparency=bytes(range(256)))
    return buffer.getvalue()


def _palette() -> bytes:
    """Red, green and blue of 256 levels, between the steps of COLOURS."""
    steps = np.linspace(0, 255, len(COLOURS))
    channels = [np.interp(np.arange(256), steps, colour) for colour in np.transpose(COLOURS)]
    return np.stack(channels, axis=-1).round().astype(np.uint8).tobytes()


def _weighed(gradient: npt.NDArray[np.float64], activations: npt.NDArray[np.floating]) -> Heat:
    """Channels (C, H, W) weighed by their mean gradient, negative sums cut off, scaled to 0..1."""
    weights = gradient.mean(axis=(1, 2))
    evidence = np.einsum("c,chw->hw", weights, activations.astype(np.float64)).clip(min=0)
    heat: Heat = (evidence / (evidence.max() or 1.0)).astype(np.float32)
    return heat
