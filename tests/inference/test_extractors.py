"""The registry of extractors: what is served stays what it was, and each name means one thing."""

import pytest

from inference.ml.extractor import EXTRACTORS, SHARED, VGG16_BLOCK5, spec_of, travelling


def test_vgg16_is_what_cached_features_were_made_with():
    assert (VGG16_BLOCK5.code, VGG16_BLOCK5.shape) == ("vgg16-block5", (512, 7, 7))
    assert VGG16_BLOCK5.preprocessing_version == "xr-224-1"
    assert VGG16_BLOCK5.weights_sha256.startswith("560ddafd")
    assert EXTRACTORS["vgg16-block5"] == VGG16_BLOCK5


def test_those_of_the_issue_are_all_there():
    assert set(SHARED) == {
        "vgg16-block5", "vgg19-block5", "resnet-50", "inception-v3", "mobilenet-v2",
        "mobilenet-v3-large", "densenet-121", "densenet-169",
    }  # fmt: skip
    assert set(EXTRACTORS) - set(SHARED) == {"alexnet-grey", "cnn-64", "vgg16-fine-tuned"}


def test_one_preprocessing_version_stands_for_one_way_to_prepare():
    ways = {}
    for spec in EXTRACTORS.values():
        way = spec.side, spec.channels, spec.normalisation
        assert ways.setdefault(spec.preprocessing_version, way) == way
    assert len(set(ways.values())) == len(ways)


def test_names_fit_the_columns_of_the_database():
    for spec in EXTRACTORS.values():
        assert len(spec.code) + 13 <= 40
        assert len(spec.preprocessing_version) <= 40


def test_a_network_of_a_model_is_named_by_its_weights():
    spec = travelling("cnn-64", "ab" * 32)
    assert (spec.code, spec.weights_sha256) == ("cnn-64@abababababab", "ab" * 32)
    assert spec_of(spec.code).shape == EXTRACTORS["cnn-64"].shape


def test_a_shared_extractor_travels_with_no_model():
    with pytest.raises(ValueError, match="shared"):
        travelling("resnet-50", "ab" * 32)


@pytest.mark.parametrize("name", ["vgg99", "", "resnet-50@abababababab", "cnn-64", "@ab"])
def test_names_that_mean_nothing_have_no_spec(name):
    assert spec_of(name) is None


@pytest.mark.parametrize(
    ("code", "has_places"), [("vgg19-block5", True), ("resnet-50", False), ("cnn-64", False)]
)
def test_pooled_features_keep_no_places(code, has_places):
    assert EXTRACTORS[code].has_places is has_places
