"""Makers of reader studies for tests."""

from typing import Any

from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from core.jobs import JobStatus
from images.models import Radiograph, Target
from inference.models import DeployedModel, Prediction
from reading.choosing import Ticked
from reading.models import ListCase, RadiologicalReading, ReadingList
from reading.services.studies import create_study
from tests import factories

WORDS = {
    "n": "normal", "c": "covid-19", "v": "viral-pneumonia", "b": "bacterial-pneumonia",
    "o": "other", "x": "not-readable", "-": "",
}  # fmt: skip


def doctor_of(site, name: str) -> User:
    return factories.UserFactory(full_name=name, role=Role.DOCTOR, site=site)


def films_of(site, results: str, first_seed: int = 100) -> list[Radiograph]:
    """One real radiograph of an own patient for each letter: p, n, or - without a test."""
    words = {"p": "positive", "n": "negative", "-": ""}
    return [
        factories.make_radiograph(
            site=site, seed=first_seed + place, patient_code=f"SECRET-{first_seed + place}",
            rt_pcr=words[letter],
        )
        for place, letter in enumerate(results)
    ]  # fmt: skip


def study_of(manager: User, films, readers, adjudicator=None, **rules: Any) -> ReadingList:
    facts = {"name": "Two doctors", "purpose": "How far they agree", "seed": 7} | rules
    return create_study(
        by=manager, site=films[0].site, asked=Ticked([film.pk for film in films]),
        readers=readers, adjudicator=adjudicator, **facts,
    )  # fmt: skip


def cases_of(study: ReadingList, films) -> list[ListCase]:
    """The study's cases in the order of `films`, whatever their places."""
    by_film = {case.radiograph_id: case for case in study.cases.all()}
    return [by_film[film.pk] for film in films]


def read(case: ListCase, reader: User, letter: str, **facts: Any) -> RadiologicalReading | None:
    """A current reading, as rows: the figures do not ask how it came."""
    if not WORDS[letter]:
        return None
    return RadiologicalReading.objects.create(
        case=case, radiograph_id=case.radiograph_id, reader=reader, finding=WORDS[letter], **facts
    )


def model_of(version: str = "1.0") -> DeployedModel:
    target = Target.objects.get(code="covid-19")
    return DeployedModel.objects.create(target=target, version=version, threshold=0.5)


def predict(film: Radiograph, model: DeployedModel, probability: float | None) -> Prediction:
    """A done prediction, or a failed one for None."""
    facts: dict[str, Any] = {"status": JobStatus.FAILED, "error_code": "storage"}
    if probability is not None:
        code = "covid-19" if probability >= model.threshold else "no-covid-19"
        predicted = model.target.classes.get(code=code)
        facts = {"status": JobStatus.DONE, "model": model, "predicted_class": predicted}
        facts["probability"] = probability
    return Prediction.objects.create(
        radiograph=film, target=model.target, finished_at=timezone.now(), **facts
    )
