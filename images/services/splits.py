"""What decides the training split of a radiograph: its patient, and the patients whose radiographs
are copies of one another.

Copies are what was found alike (`Radiograph.copy_group`), and equal pixels, now or before a person
covered writing, found or not. Every stored radiograph counts, the trash and what has no result
included: who a picture shows does not hang on what may be done with it. Drawn ones show nobody.

A patient's `split_key` is fixed at first sight. Patients that a merge or a copy joins take over the
key of the one seen first, so that all of them land in one split, and `former_split_keys` remembers
what they had: under some salt an old key may have meant training. Whoever divides (retraining) asks
for all keys and never tests with a group of which one key ever was in training
(`retraining.ml.split.split_of_joined`).
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final
from uuid import UUID

from django.db.models import Count, QuerySet

from images.copies.unions import components
from images.models import Patient, Radiograph, Redaction
from images.models.radiograph import RadiographQuerySet

# The pixels that a picture had until a person covered something in it.
BEFORE: Final = "pixel_sha256_before"


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
    while fresh:
        fresh = (_of_one_group(fresh) | _of_equal_pixels(fresh)) - reached
        reached |= fresh
    return reached


def _of_one_group(patients: Collection[UUID]) -> set[UUID]:
    rows = Radiograph.objects.order_by()
    own = rows.filter(patient__in=patients, copy_group__isnull=False)
    groups = set(own.values_list("copy_group", flat=True))
    return set(rows.filter(copy_group__in=groups).values_list("patient", flat=True))


def _of_equal_pixels(patients: Collection[UUID]) -> set[UUID]:
    now, before = _pictured(), _covered()
    pixels = {
        *now.filter(patient__in=patients).values_list("pixel_sha256", flat=True),
        *before.filter(radiograph__patient__in=patients).values_list(BEFORE, flat=True),
    }
    return {
        *now.filter(pixel_sha256__in=pixels).values_list("patient", flat=True),
        *before.filter(pixel_sha256_before__in=pixels).values_list(
            "radiograph__patient", flat=True
        ),
    }


def shared_pixels(pixels: Collection[str]) -> set[str]:
    """Those of `pixels` (SHA-256) that two radiographs have, or one had until it was covered."""
    now = _twice(_pictured().filter(pixel_sha256__in=pixels))
    return {*now, *_covered().filter(pixel_sha256_before__in=pixels).values_list(BEFORE, flat=True)}


def split_groups() -> dict[UUID, SplitGroup]:
    """The group of every patient that copies join to another one; for whole data sets.

    All other patients are groups of their own: `group_of_patient`.
    """
    grouped = Radiograph.objects.order_by().filter(copy_group__isnull=False)
    pairs = grouped.values_list("patient", "copy_group").distinct()
    # No two are equal that mean different things: random UUIDs, and hashes.
    joined = components(chain(((one, group) for one, group in pairs if group), _equal_pixels()))
    keys = [key for each in joined for key in each if isinstance(key, UUID)]
    found = Patient.objects.in_bulk(keys)
    result: dict[UUID, SplitGroup] = {}
    for each in joined:
        members = [found[key] for key in each if key in found]
        if len(members) > 1:
            result |= dict.fromkeys((member.pk for member in members), _group(members))
    return result


def _equal_pixels() -> Iterator[tuple[UUID, str]]:
    """Patients and the pixels (SHA-256) that they share with others, or that were covered."""
    pictured, covered = _pictured(), _covered()
    for shared in (_twice(Radiograph.objects.order_by()), covered.values(BEFORE)):
        yield from pictured.filter(pixel_sha256__in=shared).values_list("patient", "pixel_sha256")
    yield from covered.values_list("radiograph__patient", BEFORE)


def _pictured() -> RadiographQuerySet:
    return Radiograph.objects.order_by().filter(is_synthetic=False)


def _covered() -> QuerySet[Redaction]:
    return Redaction.objects.order_by().filter(radiograph__is_synthetic=False)


def _twice(rows: RadiographQuerySet) -> QuerySet[Radiograph, str]:
    """Pixels that several of the radiographs have; from an index where nothing else is asked."""
    counted = rows.values("pixel_sha256").annotate(films=Count("*")).filter(films__gt=1)
    return counted.values_list("pixel_sha256", flat=True)


def group_of_patient(patient: Patient) -> SplitGroup:
    """Of a patient whom no copy joins to another one."""
    return _group([patient])


def inherit_oldest(patients: Iterable[UUID]) -> None:
    """Let these patients have the key of the one seen first, as a merge does.

    Without this, deleting the oldest would move the others. Runs inside the caller's transaction.
    """
    share_keys(locked(patients))


def locked(patients: Iterable[UUID]) -> list[Patient]:
    """Rows as they are now, locked in the order of their keys, as whoever locks several does."""
    rows = Patient.objects.select_for_update().filter(pk__in=set(patients))
    return list(rows.order_by("pk"))


def share_keys(patients: Collection[Patient]) -> None:
    """All get the key of the oldest, and each remembers the keys of all: whoever is deleted later,
    what was known of the others stays known."""
    first, *others = _group(patients).keys
    for patient in patients:
        patient.split_key = UUID(first)
        patient.former_split_keys = others
        patient.save(update_fields=["split_key", "former_split_keys", "updated_at"])


def _group(patients: Iterable[Patient]) -> SplitGroup:
    oldest_first = sorted(patients, key=lambda patient: (patient.created_at, patient.pk))
    keys = [patient.split_key.hex for patient in oldest_first]
    keys += [key for patient in oldest_first for key in patient.former_split_keys]
    return SplitGroup(keys[0], tuple(dict.fromkeys(keys)))
