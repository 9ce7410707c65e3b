"""The fast lane's parts run, on next to nothing."""

import pytest

from benchmarks import retrain, retrain_chestxray
from retraining.models import ModelVersion


@pytest.mark.slow
@pytest.mark.django_db
def test_runs_at_each_size(monkeypatch):
    monkeypatch.setattr(retrain, "_network_milliseconds", lambda count: ("made-up", 70.0))
    monkeypatch.setattr(retrain, "QUICK", (400, 450))
    measured = retrain.measure(quick=True, architecture="logistic")
    assert [point["cases"] for point in measured["curve"]] == [400, 450]
    assert ModelVersion.objects.count() == 2
    assert measured["curve"][1]["network_seconds"] == 31.5
    assert measured["curve"][1]["auc"] > 0.9
    assert measured["peak_mb"] > 0


def test_growth_is_the_exponent_of_a_power_law():
    curve = [{"cases": n, "seconds": 0.01 * n**0.8} for n in (250, 1000, 2000, 10_000)]
    assert retrain._growth(curve) == pytest.approx(0.8, abs=1e-3)
    assert retrain._growth(curve[:2]) is None


@pytest.mark.slow
def test_figures_of_made_up_films():
    measured = retrain_chestxray.measure(quick=True)
    assert measured["binary"]["covid-xr-c"]["auc"] > 0.8
    assert 0.5 < measured["three_classes"]["covid-xr-c"]["accuracy"] <= 1


def test_sensitivity_at_a_specificity():
    import numpy as np

    positive = np.array([False] * 100 + [True] * 10)
    scores = np.r_[np.linspace(0, 0.5, 100), np.linspace(0.45, 0.9, 10)]
    found = retrain_chestxray._sensitivity_at(positive, scores, 0.965)
    assert found == pytest.approx(0.9)
