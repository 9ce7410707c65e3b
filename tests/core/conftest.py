"""A row under the job contract; predictions are the job rows at hand."""

import pytest

from images.models import Radiograph, Target
from inference.models import Prediction
from tests.factories import PatientFactory, UserFactory


@pytest.fixture
def radiograph(db: None) -> Radiograph:
    """A row without files: the contract is about rows."""
    patient = PatientFactory()
    return Radiograph.objects.create(
        patient=patient, site=patient.site, uploader=UserFactory(site=patient.site),
        width=1, height=1, display_low=0, display_high=1,
    )  # fmt: skip


@pytest.fixture
def job(radiograph: Radiograph) -> Prediction:
    return Prediction.objects.create(
        radiograph=radiograph, target=Target.objects.get(code="covid-19")
    )
