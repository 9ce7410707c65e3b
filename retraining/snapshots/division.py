"""Which patients stand together, and which split they have.

The split of a key is fixed when it first enters a snapshot, and so is that of a picture: it must
not come back on the other side when nothing that is stored says any more whose it was (deleted for
good, covered, given to another patient). Patients of whom it turns out later that they belong
together may so have keys on both sides: they are set aside, and nobody moves.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple
from uuid import UUID

from images.copies.unions import components
from images.models import Patient
from images.services.splits import SplitGroup, split_groups
from retraining.ml.split import split_of
from retraining.models import Division, PatientSplit, Split

# Of a patient's key in hex, and of PatientSplit.key.
KEY_LENGTH: Final = 32


class Member(NamedTuple):
    """One radiograph: its patient, all keys the patient ever had, and its pixels."""

    patient: UUID
    keys: tuple[str, ...]
    pixel_sha256: str


@dataclass(frozen=True, slots=True)
class Joined:
    """Patients who stand together. `split` is empty where their keys have different splits.

    `key` names them; `keys` are those of their pictures too; `fresh` are keys that no snapshot has
    fixed yet.
    """

    key: str
    keys: tuple[str, ...]
    split: str
    fresh: tuple[str, ...]


def keys_of(split_key: UUID, former: Iterable[str]) -> tuple[str, ...]:
    """All that one patient ever had, in hex."""
    return tuple(dict.fromkeys([split_key.hex, *former]))


def picture_key(pixel_sha256: str, salt: str) -> str:
    """What is written down of a picture (hex), as long as a patient's key. Not its hash: that would
    name the picture also after it was deleted for good."""
    digest = hmac.digest(salt.encode(), f"picture {pixel_sha256}".encode(), hashlib.sha256)
    return digest.hex()[:KEY_LENGTH]


def joined_of(members: Iterable[Member], division: Division) -> dict[str, Joined]:
    """The patients who stand together, by each of their keys.

    A merge joins patients, near-duplicates and equal pixels do (images.services.splits), and so do
    a common key and a picture that was in a snapshot before.
    """
    groups = split_groups()
    pairs, leaders, keys = [], set(), set()
    for member in members:
        group = groups.get(member.patient) or SplitGroup(member.keys[0], member.keys)
        leaders.add(group.key)
        own = {*group.keys, *member.keys, picture_key(member.pixel_sha256, division.salt)}
        keys |= own
        pairs += [(group.key, each) for each in own]
    fixed = fixed_splits(division)
    found: dict[str, Joined] = {}
    for component in components(pairs):
        leader = min(component & leaders)
        joined = _joined(sorted(component & keys), leader, fixed, division.salt)
        found |= dict.fromkeys(joined.keys, joined)
    return found


def _joined(keys: list[str], leader: str, fixed: Mapping[str, str], salt: str) -> Joined:
    fresh = tuple(key for key in keys if key not in fixed)
    match sorted({fixed[key] for key in keys if key in fixed}):
        case []:
            split = split_of(leader, salt)
        case [split]:
            pass
        case _:
            split = ""
    return Joined(leader, tuple(keys), split, fresh)


def fixed_splits(division: Division) -> dict[str, str]:
    """The split of every key, of patients and of pictures, that ever entered a snapshot."""
    return dict(division.patients.values_list("key", "split"))


def tested_patients() -> set[UUID]:
    """Patients of the test split and all who stand together with them: nothing looks at their
    labels but the evaluation."""
    tested = set(PatientSplit.objects.filter(split=Split.TEST).values_list("key", flat=True))
    if not tested:
        return set()
    groups = split_groups()
    rows = Patient.objects.order_by().values_list("pk", "split_key", "former_split_keys")
    return {
        patient
        for patient, split_key, former in rows
        if not tested.isdisjoint(keys_of(split_key, former))
        or (patient in groups and not tested.isdisjoint(groups[patient].keys))
    }
