"""Temperature scaling (Guo et al. 2017): one number that makes probabilities honest."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

# A few dozen patients that happen to be separated perfectly would ask for certainty (T towards 0).
_LOWEST: Final = 0.5
_HIGHEST: Final = 10.0


def log_loss(
    logits: npt.NDArray[np.float64], labels: npt.NDArray[np.int64], temperature: float = 1.0
) -> float:
    """Mean negative log-likelihood of (N,) class indices under (N, classes) logits."""
    chances = log_softmax(logits / temperature, axis=1)
    return float(-chances[np.arange(len(labels)), labels].mean())


def fit_temperature(logits: npt.NDArray[np.float64], labels: npt.NDArray[np.int64]) -> float:
    """The temperature in 0.5..10 with the smallest log loss; logits are divided by it."""
    found = minimize_scalar(
        lambda exponent: log_loss(logits, labels, float(np.exp(exponent))),
        bounds=(np.log(_LOWEST), np.log(_HIGHEST)),
        method="bounded",
    )
    return float(np.exp(found.x))
