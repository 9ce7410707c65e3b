"""Other institutions: left out of the training, and read from the features."""

import numpy as np
import pytest

from retraining.ml.report import (
    Development,
    generalisation,
    leave_one_site_out,
    site_prediction,
)
from retraining.ml.training_spec import TrainingSpec


def development(disease=(1.5, 1.5, 1.5), place=0.0, n=240, marker=0.0, seed=0):
    """Sites a, b, c; ``disease``: how clearly each shows the class; ``place`` moves the features
    of a site, ``marker`` those of its positives."""
    rng = np.random.default_rng(seed)
    site, labels = np.arange(n) % 3, rng.integers(0, 2, n)
    features = rng.normal(size=(n, 20))
    for number, strength in enumerate(disease):
        features[(site == number) & (labels == 1), 0] += strength
        features[site == number, 5 + number] += place
        features[(site == number) & (labels == 1), 10 + number] += marker
    return Development(
        features.astype(np.float32), labels, ["train"] * n, [f"p{row // 2}" for row in range(n)],
        [("a", "b", "c")[number] for number in site],
    )  # fmt: skip


def test_what_holds_everywhere_carries_to_a_site_never_seen():
    # Patients of two films are of two sites here: both are then left out.
    rows = leave_one_site_out(development(disease=(3, 3, 3)), 2, 1)
    assert [row["site"] for row in rows] == ["a", "b", "c"]
    assert all(row["n"] == 80 and row["auc"]["value"] > 0.9 for row in rows)
    assert all(row["auc"]["low"] <= row["auc"]["value"] <= row["auc"]["high"] for row in rows)


def test_a_site_that_shows_the_disease_otherwise_stands_out():
    rows = leave_one_site_out(development(disease=(3, 3, -3)), 2, 1)
    assert rows[2]["auc"]["value"] < 0.2 < rows[0]["auc"]["value"]


def test_a_patient_of_two_sites_is_on_neither_side():
    """All but one patient of b also have a film at a: without them nobody is left to train on."""
    rng = np.random.default_rng(0)
    n = 60
    groups = [f"p{row}" for row in range(n)] * 2
    told = Development(
        rng.normal(size=(2 * n, 5)).astype(np.float32), np.tile(np.arange(n) % 2, 2),
        ["train"] * (2 * n), groups, ["a"] * n + ["b"] * n,
    )  # fmt: skip
    assert [row["auc"]["value"] for row in leave_one_site_out(told, 2, 1)] == [None, None]


def test_a_site_with_one_class_has_no_area():
    told = development()
    labels = np.where(np.asarray(told.sites) == "c", 0, told.labels)
    rows = leave_one_site_out(
        Development(told.features, labels, told.splits, told.groups, told.sites), 2, 1
    )
    assert (rows[2]["positives"], rows[2]["auc"]["value"]) == (0, None)
    assert rows[0]["auc"]["value"] is not None


def one_site(told):
    return Development(told.features, told.labels, told.splits, told.groups, ["a"] * len(told))


def test_one_site_alone_says_nothing():
    assert leave_one_site_out(one_site(development()), 2, 1) == []
    assert site_prediction(one_site(development()), ["no", "yes"]) is None


def test_sites_that_look_alike_cannot_be_told_apart():
    found = site_prediction(development(place=0.0), ["no", "yes"])
    assert found["auc"]["value"] == pytest.approx(0.5, abs=0.1)
    assert found["majority"] == pytest.approx(1 / 3, abs=1e-5)


def test_sites_that_look_different_are_told_apart_in_each_class():
    found = site_prediction(development(place=3.0), ["no", "yes"])
    assert found["auc"]["value"] > 0.95
    assert found["accuracy"] > 0.8
    assert [row["class"] for row in found["within"]] == ["no", "yes"]
    assert sum(row["n"] for row in found["within"]) == 240
    assert all(row["auc"]["value"] > 0.95 for row in found["within"])


def test_what_differs_in_positives_alone_shows_in_that_class_alone():
    found = site_prediction(development(marker=4.0), ["no", "yes"])
    negatives, positives = (row["auc"]["value"] for row in found["within"])
    assert negatives < 0.65 < 0.9 < positives


def test_small_sites_are_left_out_of_the_prediction():
    told = development()
    sites = ["small" if row < 12 else site for row, site in enumerate(told.sites)]
    found = site_prediction(
        Development(told.features, told.labels, told.splits, told.groups, sites), ["no", "yes"]
    )
    assert found["sites"] == ["a", "b", "c"]
    assert found["n"] == 228


def test_all_three_parts_come_at_once():
    found = generalisation(development(), TrainingSpec(), classes=["no", "yes"])
    assert set(found) == {"learning_curve", "left_out_sites", "site_prediction"}
    assert found["left_out_sites"] == leave_one_site_out(development(), 2, 1)
