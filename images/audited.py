"""What this room tells the record of deeds: keys and facts, never who a patient is."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from django.db.models import Count

from accounts.audit import Deed, differing, note, note_sight
from accounts.models import User
from images.models import Export, Patient, Radiograph
from images.models.radiograph import RadiographQuerySet


def saw(radiograph: Radiograph, by: User) -> None:
    """One look for the page and all pictures of a radiograph, if they follow one another."""
    note_sight(
        actor=by, subject="radiograph", subject_id=radiograph.pk, site=radiograph.site_id,
        patient_id=radiograph.patient_id,
    )  # fmt: skip


def saw_patient(patient: Patient, by: User) -> None:
    note_sight(
        actor=by, subject="patient", subject_id=patient.pk, site=patient.site_id,
        patient_id=patient.pk,
    )  # fmt: skip


def note_radiograph(
    deed: Deed,
    radiograph: Radiograph,
    by: User | None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    subject: str = "radiograph",
) -> None:
    note(
        actor=by, deed=deed, subject=subject, subject_id=radiograph.pk, site=radiograph.site_id,
        patient_id=radiograph.patient_id, before=before, after=after,
    )  # fmt: skip


def note_patient(
    deed: Deed,
    patient: Patient,
    by: User | None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    subject: str = "patient",
) -> None:
    note(
        actor=by, deed=deed, subject=subject, subject_id=patient.pk, site=patient.site_id,
        patient_id=patient.pk, before=before, after=after,
    )  # fmt: skip


def facts_of(radiograph: Radiograph) -> dict[str, Any]:
    """What a person may correct, as the record of deeds may know it.

    A day of a DICOM header was moved by a secret of the patient, which a moved day beside the true
    one would tell: it is "moved". Of notes, which people write freely, only that there are some.
    """
    day = radiograph.acquired_on.isoformat() if radiograph.acquired_on else ""
    return {
        "patient": str(radiograph.patient_id),
        "sex": radiograph.patient.sex,
        "view": radiograph.view,
        "acquired_on": "moved" if day and radiograph.date_is_shifted else day,
        "age_years": radiograph.age_years,
        "source": radiograph.source,
    }


def note_edit(
    radiograph: Radiograph, by: User | None, before: Mapping[str, Any], *, notes_differ: bool
) -> None:
    """Record which facts are others than `before`; nothing where none is."""
    old, new = differing(before, facts_of(radiograph))
    if notes_differ:
        new["notes"] = "changed"
    if not new:
        return
    note_radiograph(Deed.CHANGED, radiograph, by, old, new)
    if "patient" in old:
        note(
            actor=by, deed=Deed.CHANGED, subject="patient", subject_id=UUID(old["patient"]),
            site=radiograph.site_id, patient_id=UUID(old["patient"]),
            after={"radiograph_left": str(radiograph.pk), "patient": new["patient"]},
        )  # fmt: skip


def note_export(export: Export, cases: RadiographQuerySet) -> None:
    """One row for each institution whose cases leave: how many, and by which filters.

    Of the filters the names alone: what was searched for may be a patient's code.
    """
    told = {
        "kind": export.kind,
        "filters": sorted({name for name, _value in parse_qsl(export.query)}),
    }
    sites = dict(cases.order_by().values_list("site").annotate(number=Count("pk", distinct=True)))
    for site, number in (sites or {export.owner.site_id: 0}).items():
        note(
            actor=export.owner, deed=Deed.EXPORTED, subject="export", subject_id=export.pk,
            site=site, after={**told, "cases": number},
        )  # fmt: skip


def note_download(export: Export, by: User) -> None:
    """An archive that was written before is fetched; its parts are one download."""
    note_sight(
        actor=by, deed=Deed.EXPORTED, subject="archive", subject_id=export.pk, site=by.site_id,
        patient_id=None, after={"kind": export.kind, "cases": export.cases},
    )  # fmt: skip
