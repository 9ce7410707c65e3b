"""The one door to the cases of a snapshot. Labels of the test split come out of `open_vault` alone,
and every opening is a row that stays (VaultLook).

A model that is chosen by its test figures again and again is fitted to the test in the end (Dwork
et al. 2015, "The reusable holdout"): who reads the figures sees how often that happened.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import transaction

from accounts.models import User
from images.models import Target
from retraining.models import DatasetSnapshot, Purpose, SnapshotCase, Split, VaultLook

DEVELOPMENT: Final = (Split.TRAIN, Split.VALIDATION)


@dataclass(frozen=True, slots=True)
class Row:
    """One case of a snapshot. `class_code` is empty where the label stays in the vault; `site` is
    the institution's code; `view`, `sex` and `source` are empty where they are unknown."""

    radiograph: UUID
    pixel_sha256: str
    class_code: str
    group: str
    split: str
    site: str
    view: str
    sex: str
    age_years: int | None
    source: str


def development(snapshot: DatasetSnapshot) -> list[Row]:
    """Cases to train and to validate with, labels included, in the order of the radiographs' keys.

    All that still exist, also what was withdrawn since: see `services.snapshots.what_changed`.
    """
    return _rows(snapshot, DEVELOPMENT)


def unlabelled_test(snapshot: DatasetSnapshot) -> list[Row]:
    """Cases of the test split without their labels: to make features of."""
    return _rows(snapshot, [Split.TEST], is_sealed=True)


@transaction.atomic
def open_vault(
    *, snapshot: DatasetSnapshot, purpose: Purpose | str, about: str, by: User | None = None
) -> list[Row]:
    """Cases of the test split with their labels; the look is counted. `about`: the name of the
    version or the key of the run, up to 80 characters. Raises ValueError for an unknown purpose."""
    rows = _rows(snapshot, [Split.TEST])
    VaultLook.objects.create(
        snapshot=snapshot, target_id=snapshot.target_id, purpose=Purpose(purpose),
        about=about[:80], looked_by=by, cases=len(rows),
    )  # fmt: skip
    return rows


def looks(target: Target) -> int:
    """How often test labels of `target` were looked at."""
    return VaultLook.objects.filter(target=target).count()


COLUMNS: Final = (
    "radiograph_id", "pixel_sha256", "target_class__code", "group", "split", "site__code", "view",
    "sex", "age_years", "source",
)  # fmt: skip
SEALED: Final = tuple(column for column in COLUMNS if column != "target_class__code")


def _rows(
    snapshot: DatasetSnapshot, splits: Iterable[Split], *, is_sealed: bool = False
) -> list[Row]:
    cases = SnapshotCase.objects.filter(snapshot=snapshot, split__in=list(splits))
    found = cases.order_by("radiograph_id")
    if is_sealed:
        return [Row(key, pixels, "", *facts) for key, pixels, *facts in found.values_list(*SEALED)]
    return [Row(*facts) for facts in found.values_list(*COLUMNS)]
