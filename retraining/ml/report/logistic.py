"""A plain multinomial logistic regression, fast enough to be fitted hundreds of times.

It stands in for the head wherever a question takes many trainings (learning curve, institutions
left out, prediction of the institution): milliseconds each, on the same features.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.linalg import eigh
from scipy.optimize import minimize
from scipy.special import softmax

Matrix = npt.NDArray[np.floating[Any]]
Coefficients = npt.NDArray[np.float64]

COMPONENTS: Final = 64
PENALTY: Final = 1.0
_STEPS: Final = 200


def leading(features: Matrix, components: int = COMPONENTS) -> npt.NDArray[np.float32]:
    """(N, k) features to their (N, at most ``components``) leading principal components.

    Each is divided by the root of its spread, as the fast heads' are (``TrainingSpec.whiten``), and
    all are scaled to a mean square of 1. No label is looked at.
    """
    rows = np.asarray(features, dtype=np.float32)
    rows = rows - rows.mean(axis=0)
    wide = rows.shape[1]
    spread = (rows.T @ rows).astype(np.float64) / max(1, len(rows))
    first = max(0, wide - components)
    values, vectors = eigh(spread, subset_by_index=(first, wide - 1))
    usable = values > max(values[-1], 1e-30) * 1e-6
    if not usable.any():
        return np.zeros((len(rows), 1), np.float32)
    values, vectors = values[usable][::-1], vectors[:, usable][:, ::-1]
    found = rows @ (vectors * values**-0.25).astype(np.float32)
    return np.asarray(found / np.sqrt(np.square(found).mean()), dtype=np.float32)


def fit(
    inputs: Matrix,
    labels: npt.NDArray[np.int64],
    classes: int,
    *,
    penalty: float = PENALTY,
    start: Coefficients | None = None,
) -> Coefficients:
    """(N, k) inputs and (N,) classes to (k + 1, classes) coefficients; the last row is the bias.

    Minimises the summed cross-entropy plus ``penalty`` / 2 times the squares of the weights, so
    that ``penalty`` is scikit-learn's 1 / C. ``start`` are coefficients of a similar fit.
    """
    shape = (inputs.shape[1] + 1, classes)
    is_class = np.zeros((len(inputs), classes), inputs.dtype)
    is_class[np.arange(len(inputs)), labels] = 1
    n = max(1, len(inputs))

    def objective(flat: Coefficients) -> tuple[float, Coefficients]:
        weights = flat.reshape(shape)
        logits = inputs @ weights[:-1].astype(inputs.dtype) + weights[-1].astype(inputs.dtype)
        logits -= logits.max(axis=1, keepdims=True)
        chances = np.exp(logits)
        total = chances.sum(axis=1)
        missed = (chances / total[:, None] - is_class) / n
        gradient = np.vstack([inputs.T @ missed, missed.sum(axis=0)]).astype(np.float64)
        gradient[:-1] += penalty / n * weights[:-1]
        loss = (np.log(total) - (logits * is_class).sum(axis=1)).mean()
        return float(loss + penalty / (2 * n) * np.square(weights[:-1]).sum()), gradient.ravel()

    begin = np.zeros(shape) if start is None else start
    limits = {"maxiter": _STEPS, "gtol": 1e-4, "ftol": 1e-7}
    found = minimize(objective, begin.ravel(), jac=True, method="L-BFGS-B", options=limits)
    return np.asarray(found.x.reshape(shape))


def probabilities(coefficients: Coefficients, inputs: Matrix) -> npt.NDArray[np.float64]:
    """(N, k) inputs to (N, classes) probabilities."""
    logits = inputs @ coefficients[:-1].astype(inputs.dtype) + coefficients[-1]
    return np.asarray(softmax(logits.astype(np.float64), axis=1))
