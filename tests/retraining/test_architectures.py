"""The registry of what can be trained, and what of a recipe a person may set."""

from dataclasses import fields

import pytest

from inference.ml.extractor import EXTRACTORS
from inference.ml.heads import HEADS
from retraining.ml.architectures import (
    ARCHITECTURES,
    SETTABLE,
    BadRecipe,
    architecture_of,
    spec_of,
)
from retraining.ml.training_spec import PAPER, TrainingSpec


@pytest.mark.parametrize("code", ARCHITECTURES)
def test_every_architecture_has_a_head_and_a_default_recipe(code):
    found = architecture_of(code)
    assert found.head in HEADS
    assert found.recipes["default"].architecture == found.head
    assert (found.lane == "slow") == bool(found.backbone)


@pytest.mark.parametrize("code", [c for c, a in ARCHITECTURES.items() if a.backbone])
def test_every_network_has_a_backbone(code):
    assert EXTRACTORS[architecture_of(code).backbone].travels


def test_an_unknown_architecture_is_named():
    with pytest.raises(BadRecipe, match="'vgg-99' is none of covid-xr-c"):
        architecture_of("vgg-99")


def test_what_a_person_set_lies_over_the_recipe():
    spec = spec_of("covid-xr-b", {"epochs": 7, "seed": 3}, classes=3, positive=2)
    assert (spec.architecture, spec.epochs, spec.seed) == ("covid-xr-b", 7, 3)
    assert (spec.classes, spec.positive) == (3, 2)


def test_the_paper_is_a_recipe():
    spec = spec_of("covid-xr-c", {"recipe": "paper"}, classes=2, positive=1)
    assert spec == PAPER


def test_all_that_can_be_set_is_a_field():
    assert {field.name for field in fields(TrainingSpec)} >= SETTABLE


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", 0), ("epochs", 501), ("epochs", 2.5), ("epochs", True), ("epochs", "7"),
        ("batch_size", 1), ("learning_rate", 0), ("learning_rate", float("nan")),
        ("learning_rate", "fast"), ("balance", "fair"), ("balance", None), ("patience", 0),
        ("sensitivity", 1.5), ("sensitivity", 0), ("seed", -1), ("error_rate", 0.9),
        ("optimizer", "sgd"), ("threads", 8), ("recipe", "best"), ("nonsense", 1),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(name, value):
    with pytest.raises(BadRecipe, match=name):
        spec_of("covid-xr-c", {name: value}, classes=2, positive=1)


@pytest.mark.parametrize("name", ["patience", "sensitivity", "error_rate"])
def test_what_may_be_nothing(name):
    spec = spec_of("covid-xr-c", {name: None}, classes=2, positive=1)
    assert getattr(spec, name) is None
