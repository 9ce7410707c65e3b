"""A model of another installation as its package, and what both ways need."""

import pytest

from retraining import services
from retraining.models import ModelVersion, TrustedKey
from tests.retraining.registry import evaluation_of
from tests.retraining.transfer import packages
from tests.retraining.transfer.offers import export
from tests.retraining.versions import make_version


@pytest.fixture(autouse=True)
def own_data(settings, tmp_path):
    settings.DATA_DIR = tmp_path / "data"


@pytest.fixture(autouse=True)
def rung(monkeypatch):
    names = []
    monkeypatch.setattr(
        "retraining.services.transfer.ring", lambda task: names.append(task.__name__) or True
    )
    return names


@pytest.fixture
def version(covid) -> ModelVersion:
    """With all that an evaluator writes."""
    made = make_version(covid, 1)
    made.evaluation = evaluation_of(covid)
    made.figures = made.evaluation["figures"]
    made.environment = {"libraries": {"torch": "2"}, "code": "0.1"}
    made.save()
    return made


@pytest.fixture
def exported(version, administrator) -> bytes:
    return export(version, administrator)


@pytest.fixture
def foreign(version, administrator, monkeypatch) -> bytes:
    """The package of another installation; its model was never here."""
    packages.as_stranger(monkeypatch)
    content = export(version, administrator)
    packages.forget(version)
    return content


@pytest.fixture
def trusted(administrator) -> TrustedKey:
    return services.trust_key(
        name="Hospital X", public_key=packages.STRANGER_PUBLIC, by=administrator
    )
