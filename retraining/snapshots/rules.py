"""What speaks against training with a list of cases (problems), and what has to be known of it
(flags). Sentences: `retraining.snapshots.words`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypedDict

from retraining.models import PromotionRules, Split
from retraining.snapshots.counts import class_patients

if TYPE_CHECKING:
    from retraining.snapshots.planning import PlannedCase

# Fewer patients in validation make the operating point and the temperature coarse.
FEW_VALIDATION: Final = 30
# Fewer patients of a class in test make its interval about 20 points wide.
FEW_TEST: Final = 30
# From here on the smaller class is easily overlooked (Buda, Maki and Mazurowski 2018).
HIGH_RHO: Final = 3.0


class Finding(TypedDict):
    """`facts` are the numbers and codes that the sentence of `code` needs."""

    code: str
    facts: dict[str, Any]


def problems_of(
    cases: Sequence[PlannedCase],
    classes: Sequence[str],
    rules: PromotionRules,
    association: Mapping[str, Mapping[str, Any]],
) -> list[Finding]:
    """All that forbids training with these cases; empty where nothing does."""
    if not cases:
        return [_finding("no-labels")]
    found = [*_too_alike(cases)]
    if not found:
        found += _too_few(cases, classes, rules.min_patients)
    found += leaks(cases)
    if _is_confounded(association["site"], rules):
        found.append(_finding("confounded-site", **_strength(association["site"], rules)))
    return found


def _too_alike(cases: Sequence[PlannedCase]) -> Iterator[Finding]:
    codes = {case.class_code for case in cases}
    if len(codes) == 1:
        yield _finding("one-class", **{"class": codes.pop(), "cases": len(cases)})
    if len({case.group for case in cases}) == 1:
        yield _finding("one-patient", cases=len(cases))


def _too_few(cases: Sequence[PlannedCase], classes: Sequence[str], least: int) -> Iterator[Finding]:
    """`least` patients of each class in training, half as many in validation and in test."""
    for split, by_class in class_patients(cases, classes).items():
        wanted = least if split == Split.TRAIN else (least + 1) // 2
        for code, patients in by_class.items():
            if patients < wanted:
                facts = {"class": code, "split": split, "patients": patients, "wanted": wanted}
                yield _finding("too-few-patients", **facts)


def leaks(cases: Sequence[PlannedCase]) -> list[Finding]:
    """How many patient groups, patients and pictures stand in more than one split."""
    found = {
        "groups": _spanning((case.group, case.split) for case in cases),
        "patients": _spanning((str(case.patient), case.split) for case in cases),
        "pictures": _spanning((case.pixel_sha256, case.split) for case in cases),
    }
    return [_finding("leak", **found)] if any(found.values()) else []


def _spanning(pairs: Iterator[tuple[str, str]]) -> int:
    seen: dict[str, set[str]] = {}
    for key, split in pairs:
        seen.setdefault(key, set()).add(split)
    return sum(len(splits) > 1 for splits in seen.values())


def flags_of(
    cases: Sequence[PlannedCase],
    classes: Sequence[str],
    rules: PromotionRules,
    association: Mapping[str, Mapping[str, Any]],
    imbalance: Mapping[str, Any],
    conflicting: int,
    uncompared: int,
) -> list[Finding]:
    """What forbids nothing and has to be known. `conflicting`: cases set aside because their
    patients have two splits. `uncompared`: cases not yet compared with the others."""
    if not cases:
        return []
    found = [
        _finding(f"confounded-{name}", **_strength(association[name], rules))
        for name in ("source", "view")
        if _is_confounded(association[name], rules)
    ]
    if len({case.site for case in cases}) == 1:
        found.append(_finding("one-site"))
    if (imbalance["rho"] or 0) > HIGH_RHO:
        found.append(_finding("imbalance", rho=round(imbalance["rho"], 1), mu=imbalance["mu"]))
    found += _small_parts(cases, classes)
    if conflicting:
        found.append(_finding("set-aside", cases=conflicting))
    if uncompared:
        found.append(_finding("not-compared", cases=uncompared))
    if contradicting := _contradicting(cases):
        found.append(_finding("contradicting", pictures=contradicting))
    return found


def _small_parts(cases: Sequence[PlannedCase], classes: Sequence[str]) -> Iterator[Finding]:
    validation = len({case.group for case in cases if case.split == Split.VALIDATION})
    if validation < FEW_VALIDATION:
        yield _finding("small-validation", patients=validation, wanted=FEW_VALIDATION)
    for code, patients in class_patients(cases, classes)[Split.TEST].items():
        if patients < FEW_TEST:
            facts = {"class": code, "patients": patients, "wanted": FEW_TEST}
            yield _finding("small-test", **facts)


def _contradicting(cases: Sequence[PlannedCase]) -> int:
    """Pictures with equal pixels and different classes."""
    return _spanning((case.pixel_sha256, case.class_code) for case in cases)


def _is_confounded(association: Mapping[str, Any], rules: PromotionRules) -> bool:
    return association["v"] is not None and association["v"] > rules.max_association


def _strength(association: Mapping[str, Any], rules: PromotionRules) -> dict[str, Any]:
    return {
        "v": round(association["v"], 3),
        "corrected": round(association["corrected"], 3),
        "limit": rules.max_association,
        "categories": association["categories"],
    }


def _finding(code: str, **facts: Any) -> Finding:
    return {"code": code, "facts": facts}
