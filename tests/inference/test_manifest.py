"""A manifest is believed only when it is complete, typed and possible."""

import json

import pytest

from inference.ml.errors import ArtifactRefused
from inference.ml.manifest import Manifest
from tests.engines import manifest_of


def text_with(**changes):
    return json.dumps(json.loads(manifest_of("1").to_json()) | changes)


def test_it_survives_the_way_through_json():
    manifest = manifest_of("1")
    assert Manifest.from_json(manifest.to_json()) == manifest


def test_spanish_is_written_as_it_is_read():
    limits = ({"es": "No es un diagnóstico.", "en": "Not a diagnosis."},)
    assert "diagnóstico" in manifest_of("1", limits=limits).to_json()


@pytest.mark.parametrize(
    "text", ["", "[]", "null", "{", '{"threshold": NaN}', "[" * 100_000], ids=lambda t: t[:9]
)
def test_what_is_no_json_object_is_refused(text):
    with pytest.raises(ArtifactRefused):
        Manifest.from_json(text)


@pytest.mark.parametrize("version", [0, 2, "1", None, True])
def test_an_unknown_format_is_refused(version):
    with pytest.raises(ArtifactRefused, match="format"):
        Manifest.from_json(text_with(format_version=version))


def test_missing_and_unknown_keys_are_named():
    content = json.loads(text_with(colour="red"))
    del content["threshold"]
    with pytest.raises(ArtifactRefused, match="colour, threshold"):
        Manifest.from_json(json.dumps(content))


@pytest.mark.parametrize(
    "changes",
    [
        {"target": 5},
        {"threshold": "0.5"},
        {"threshold": True},
        {"threshold": None},
        {"metrics": []},
        {"classes": "ab"},
        {"classes": [1, 2]},
        {"classes": [["a"], ["b"]]},
        {"classes": ["covid-19"]},
        {"classes": ["covid-19", "covid-19"]},
        {"positive": "plague"},
        {"threshold": 1.01},
        {"threshold": -0.01},
        {"temperature": 0.0},
        {"temperature": 10**400},
        {"limits": ["text"]},
        {"limits": [{"en": "only English"}]},
        {"limits": [{"en": 1, "es": 2}]},
    ],
    ids=lambda changes: str(changes)[:40],
)
def test_wrong_or_impossible_facts_are_refused(changes):
    with pytest.raises(ArtifactRefused):
        Manifest.from_json(text_with(**changes))


def test_nan_metrics_are_not_written():
    with pytest.raises(ValueError):
        manifest_of("1", metrics={"auc": float("nan")}).to_json()
