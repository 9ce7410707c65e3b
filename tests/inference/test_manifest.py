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


@pytest.mark.parametrize("version", [0, 3, "1", None, True, 1.0, [1]])
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


RULE = {"error_rate": 0.1, "quantiles": {"no-covid-19": 0.3, "covid-19": None}}


def test_format_one_is_read_and_written_to_the_letter():
    text = manifest_of("1").to_json()
    assert json.loads(text)["format_version"] == 1
    assert Manifest.from_json(text).to_json() == text


@pytest.mark.parametrize("changes", [{"conformal": RULE}, {"backbone_sha256": "ab" * 32}])
def test_what_format_one_cannot_say_is_format_two(changes):
    manifest = manifest_of("1", **changes)
    assert manifest.format_version == 2
    assert Manifest.from_json(manifest.to_json()) == manifest


def test_format_two_may_leave_both_open():
    text = text_with(format_version=2, conformal=None, backbone_sha256="")
    assert Manifest.from_json(text).to_json() == json.dumps(json.loads(text), indent=2) + "\n"


def test_format_one_with_a_later_fact_is_refused():
    with pytest.raises(ArtifactRefused, match="lacks or adds: conformal"):
        Manifest.from_json(text_with(conformal=RULE))


@pytest.mark.parametrize(
    "changes",
    [
        {"conformal": []},
        {"conformal": {}},
        {"conformal": "no"},
        {"conformal": {"error_rate": 0.1, "quantiles": {"covid-19": 0.3}}},
        {"conformal": RULE | {"error_rate": 2}},
        {"backbone_sha256": 5},
        {"backbone_sha256": None},
    ],
    ids=str,
)
def test_impossible_facts_of_format_two_are_refused(changes):
    later = {"format_version": 2, "conformal": None, "backbone_sha256": ""} | changes
    with pytest.raises(ArtifactRefused):
        Manifest.from_json(text_with(**later))


def test_a_shared_extractor_is_served_by_its_code():
    assert manifest_of("1").served_extractor == "vgg16-block5"
    own = manifest_of("1", extractor="cnn-64", backbone_sha256="ab" * 32)
    assert own.served_extractor == "cnn-64@abababababab"
