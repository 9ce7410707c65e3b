"""What decides the training split of a radiograph: its patient, and the patients whose radiographs
are copies of one another.

A patient's `split_key` is fixed at first sight. Patients that a merge or a copy joins take over the
key of the one seen first, so that all of them land in one split, and `former_split_keys` remembers
what they had: under some salt an old key may have meant training. Whoever divides (retraining) asks
for all keys and never tests with a group of which one key ever was in training
(`retraining.ml.split.split_of_joined`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from images.copies.unions import components
from images.models import Patient, Radiograph


@dataclass(frozen=True)
class SplitGroup:
    """`key` (hex) names the group; `keys` are all that its parts ever had, `key` first."""

    key: str
    keys: tuple[str, ...]


def split_group(radiograph: Radiograph) -> str:
    """Key (hex) of the patients joined with the radiograph's: the split key of the oldest."""
    return group_of(radiograph).key


def group_of(radiograph: Radiograph) -> SplitGroup:
    return _group(Patient.objects.filter(pk__in=joined_patients({radiograph.patient_id})))


def joined_patients(patients: Iterable[UUID]) -> set[UUID]:
    """These patients, all whose radiographs are copies of theirs, and so on. The trash counts."""
    reached, fresh = set(patients), set(patients)
    seen: set[UUID] = set()
    rows = Radiograph.objects.order_by()
    while fresh:
        own = rows.filter(patient__in=fresh, copy_group__isnull=False)
        groups = {group for group in own.values_list("copy_group", flat=True) if group} - seen
        seen |= groups
        members = rows.filter(copy_group__in=groups).values_list("patient", flat=True)
        fresh = set(members) - reached
        reached |= fresh
    return reached


def split_groups() -> dict[UUID, SplitGroup]:
    """The group of every patient that copies join to another one; for whole data sets.

    All other patients are groups of their own: `group_of_patient`.
    """
    grouped = Radiograph.objects.order_by().filter(copy_group__isnull=False)
    pairs = grouped.values_list("patient", "copy_group").distinct()
    # A patient and a group of copies are never equal: both are random UUIDs.
    joined = components((patient, group) for patient, group in pairs if group)
    found = Patient.objects.in_bulk([key for each in joined for key in each])
    result: dict[UUID, SplitGroup] = {}
    for each in joined:
        members = [found[key] for key in each if key in found]
        if len(members) > 1:
            result |= dict.fromkeys((member.pk for member in members), _group(members))
    return result


def group_of_patient(patient: Patient) -> SplitGroup:
    """Of a patient whom no copy joins to another one."""
    return _group([patient])


def inherit_oldest(patients: Iterable[UUID]) -> None:
    """Let these patients have the key of the one seen first, as a merge does.

    Without this, deleting the oldest would move the others. Runs inside the caller's transaction.
    """
    ordered = Patient.objects.select_for_update().filter(pk__in=set(patients)).order_by("pk")
    rows = sorted(ordered, key=lambda patient: (patient.created_at, patient.pk))
    for row in rows[1:]:
        take_key(row, rows[0])


def take_key(heir: Patient, older: Patient) -> None:
    """`heir` gets the key of `older`, and both remember the keys of both."""
    keys = _group([older, heir]).keys
    for patient in (older, heir):
        patient.split_key = older.split_key
        patient.former_split_keys = list(keys[1:])
        patient.save(update_fields=["split_key", "former_split_keys", "updated_at"])


def _group(patients: Iterable[Patient]) -> SplitGroup:
    oldest_first = sorted(patients, key=lambda patient: (patient.created_at, patient.pk))
    keys = [patient.split_key.hex for patient in oldest_first]
    keys += [key for patient in oldest_first for key in patient.former_split_keys]
    return SplitGroup(keys[0], tuple(dict.fromkeys(keys)))
