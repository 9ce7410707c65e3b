"""Rows in every state, for a radiograph of the named cast."""

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from core.jobs import JobStatus
from images.models import Radiograph, Target
from inference import services
from inference.ml.explain import overlay_png
from inference.models import DeployedModel, Explanation, Prediction
from tests.engines import LIMITS, METRICS, make_artifact, small_engine  # noqa: F401  (fixtures)
from tests.factories import UserFactory, make_radiograph
from tests.networks import on_shared, own_network, shared_weights  # noqa: F401  (fixtures)


@pytest.fixture
def target(db: None) -> Target:
    return Target.objects.get(code="covid-19")


@pytest.fixture
def model(target, make_artifact) -> DeployedModel:  # noqa: F811
    """A model that is live for COVID-19, its artifact in place."""
    return services.activate(target=target, artifact_dir=make_artifact("1"), by=None, reason="test")


@pytest.fixture
def paper_model(target) -> DeployedModel:
    """A model's row without files, for what never runs it."""
    return DeployedModel.objects.create(
        target=target, version="1.0", threshold=0.5, metrics=METRICS, limits=list(LIMITS)
    )


@pytest.fixture
def radiograph(site, health_worker) -> Radiograph:
    return make_radiograph(site=site, uploader=health_worker, seed=1)


@pytest.fixture
def predicted(target):
    """`predicted(radiograph, probability, model) -> Prediction` that is done."""

    def make(radiograph: Radiograph, probability: float, model: DeployedModel) -> Prediction:
        code = "covid-19" if probability >= model.threshold else "no-covid-19"
        return Prediction.objects.create(
            radiograph=radiograph, target=target, status=JobStatus.DONE, model=model,
            predicted_class=target.classes.get(code=code), probability=probability,
        )  # fmt: skip

    return make


@pytest.fixture
def failed(target):
    def make(radiograph: Radiograph, code: str = "storage") -> Prediction:
        return Prediction.objects.create(
            radiograph=radiograph, target=target, status=JobStatus.FAILED, error_code=code
        )

    return make


@pytest.fixture
def drawn():
    """`drawn(prediction, method) -> Explanation` that is done, its picture in place."""

    def make(prediction: Prediction, method: str = "grad-cam", **facts) -> Explanation:
        picture = ContentFile(overlay_png(np.eye(7, dtype=np.float32)), name="map.png")
        row = {"status": JobStatus.DONE, "finished_at": timezone.now(), "overlay": picture}
        return Explanation.objects.create(prediction=prediction, method=method, **(row | facts))

    return make


@pytest.fixture
def rung(monkeypatch) -> list[str]:
    """Names of the tasks that were rung for, instead of a broker."""
    names: list[str] = []

    def note(task) -> bool:
        names.append(task.name)
        return True

    monkeypatch.setattr("inference.services.queue.ring", note)
    monkeypatch.setattr("inference.services.explain.ring", note)
    monkeypatch.setattr("inference.tasks.predict.ring", note)
    return names


@pytest.fixture
def queued(model, site):
    """`queued(n)`: one person's radiographs of the seeds 0 to n - 1, their predictions in order."""

    def queue(count: int) -> list[Prediction]:
        uploader = UserFactory(site=site)
        for seed in range(count):
            make_radiograph(uploader=uploader, seed=seed)
        return list(Prediction.objects.order_by("created_at"))

    return queue
