"""Finding radiographs by a few typed letters, in a table of a million rows.

Patients are looked up first and by themselves: their codes stand in another table, and a condition
across both would make the database read all radiographs to find three. What few patients have is
asked for by their keys; what many have is found soon by reading the list in its order.
"""

import re
from typing import Any, Final
from uuid import UUID

from django.db.models import Q

from accounts.models import User
from images.models import Patient, PatientMerge
from images.pseudonyms import sees_patient_codes

# So many patients are named by key; more of them are dense enough in any list.
FEW: Final = 2000
# Fewer digits are a number that anything may hold.
SHORTEST_KEY: Final = 4
_KEY: Final = re.compile(
    r"[0-9a-f]{1,8}(-[0-9a-f]{0,4}){0,3}(-[0-9a-f]{0,12})?|[0-9a-f]{1,32}", re.ASCII | re.IGNORECASE
)


def of_patients(text: str, user: User) -> Q:
    """Radiographs of patients in whose code `text` occurs, or in one that a merge gave them."""
    mine = Patient.objects.visible_to(user).order_by()
    # Asked for one after the other: each finds its index, both in one condition would find none.
    kept = PatientMerge.objects.filter(absorbed_code__icontains=text).values("kept")
    merged = list(mine.filter(pk__in=kept).values_list("pk", flat=True)[:FEW])
    named = list(mine.filter(code__icontains=text).values_list("pk", flat=True)[: FEW + 1])
    if len(named) <= FEW:
        return Q(patient__in={*named, *merged})
    return Q(patient__code__icontains=text) | Q(patient__in=merged)


def with_patients(user: User, **facts: Any) -> Q:
    """Radiographs of patients with these `facts`: field lookups of Patient."""
    if sees_patient_codes(user):
        patients = Patient.objects.visible_to(user).order_by().filter(**facts)
        found = list(patients.values_list("pk", flat=True)[: FEW + 1])
        if len(found) <= FEW:
            return Q(patient__in=found)
    return Q(**{f"patient__{name}": value for name, value in facts.items()})


def matching(text: str, user: User) -> Q:
    """Radiographs with `text` in their source or own id, at the begin of their id, or in the
    patient's code. Own ids and codes are only for those who see patient codes: a search must not
    become a way to guess them."""
    found = Q(source__icontains=text)
    if keys := keys_beginning(text):
        found |= Q(pk__range=keys)
    if sees_patient_codes(user):
        found |= Q(extra__own_id__icontains=text) | of_patients(text, user)
    return found


def keys_beginning(text: str) -> tuple[UUID, UUID] | None:
    """First and last key that begin with `text`, None where no key does or too many do."""
    digits = text.replace("-", "")
    if len(digits) < SHORTEST_KEY or len(digits) > 32 or not _KEY.fullmatch(text):
        return None
    return UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))
