"""A patient's radiographs as studies: what one visit brought, newest first."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Coalesce, TruncDate

from images.models import Patient, Radiograph
from images.models.radiograph import RadiographQuerySet


@dataclass
class Study:
    """`day` is that of the study, or of its upload where that is unknown."""

    day: date
    radiographs: list[Radiograph] = field(default_factory=list)


def in_order_of_days(radiographs: RadiographQuerySet) -> RadiographQuerySet:
    """Newest day first, that of the upload where the other is unknown."""
    day = Coalesce("acquired_on", TruncDate("created_at"))
    return radiographs.order_by(day.desc(), "-created_at", "-pk")


def studies(radiographs: Iterable[Radiograph]) -> list[Study]:
    """Grouped by the study of the DICOM header, else by day; in the order in which they come."""
    found: dict[str, Study] = {}
    for radiograph in radiographs:
        key = _key(radiograph.study_uid, radiograph.dated_on)
        study = found.setdefault(key, Study(radiograph.dated_on))
        study.radiographs.append(radiograph)
    return list(found.values())


def counts(patients: Iterable[Patient]) -> dict[UUID, int]:
    """Studies of each patient, the trash left out, by one query."""
    rows: QuerySet[Radiograph] = Radiograph.objects.kept().filter(patient__in=list(patients))
    keys: dict[UUID, set[str]] = {}
    facts = ("pk", "patient_id", "study_uid", "acquired_on", "created_at")
    for row in rows.order_by().only(*facts):
        keys.setdefault(row.patient_id, set()).add(_key(row.study_uid, row.dated_on))
    return {patient: len(studies) for patient, studies in keys.items()}


def _key(study_uid: str, day: date) -> str:
    return study_uid or day.isoformat()
