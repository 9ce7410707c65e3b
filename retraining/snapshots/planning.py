"""What a snapshot of a target would hold now: its cases, how they divide, and what speaks against
training with them. Nothing is written but the secret of the division, at first use."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from uuid import UUID

from images.models import PictureSketch, Radiograph, Target
from images.models.radiograph import View
from images.services.training_cases import TrainingCase, WhyNot, judged_cases
from retraining.models import Division, PromotionRules
from retraining.snapshots.counts import associations_of, counts_of, imbalance_facts
from retraining.snapshots.division import Joined, Member, joined_of, keys_of
from retraining.snapshots.hashing import HashedCase, list_sha256
from retraining.snapshots.rules import Finding, flags_of, problems_of

KEYS_PER_QUERY: Final = 500
SYNTHETIC: Final = "synthetic"
LATERAL: Final = "lateral"
# Patients of whom it turned out later that they belong together, with different splits.
CONFLICT: Final = "split-conflict"


@dataclass(frozen=True, slots=True)
class PlannedCase:
    """One case as a snapshot keeps it. `group` names the patients who stand together (hex)."""

    radiograph: UUID
    truth: UUID
    target_class: UUID
    class_code: str
    pixel_sha256: str
    group: str
    split: str
    site: UUID
    site_code: str
    patient: UUID
    view: str
    sex: str
    age_years: int | None
    source: str


@dataclass(frozen=True)
class SnapshotPlan:
    """The fields are those of `DatasetSnapshot`; `new_splits`: keys of patients whose split this
    list would fix, in hex. `cases` are in the order of the radiographs' keys."""

    target: Target
    division: Division
    cases: tuple[PlannedCase, ...]
    counts: dict[str, Any]
    imbalance: dict[str, Any]
    association: dict[str, Any]
    problems: list[Finding]
    flags: list[Finding]
    set_aside: dict[str, int]
    sha256: str
    new_splits: dict[str, str] = field(repr=False)

    @property
    def is_usable(self) -> bool:
        return not self.problems


def plan_of(target: Target) -> SnapshotPlan:
    """All confirmed cases of `target` as they stand now, frontal and not synthetic.

    Two plans of the same data are equal. 10,000 cases take about two seconds.
    """
    division = Division.objects.current()
    rules = rules_of(target)
    found, set_aside = _eligible(target)
    joined = joined_of((row.member for row in found), division)
    cases = tuple(_planned(row, joined[row.keys[0]]) for row in found)
    kept = tuple(case for case in cases if case.split)
    set_aside[CONFLICT] = len(cases) - len(kept)
    classes = list(target.classes.order_by("position", "code").values_list("code", flat=True))
    counts = counts_of(kept, classes)
    association = associations_of(kept)
    imbalance = imbalance_facts(kept, classes)
    facts = (kept, classes, rules)
    return SnapshotPlan(
        target, division, kept, counts, imbalance, association,
        problems_of(*facts, association),
        flags_of(*facts, association, imbalance, set_aside[CONFLICT], _uncompared(kept)),
        {reason: number for reason, number in sorted(set_aside.items()) if number},
        _sha256(target, kept), _new_splits(kept, joined),
    )  # fmt: skip


def rules_of(target: Target) -> PromotionRules:
    """The rules of an administrator, or the defaults (not stored)."""
    return PromotionRules.objects.filter(target=target).first() or PromotionRules(target=target)


class _Row(NamedTuple):
    case: TrainingCase
    facts: "_Facts"

    @property
    def keys(self) -> tuple[str, ...]:
        return keys_of(self.facts.split_key, self.facts.former)

    @property
    def member(self) -> Member:
        return Member(self.facts.patient, self.keys, self.facts.pixel_sha256)


class _Facts(NamedTuple):
    """The columns that are read, in this order."""

    radiograph: UUID
    patient: UUID
    split_key: UUID
    former: list[str]
    pixel_sha256: str
    site: UUID
    site_code: str
    view: str
    sex: str
    age_years: int | None
    source: str
    is_synthetic: bool


COLUMNS: Final = (
    "pk", "patient_id", "patient__split_key", "patient__former_split_keys", "pixel_sha256",
    "site_id", "site__code", "view", "patient__sex", "age_years", "source", "is_synthetic",
)  # fmt: skip


def _eligible(target: Target) -> tuple[list[_Row], Counter[str]]:
    """Cases that may stand in a list, and how many may not, by reason."""
    set_aside: Counter[str] = Counter()
    judged = []
    for case, why_not in judged_cases(target=target):
        if why_not is None:
            judged.append(case)
        else:
            set_aside[why_not.value] += 1
    # Of the others nothing was ever said.
    said = len(judged) + set_aside.total()
    set_aside[WhyNot.NO_CLASS.value] += Radiograph.objects.count() - said
    rows = []
    for row in _with_facts(judged):
        reason = _why_aside(row.facts)
        if reason:
            set_aside[reason] += 1
        else:
            rows.append(row)
    return rows, set_aside


def _why_aside(facts: _Facts) -> str:
    if facts.is_synthetic:
        return SYNTHETIC
    return LATERAL if facts.view == View.LATERAL else ""


def _with_facts(judged: Sequence[TrainingCase]) -> Iterator[_Row]:
    """One that was deleted between the two readings is left out."""
    for start in range(0, len(judged), KEYS_PER_QUERY):
        some = judged[start : start + KEYS_PER_QUERY]
        keys = [case.radiograph for case in some]
        rows = Radiograph.objects.filter(pk__in=keys).order_by().values_list(*COLUMNS)
        facts = {row[0]: _Facts(*row) for row in rows}
        yield from (_Row(case, facts[case.radiograph]) for case in some if case.radiograph in facts)


def _planned(row: _Row, joined: Joined) -> PlannedCase:
    case, facts = row
    assert case.target_class is not None  # noqa: S101  (judged: a class is known)
    return PlannedCase(
        radiograph=case.radiograph, truth=case.truth, target_class=case.target_class,
        class_code=case.class_code, pixel_sha256=facts.pixel_sha256, group=joined.key,
        split=joined.split, site=facts.site, site_code=facts.site_code, patient=facts.patient,
        view=facts.view, sex=facts.sex, age_years=facts.age_years, source=facts.source,
    )  # fmt: skip


def _new_splits(kept: Sequence[PlannedCase], joined: dict[str, Joined]) -> dict[str, str]:
    groups = {case.group for case in kept}
    return {
        key: each.split for each in map(joined.__getitem__, sorted(groups)) for key in each.fresh
    }


def _sha256(target: Target, cases: Sequence[PlannedCase]) -> str:
    lines = (
        HashedCase(case.pixel_sha256, case.truth, case.class_code, case.group, case.split)
        for case in cases
    )
    return list_sha256(target.code, lines)


def _uncompared(kept: Sequence[PlannedCase]) -> int:
    """Cases that no worker compared with the others yet: a copy among them is not known."""
    keys = sorted(case.radiograph for case in kept)
    batches = (
        keys[start : start + KEYS_PER_QUERY] for start in range(0, len(keys), KEYS_PER_QUERY)
    )
    compared = sum(PictureSketch.objects.filter(radiograph__in=some).count() for some in batches)
    return len(keys) - compared
