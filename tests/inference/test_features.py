"""The cache of feature vectors: read when whole, made again when not, never worth a failure."""

import errno

import numpy as np
import pytest

from core.jobs import JobStatus
from images.services import delete_for_good, trash
from inference import features, services
from inference.features import FeatureKey
from inference.models import FeatureVector, Prediction
from tests.factories import make_radiograph

VECTOR = np.arange(8, dtype=np.float16)
KEY = FeatureKey("ab" * 32, "some-extractor", "some-preprocessing")


@pytest.fixture
def kept(db: None) -> FeatureKey:
    features.keep(KEY, VECTOR)
    return KEY


def test_a_vector_comes_back_as_it_was_kept(kept):
    assert np.array_equal(features.read(kept), VECTOR)


def test_the_place_is_named_by_what_it_depends_on(kept, settings):
    name = "ab" * 32
    place = settings.FEATURES_DIR / "some-extractor" / "some-preprocessing" / "ab" / f"{name}.f16"
    assert place.stat().st_size == 2 * VECTOR.size


@pytest.mark.parametrize("other", ["pixel_sha256", "extractor", "preprocessing"])
def test_another_key_has_no_vector(kept, other):
    facts = {"pixel_sha256": KEY.pixel_sha256, "extractor": KEY.extractor}
    facts |= {"preprocessing": KEY.preprocessing, other: "cd" * 32}
    assert features.read(FeatureKey(**facts)) is None


@pytest.mark.parametrize("damage", [b"", b"\x00" * 16, b"\x00" * 15])
def test_damaged_bytes_are_not_read(kept, damage):
    kept.path.write_bytes(damage)
    assert features.read(kept) is None


def test_a_missing_file_is_made_again(kept):
    kept.path.unlink()
    _, was_cached = features.cached_or_made(kept, lambda: VECTOR)
    assert not was_cached
    assert kept.path.exists()


def test_a_full_disk_costs_the_cache_and_not_the_answer(db, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(features, "write_whole", full)
    vector, _ = features.cached_or_made(KEY, lambda: VECTOR)
    assert np.array_equal(vector, VECTOR)
    assert not FeatureVector.objects.exists()


def predict_again(radiograph) -> Prediction:
    Prediction.objects.all().delete()
    services.request_predictions(radiograph=radiograph)
    services.work_next()
    return Prediction.objects.get()


def test_the_second_prediction_needs_no_network(model, radiograph, small_engine):
    first, second = predict_again(radiograph), predict_again(radiograph)
    assert small_engine.calls == 1
    assert (first.features_were_cached, second.features_were_cached) == (False, True)
    assert first.probability == second.probability


def test_a_damaged_vector_is_made_again_by_the_worker(model, radiograph, small_engine, settings):
    before = predict_again(radiograph).probability
    for file in settings.FEATURES_DIR.rglob("*.f16"):
        file.write_bytes(b"damaged")
    after = predict_again(radiograph)
    assert (after.status, after.probability) == (JobStatus.DONE, before)
    assert small_engine.calls == 2
    assert predict_again(radiograph).features_were_cached


def delete(radiograph, capture):
    trash(radiograph=radiograph, by=radiograph.uploader)
    with capture(execute=True):
        assert delete_for_good(radiograph=radiograph)


def test_a_radiograph_deleted_for_good_takes_its_features_along(
    model, radiograph, small_engine, settings, django_capture_on_commit_callbacks
):
    predict_again(radiograph)
    delete(radiograph, django_capture_on_commit_callbacks)
    assert not FeatureVector.objects.exists()
    assert not list(settings.FEATURES_DIR.rglob("*.f16"))


def test_features_that_another_radiograph_shares_stay(
    model, radiograph, other_site, small_engine, django_capture_on_commit_callbacks
):
    predict_again(radiograph)
    make_radiograph(site=other_site, seed=1)
    delete(radiograph, django_capture_on_commit_callbacks)
    assert FeatureVector.objects.count() == 1
