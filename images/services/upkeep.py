"""Corrections of the facts beside the pixels, and the two steps out: the trash, then for good."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db import transaction
from django.utils import timezone

from accounts.audit import Deed
from accounts.models import User
from images.audited import facts_of, note_edit, note_radiograph
from images.errors import Refused
from images.models import Radiograph
from images.models.radiograph import RadiographStatus
from images.quotas import count_deleted
from images.services.files import remove_files
from images.services.identities import settle_day
from images.services.patients import forget_if_unused, kept_age, patient_of, settled
from images.services.quarantine import forget_sources
from images.signals import images_ready

IS_KEPT: Final = {"status": RadiographStatus.KEPT.value}
IS_TRASHED: Final = {"status": RadiographStatus.TRASHED.value}


@dataclass(frozen=True)
class Changes:
    """All facts of a radiograph that a person may correct, as they shall be afterwards."""

    patient_code: str
    sex: str
    view: str
    acquired_on: date | None
    age_years: int | None
    source: str
    notes: str


@transaction.atomic
def edit(*, radiograph: Radiograph, changes: Changes, by: User | None = None) -> None:
    """Correct the facts; another patient code moves the radiograph to that patient.

    Raises Refused for a date to come, a bad code, or a sex that another patient contradicts.
    """
    if changes.acquired_on and changes.acquired_on > timezone.localdate():
        raise Refused("film-in-future")
    before, facts = radiograph.patient, facts_of(radiograph)
    notes_differ = changes.notes != radiograph.notes
    named = patient_of(site=radiograph.site, code=changes.patient_code, sex=changes.sex)
    if named.code == before.code:
        before.sex = changes.sex
        before.save(update_fields=["sex", "updated_at"])
    else:
        radiograph.patient = settled(named)
    typed_day = changes.acquired_on != radiograph.acquired_on
    for name in ("view", "acquired_on", "source", "notes"):
        setattr(radiograph, name, getattr(changes, name))
    radiograph.age_years = kept_age(changes.age_years)
    settle_day(radiograph, typed=typed_day, before=before)
    radiograph.save(
        update_fields=[
            "patient", "view", "acquired_on", "date_is_shifted", "source", "notes", "age_years",
            "updated_at",
        ]
    )  # fmt: skip
    note_edit(radiograph, by, facts, notes_differ=notes_differ)
    forget_if_unused(before)


@transaction.atomic
def trash(*, radiograph: Radiograph, by: User) -> bool:
    """Put away, to be restored or deleted later; False when it already was in the trash."""
    now = timezone.now()
    moved = (
        Radiograph.objects.kept()
        .filter(pk=radiograph.pk)
        .update(
            status=RadiographStatus.TRASHED, trashed_at=now, trashed_by=by, updated_at=now,
        )
    )  # fmt: skip
    if moved:
        note_radiograph(Deed.CHANGED, radiograph, by, IS_KEPT, IS_TRASHED)
    return bool(moved)


@transaction.atomic
def restore(*, radiograph: Radiograph, by: User | None = None) -> bool:
    """Take out of the trash and announce it by `images_ready`; False when it was not there."""
    moved = (
        Radiograph.objects.trashed()
        .filter(pk=radiograph.pk)
        .update(
            status=RadiographStatus.KEPT, trashed_at=None, trashed_by=None,
            updated_at=timezone.now(),
        )
    )  # fmt: skip
    if moved:
        radiograph.refresh_from_db()
        note_radiograph(Deed.CHANGED, radiograph, by, IS_TRASHED, IS_KEPT)
        images_ready.send(sender=Radiograph, radiographs=[radiograph], pixels={})
    return bool(moved)


@transaction.atomic
def delete_for_good(*, radiograph: Radiograph, by: User | None = None) -> bool:
    """Delete the row, its ground truth, predictions and files; only from the trash.

    The files go after the commit, so that a failed one loses nothing. Its patient goes too when
    this was the last radiograph. Returns False when it was not in the trash (any more).
    """
    locked = Radiograph.objects.trashed().select_for_update().filter(pk=radiograph.pk).first()
    if locked is None:
        return False
    patient = locked.patient
    files = Radiograph(file=locked.file.name, thumbnail=locked.thumbnail.name)
    forget_sources(Radiograph.objects.filter(pk=locked.pk))
    count_deleted(locked)
    note_radiograph(Deed.REMOVED, locked, by, IS_TRASHED)
    locked.delete()
    forget_if_unused(patient)
    transaction.on_commit(lambda: remove_files(files))
    return True
