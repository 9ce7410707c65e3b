"""The ground truth of one radiograph as its page shows it: what stands, and all that was said."""

from dataclasses import dataclass, field
from datetime import date

from images.models import GroundTruth, Radiograph, Target
from images.services.training_cases import WhyNot, why_not
from images.truth_days import days_between, sample_day


@dataclass(frozen=True)
class Statement:
    """One statement. `days` from the sample to the radiograph, None where they are unknown;
    `sampled_on` the sample's day for outsiders, moved where the radiograph's day was."""

    row: GroundTruth
    days: int | None
    radiograph: Radiograph

    @property
    def apart(self) -> int:
        """Days between the two, whichever came first."""
        return abs(self.days or 0)

    @property
    def was_taken(self) -> bool:
        """False for one that came second, when another person had just changed the record."""
        return self.row.came_after_id is None

    @property
    def sampled_on(self) -> date | None:
        tested_on = self.row.tested_on
        return sample_day(self.radiograph, tested_on) if tested_on else None


@dataclass(frozen=True)
class TruthOfTarget:
    """What was said of one target: the statement that stands, and the others, newest first."""

    target: Target
    current: Statement
    why_not: WhyNot | None
    earlier: list[Statement] = field(default_factory=list)

    @property
    def is_too_far_apart(self) -> bool:
        return self.why_not is WhyNot.TOO_MANY_DAYS

    @property
    def is_undated(self) -> bool:
        return self.why_not is WhyNot.UNDATED


def truths_of(radiograph: Radiograph) -> list[TruthOfTarget]:
    """In the order of the targets, by one query. Reads `radiograph.site` and `.patient`."""
    rows = GroundTruth.objects.filter(radiograph=radiograph).order_by("-created_at", "-pk")
    rows = rows.select_related("target", "target_class", "entered_by")
    by_target: dict[Target, list[Statement]] = {}
    for row in rows:
        by_target.setdefault(row.target, []).append(statement_of(radiograph, row))
    ordered = sorted(by_target.items(), key=lambda each: (each[0].position, each[0].code))
    return [_of_target(radiograph, target, said) for target, said in ordered]


def statement_of(radiograph: Radiograph, row: GroundTruth) -> Statement:
    return Statement(row, days_between(radiograph, row), radiograph)


def _of_target(radiograph: Radiograph, target: Target, said: list[Statement]) -> TruthOfTarget:
    current = next(each for each in said if each.row.is_current)
    return TruthOfTarget(
        target=target,
        current=current,
        why_not=why_not(radiograph=radiograph, truth=current.row),
        earlier=[each for each in said if each is not current],
    )
