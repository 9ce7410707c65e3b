"""Which radiographs may train a model of a target, and why the others may not.

Only confirmed ground truth trains: neither a prediction nor a radiological reading does.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db.models import QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from accounts.models import Site
from images.models import GroundTruth, Radiograph, Target, TextState
from images.models.radiograph import RadiographStatus
from images.truth_days import between

AT_ONCE: Final = 2000


class WhyNot(TextChoices):
    """Why a case does not train; where several are true, the first of them is said."""

    NO_CLASS = "no-class", _("No result, or one that is unknown or indeterminate")
    TRASHED = "trashed", _("In the trash")
    CONSENT = "consent-withdrawn", _("Consent withdrawn")
    WRITING = "writing-suspected", _("Writing in the picture waits to be looked at")
    UNDATED = "no-dates", _("The day of the sample or of the radiograph is unknown")
    TOO_MANY_DAYS = "too-many-days", _("Too many days between the sample and the radiograph")


@dataclass(frozen=True, slots=True)
class TrainingCase:
    """One radiograph with its current ground truth of the target, by their keys.

    `target_class` and `class_code` are None and empty, and `days` (from the sample to the
    radiograph) None, where they are unknown.
    """

    radiograph: UUID
    truth: UUID
    target_class: UUID | None
    class_code: str
    patient: UUID
    split_key: UUID
    site: UUID
    days: int | None


class Rules(NamedTuple):
    """Of an institution: how many days may lie between, and whether undated cases train."""

    truth_days: int
    trains_undated: bool


class _Facts(NamedTuple):
    """The columns that are read, in this order."""

    radiograph: UUID
    truth: UUID
    target_class: UUID | None
    class_code: str | None
    tested_on: date | None
    patient: UUID
    split_key: UUID
    consent_withdrawn_at: datetime | None
    site: UUID
    status: str
    text_state: str
    acquired_on: date | None
    date_is_shifted: bool


COLUMNS: Final = (
    "radiograph_id", "pk", "target_class_id", "target_class__code", "tested_on",
    "radiograph__patient_id", "radiograph__patient__split_key",
    "radiograph__patient__consent_withdrawn_at", "radiograph__site_id", "radiograph__status",
    "radiograph__text_state", "radiograph__acquired_on", "radiograph__date_is_shifted",
)  # fmt: skip


def training_cases(*, target: Target, site: Site | None = None) -> Iterator[TrainingCase]:
    """Cases that may train, of one institution or of all, in the order of the radiographs' keys.

    Read in batches by short queries (one for 2,000 cases): memory stays flat, and no cursor stays
    open while the caller is at work.
    """
    for case, why_not in judged_cases(target=target, site=site):
        if why_not is None:
            yield case


def training_counts(*, target: Target, site: Site | None = None) -> dict[str, int]:
    """How many radiographs may train ("trains") and how many not, by `WhyNot`: every radiograph,
    the trash included, is counted once."""
    counts: Counter[str] = Counter(
        "trains" if why_not is None else why_not.value
        for _case, why_not in judged_cases(target=target, site=site)
    )
    everything = Radiograph.objects.all() if site is None else Radiograph.objects.filter(site=site)
    # Of the others nothing was ever said.
    counts[WhyNot.NO_CLASS.value] += everything.count() - counts.total()
    return {name: counts[name] for name in ("trains", *WhyNot.values)}


def judged_cases(
    *, target: Target, site: Site | None = None
) -> Iterator[tuple[TrainingCase, WhyNot | None]]:
    """Each radiograph of which something was said, with the reason why it does not train."""
    rules = {each.pk: Rules(each.truth_days, each.trains_undated) for each in Site.objects.all()}
    statements = GroundTruth.objects.current().filter(target=target)
    if site is not None:
        statements = statements.filter(radiograph__site=site)
    for facts in _in_batches(statements):
        case = _case_of(facts)
        yield case, _why_not(facts, case.days, rules[facts.site])


def why_not(*, radiograph: Radiograph, truth: GroundTruth | None) -> WhyNot | None:
    """Why one radiograph does not train with this statement; None where it does.

    Reads `radiograph.site` and `radiograph.patient`.
    """
    if truth is None:
        return WhyNot.NO_CLASS
    patient, site = radiograph.patient, radiograph.site
    facts = _Facts(
        radiograph.pk, truth.pk, truth.target_class_id, None, truth.tested_on,
        patient.pk, patient.split_key, patient.consent_withdrawn_at, site.pk, radiograph.status,
        radiograph.text_state, radiograph.acquired_on, radiograph.date_is_shifted,
    )  # fmt: skip
    return _why_not(facts, _case_of(facts).days, Rules(site.truth_days, site.trains_undated))


def _in_batches(statements: QuerySet[GroundTruth]) -> Iterator[_Facts]:
    """One current statement a radiograph, so that its key orders them and says where to go on."""
    rows = statements.order_by("radiograph_id").values_list(*COLUMNS)
    batch: list[Any] = list(rows[:AT_ONCE])
    while batch:
        yield from (_Facts(*row) for row in batch)
        batch = list(rows.filter(radiograph_id__gt=batch[-1][0])[:AT_ONCE])


def _case_of(facts: _Facts) -> TrainingCase:
    moved_of = (facts.site, facts.patient) if facts.date_is_shifted else None
    return TrainingCase(
        facts.radiograph, facts.truth, facts.target_class, facts.class_code or "",
        facts.patient, facts.split_key, facts.site,
        between(facts.acquired_on, facts.tested_on, moved_of=moved_of),
    )  # fmt: skip


def _why_not(facts: _Facts, days: int | None, rules: Rules) -> WhyNot | None:
    reasons = {
        WhyNot.NO_CLASS: facts.target_class is None,
        WhyNot.TRASHED: facts.status == RadiographStatus.TRASHED,
        WhyNot.CONSENT: facts.consent_withdrawn_at is not None,
        WhyNot.WRITING: facts.text_state == TextState.SUSPECTED,
        WhyNot.UNDATED: days is None and not rules.trains_undated,
        WhyNot.TOO_MANY_DAYS: days is not None and abs(days) > rules.truth_days,
    }
    return next((reason for reason, is_so in reasons.items() if is_so), None)
