"""Temperature scaling finds the temperature that the logits were spoilt with."""

import numpy as np
import pytest

from retraining.ml.calibration import fit_temperature, log_loss


def honest_case(n=20_000):
    random = np.random.default_rng(0)
    logits = random.normal(0, 2, (n, 2))
    chance = 1 / (1 + np.exp(logits[:, 0] - logits[:, 1]))
    return logits, (random.random(n) < chance).astype(np.int64)


@pytest.mark.parametrize("spoilt", [0.7, 1.0, 3.0])
def test_it_finds_the_temperature(spoilt):
    logits, labels = honest_case()
    assert fit_temperature(logits * spoilt, labels) == pytest.approx(spoilt, rel=0.05)


def test_it_never_makes_the_loss_worse():
    logits, labels = honest_case(200)
    overconfident = logits * 5
    fitted = fit_temperature(overconfident, labels)
    assert log_loss(overconfident, labels, fitted) <= log_loss(overconfident, labels)


def test_perfect_separation_does_not_claim_certainty():
    logits = np.array([[3.0, -3.0], [-3.0, 3.0]] * 5)
    assert fit_temperature(logits, np.array([0, 1] * 5)) == pytest.approx(0.5, abs=1e-3)
