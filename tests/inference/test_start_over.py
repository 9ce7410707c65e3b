"""A part of the picture was covered: what the old pixels gave is gone, the model is asked anew."""

import numpy as np
import pytest
from django.core.files.storage import default_storage

from core.jobs import JobStatus
from images.models import Radiograph
from images.services import cover
from inference import features, inputs
from inference.features import FeatureKey
from inference.models import Explanation, Prediction
from inference.services.replaced import PIXELS_REPLACED

BOXES = [[10, 10, 20, 20]]


@pytest.fixture(autouse=True)
def _asked(request):
    """`radiograph` is stored after the model is live, so that a prediction of it waits."""
    if "model" in request.fixturenames:
        request.getfixturevalue("model")


@pytest.fixture
def covering(radiograph, doctor, rung, django_capture_on_commit_callbacks):
    """Cover a part of `radiograph`, with all that waits for the commit."""

    def run() -> Radiograph:
        with django_capture_on_commit_callbacks(execute=True):
            cover(radiograph=radiograph, boxes=BOXES, by=doctor)
        return Radiograph.objects.get(pk=radiograph.pk)

    return run


def of(radiograph, status):
    return Prediction.objects.filter(radiograph=radiograph, status=status)


def test_answers_are_void_and_asked_for_again(radiograph, model, predicted, covering, rung):
    Prediction.objects.all().delete()
    old = predicted(radiograph, 0.9, model)
    covering()
    old.refresh_from_db()
    assert (old.status, old.error_code) == (JobStatus.CANCELLED, PIXELS_REPLACED)
    assert of(radiograph, JobStatus.QUEUED).count() == 1
    assert rung


def test_failures_of_the_old_picture_are_void(radiograph, model, failed, covering):
    Prediction.objects.all().delete()
    failed(radiograph)
    covering()
    assert not of(radiograph, JobStatus.FAILED).exists()


def test_a_worker_that_holds_the_old_picture_writes_nothing(radiograph, model, covering):
    old = Prediction.objects.get(radiograph=radiograph)
    owner = Prediction.objects.claim(old.pk)
    covering()
    assert not Prediction.objects.finish(owner, probability=0.9)
    assert of(radiograph, JobStatus.QUEUED).exclude(pk=old.pk).count() == 1


def test_heat_maps_go_with_their_pictures(radiograph, model, predicted, drawn, covering):
    Prediction.objects.all().delete()
    name = drawn(predicted(radiograph, 0.9, model)).overlay.name
    covering()
    assert not Explanation.objects.exists()
    assert not default_storage.exists(name)


def test_features_of_the_old_pixels_are_wiped(radiograph, covering):
    key = FeatureKey(radiograph.pixel_sha256, "vgg16", "xr-224-1")
    features.keep_many({key: np.ones(25088, np.float16)})
    covering()
    assert features.read(key) is None


def test_the_network_sees_the_new_pixels(radiograph, covering):
    now = covering()
    handed = inputs.input_of(now).grey
    inputs.forget([now.pk])
    assert np.array_equal(handed, inputs.input_of(now).grey)


def test_without_a_model_nothing_is_asked(radiograph, covering):
    covering()
    assert not Prediction.objects.exists()
