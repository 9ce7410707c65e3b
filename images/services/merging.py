"""Two codes, one person: the radiographs of one patient become those of another.

Training split: the merged patient lands wholly in one split, that of the one seen first. Both keys
stay known (`PatientMerge`, `Patient.former_split_keys`), so that a merge of a patient that models
were trained on with one that they were tested on never brings the former into a test
(images.services.splits, retraining.ml.split.split_of_joined). Patients whom copies had joined to
either one learn the keys too: they belong together also when what joins them is deleted.

Withdrawn consent: where one of the two withdrew it, it is withdrawn for the merged patient.
"""

from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils import timezone

from accounts.audit import Deed
from accounts.models import User
from images.audited import note_patient
from images.errors import Refused
from images.models import Patient, PatientMerge, Radiograph, Sex
from images.services.copies import alone
from images.services.identities import settle_day
from images.services.splits import joined_patients, locked, share_keys


@dataclass(frozen=True)
class Preview:
    """What a merge would do. `days`: on which both have radiographs, to look at before."""

    kept: Patient
    absorbed: Patient
    moving: int
    days: list[date]

    @property
    def sexes_differ(self) -> bool:
        return bool(self.kept.sex and self.absorbed.sex and self.kept.sex != self.absorbed.sex)

    @property
    def withdraws_consent(self) -> bool:
        """True where the consent of all radiographs becomes withdrawn by this merge."""
        both = [self.kept.consent_withdrawn_at, self.absorbed.consent_withdrawn_at]
        return any(both) and not all(both)


def preview(*, kept: Patient, absorbed: Patient) -> Preview:
    """Look before a merge. Raises Refused("same-patient" | "other-site")."""
    _refuse_impossible(kept, absorbed)
    moving = absorbed.radiographs.count()
    return Preview(kept, absorbed, moving, sorted(_days_of(kept) & _days_of(absorbed)))


@transaction.atomic
def merge_patients(
    *, kept: Patient, absorbed: Patient, merged_by: User, sex: str = ""
) -> PatientMerge:
    """Move radiographs and identities of `absorbed` to `kept`; `absorbed` is gone afterwards.

    Its code goes on to mean `kept` (`settled`, search). An unknown sex is filled in; `sex` decides
    between two. An upload for either that is under way ends before or after, never half. Raises
    Refused("same-patient" | "other-site" | "other-sex" | "patient-gone").
    """
    _refuse_impossible(kept, absorbed)
    alone()
    kept, absorbed, *others = _locked(kept, absorbed)
    merge = PatientMerge(
        site_id=kept.site_id, kept=kept, absorbed_key=absorbed.pk, absorbed_code=absorbed.code,
        kept_split_key=kept.split_key, absorbed_split_key=absorbed.split_key, merged_by=merged_by,
    )  # fmt: skip
    merge.radiographs = _move_radiographs(kept, absorbed)
    absorbed.identities.update(patient=kept, updated_at=timezone.now())
    # Codes that once were absorbed by the absorbed one follow it.
    absorbed.merges.update(kept=kept)
    _inherit(kept, absorbed, others, sex)
    merge.save(force_insert=True)
    _note(merge, kept, absorbed)
    absorbed.delete()
    return merge


def _note(merge: PatientMerge, kept: Patient, absorbed: Patient) -> None:
    told = {"absorbed": str(absorbed.pk), "radiographs": len(merge.radiographs)}
    note_patient(Deed.CHANGED, kept, merge.merged_by, after=told)
    note_patient(Deed.REMOVED, absorbed, merge.merged_by, after={"merged_into": str(kept.pk)})


def _refuse_impossible(kept: Patient, absorbed: Patient) -> None:
    if kept.pk == absorbed.pk:
        raise Refused("same-patient")
    if kept.site_id != absorbed.site_id:
        raise Refused("other-site")


def _locked(kept: Patient, absorbed: Patient) -> list[Patient]:
    """Both as they are now, and behind them all whom copies join to either one."""
    rows = {row.pk: row for row in locked(joined_patients({kept.pk, absorbed.pk}))}
    if not {kept.pk, absorbed.pk} <= rows.keys():
        raise Refused("patient-gone")
    return [rows.pop(kept.pk), rows.pop(absorbed.pk), *rows.values()]


def _move_radiographs(kept: Patient, absorbed: Patient) -> list[str]:
    """Returns the ids. Days of DICOM headers were moved by an amount of each patient's own."""
    moved = Radiograph.objects.filter(patient=absorbed)
    keys = [str(key) for key in moved.order_by("created_at", "pk").values_list("pk", flat=True)]
    for radiograph in moved.filter(date_is_shifted=True):
        radiograph.patient = kept
        settle_day(radiograph, typed=False, before=absorbed)
        radiograph.save(update_fields=["acquired_on", "date_is_shifted"])
    moved.update(patient=kept, updated_at=timezone.now())
    return keys


def _inherit(kept: Patient, absorbed: Patient, others: list[Patient], sex: str) -> None:
    kept.sex = _sex_of_both(kept, absorbed, sex)
    if kept.consent_withdrawn_at is None:
        kept.consent_withdrawn_at = absorbed.consent_withdrawn_at
        kept.consent_withdrawn_by_id = absorbed.consent_withdrawn_by_id
    share_keys([kept, absorbed, *others])
    # The first sight of the person, which a later merge asks for.
    kept.created_at = min(kept.created_at, absorbed.created_at)
    kept.save()


def _sex_of_both(kept: Patient, absorbed: Patient, chosen: str) -> str:
    if chosen in Sex.values:
        return chosen
    if kept.sex and absorbed.sex and kept.sex != absorbed.sex:
        raise Refused("other-sex-in-merge")
    return kept.sex or absorbed.sex


def _days_of(patient: Patient) -> set[date]:
    days = patient.radiographs.filter(acquired_on__isnull=False)
    return {day for day in days.values_list("acquired_on", flat=True) if day}
