"""What features are kept in: fp16, whether they come fresh or from the cache, so that the same
radiograph always gets the same probability."""

from typing import cast

import numpy as np
import numpy.typing as npt

Features = npt.NDArray[np.float16]


def to_half(features: npt.NDArray[np.floating]) -> Features:
    """Round features to what is stored; what fp16 cannot hold becomes its largest value."""
    if features.dtype == np.float16:
        return cast(Features, features)
    largest = float(np.finfo(np.float16).max)
    rounded: Features = np.clip(features, -largest, largest).astype(np.float16)
    return rounded
