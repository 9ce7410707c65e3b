"""Figures of a study as a page shows them: rounded, with their intervals, or why there is none."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.roles import Capability
from inference.ml.proportion import Estimate
from inference.readings import percent
from reading.choosing import MATCHING, SAMPLE
from reading.figures import MODEL, CaseRow, ModelAnswer, Results
from reading.models import Finding, ReaderPart, ReadingList
from reading.statistics import Accuracy, Agreement, Undefined
from reading.studies import part_of

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

LABELS: "Final[Mapping[str, StrOrPromise]]" = {
    **dict(Finding.choices),
    "": gettext_lazy("Not read"),
}
WHY_NOT: "Final[dict[Undefined, StrOrPromise]]" = {
    Undefined.NO_CASES: gettext_lazy("no case was read by all of them"),
    Undefined.ONE_CATEGORY: gettext_lazy(
        "all answers are in one category: chance alone would agree as well"
    ),
    Undefined.NO_VARIANCE: gettext_lazy("no interval: no case differs from the others"),
}
# With fewer of either, an interval of a sensitivity or a specificity is wider than 25 points.
FEW: Final = 50


@dataclass(frozen=True)
class Figure:
    """`value` "–" where it cannot be said; `note` is its interval, or why there is none."""

    value: str
    note: str


@dataclass(frozen=True)
class AccuracyLine:
    """One row of the comparison with the RT-PCR. `left_out`: sentences about what is not in it."""

    name: str
    n: int
    figures: list[Figure]
    left_out: list[str]


@dataclass(frozen=True)
class KappaLine:
    """One row of a table of agreement; `findings` is None where the model takes part."""

    name: str
    findings: Figure | None
    calls: Figure
    observed: Figure


@dataclass(frozen=True)
class DisagreementLine:
    """`named`: each reader's number, in words, with the finding."""

    row: CaseRow
    named: "list[tuple[str, StrOrPromise]]"
    adjudicated: "StrOrPromise"
    truth: str
    model: str


@dataclass(frozen=True)
class Words:
    accuracy: list[AccuracyLine]
    pairs: list[KappaLine]
    groups: list[KappaLine]
    numbers: list[str]
    disagreements: list[DisagreementLine]
    has_few: bool
    versions: str


def in_words(study: ReadingList, results: Results, user: User, most: int) -> Words:
    """For `user`: who manages studies reads names, everybody else numbers. `most` disagreements."""
    names = names_of(study, user)
    numbers = [_numbered(number) for number in range(1, len(names) + 1)]
    return Words(
        accuracy=_accuracy_lines(results, names),
        pairs=_pair_lines(results, names),
        groups=_group_lines(results),
        numbers=numbers,
        disagreements=[_disagreement(row, numbers) for row in results.disagreements[:most]],
        has_few=min(results.positives, results.negatives) < FEW,
        versions=", ".join(results.model.versions),
    )


def names_of(study: ReadingList, user: User) -> list[str]:
    """Reader 1, 2, ...: with their names for who manages studies and did not decide in this one."""
    sees_names = user.can(Capability.MANAGE_STUDIES)
    sees_names = sees_names and part_of(study, user) != ReaderPart.ADJUDICATOR
    parts = study.parts.filter(part=ReaderPart.READER).select_related("reader")
    told = []
    for number, part in enumerate(parts.order_by("position", "pk"), 1):
        name = _numbered(number)
        if sees_names:
            name = f"{name} · {part.reader}"
        elif part.reader_id == user.pk:
            name = f"{name} · {_('you')}"
        told.append(name)
    return told


def _numbered(number: int) -> str:
    return _("Reader %(number)d") % {"number": number}


def choice_in_words(study: ReadingList) -> list[str]:
    """How the cases were chosen, a sentence each."""
    told = study.protocol
    sentences = [_how(told), _("Seed of the draw and of the order: %(seed)s.") % told]
    if told.get("left_out_without_consent"):
        sentences.append(
            _("Left out, because the patient withdrew the consent: %(left_out_without_consent)d.")
            % told
        )
    return sentences


def _how(told: dict[str, object]) -> str:
    if told.get("way") == SAMPLE:
        return _(
            "Drawn at random: %(size)d confirmed cases, one of each patient, of which "
            "%(positive_percent)d in a hundred are positive."
        ) % {"size": told["size"], "positive_percent": told["positive_percent"]}
    if told.get("way") == MATCHING:
        query = told.get("query") or _("none")
        return _("All radiographs that matched the filter: %(query)s.") % {"query": query}
    return _("Ticked one by one in the list.")


def _accuracy_lines(results: Results, names: list[str]) -> list[AccuracyLine]:
    lines = [
        _accuracy_line(
            name, each.accuracy,
            (_("not readable: %(number)d"), each.not_readable),
            (_("without RT-PCR: %(number)d"), each.without_truth),
            (_("changed after the first answer: %(number)d"), each.corrected),
        )
        for name, each in zip(names, results.readers, strict=True)
    ]  # fmt: skip
    both, model = results.consensus, results.model
    lines.append(
        _accuracy_line(
            _("All readers, or the adjudicator"), both.accuracy,
            (_("not read by all, or not agreed upon: %(number)d"), both.open),
            (_("not readable: %(number)d"), both.not_readable),
            (_("without RT-PCR: %(number)d"), both.without_truth),
        )
    )  # fmt: skip
    lines.append(
        _accuracy_line(
            _("The model %(versions)s") % {"versions": ", ".join(model.versions)}, model.accuracy,
            (_("no answer: %(number)d"), model.abstained),
            (_("without RT-PCR: %(number)d"), model.without_truth),
        )
    )  # fmt: skip
    return lines


def _accuracy_line(name: str, found: Accuracy, *left_out: tuple[str, int]) -> AccuracyLine:
    figures = (found.sensitivity, found.specificity, found.ppv, found.npv)
    return AccuracyLine(
        name.strip(),
        found.n,
        [_proportion(figure) for figure in figures],
        [sentence % {"number": number} for sentence, number in left_out if number],
    )


def _pair_lines(results: Results, names: list[str]) -> list[KappaLine]:
    people = dict(enumerate(names, 1)) | {MODEL: _("The model")}
    return [
        KappaLine(
            f"{people[pair.first]} / {people[pair.second]}",
            _kappa(pair.findings) if pair.findings else None,
            _kappa(pair.calls),
            _proportion((pair.findings or pair.calls).observed),
        )
        for pair in results.pairs
    ]


def _group_lines(results: Results) -> list[KappaLine]:
    findings, calls, model = (
        results.fleiss_findings, results.fleiss_calls, results.fleiss_with_model,
    )  # fmt: skip
    return [
        KappaLine(
            _("All readers"), _kappa(findings), _kappa(calls), _proportion(findings.observed)
        ),
        KappaLine(_("All readers and the model"), None, _kappa(model), _proportion(model.observed)),
    ]


def _proportion(found: Estimate) -> Figure:
    if found.value is None:
        return Figure("–", "")
    return Figure(percent(found.value), _interval(found, percent))


def _kappa(found: Agreement) -> Figure:
    cases = _("n = %(number)d").replace(" ", "\N{NO-BREAK SPACE}") % {"number": found.n}
    if found.kappa.value is None:
        why = WHY_NOT[found.undefined or Undefined.NO_CASES]
        return Figure("–", f"{cases}; {why}" if found.n else str(why))
    interval = _interval(found.kappa, decimal)
    reason = interval or (str(WHY_NOT[found.undefined]) if found.undefined else "")
    return Figure(decimal(found.kappa.value), "; ".join(part for part in (reason, cases) if part))


def _interval(found: Estimate, word: Callable[[float], str]) -> str:
    if found.low is None or found.high is None:
        return ""
    return _("%(low)s to %(high)s") % {"low": word(found.low), "high": word(found.high)}


def decimal(value: float) -> str:
    """Two decimals, in the language of the page; minus zero is zero."""
    return number_format(round(value, 2) + 0.0, 2)


def _disagreement(row: CaseRow, numbers: list[str]) -> DisagreementLine:
    findings = [LABELS[finding] for finding in row.findings]
    return DisagreementLine(
        row=row,
        named=list(zip(numbers, findings, strict=True)),
        adjudicated=LABELS[row.adjudicated] if row.adjudicated else "–",
        truth=_result(row.truth),
        model=_model_result(row.model),
    )


def _result(truth: bool | None) -> str:
    if truth is None:
        return _("Unknown")
    return _("Positive") if truth else _("Negative")


def _model_result(answer: ModelAnswer) -> str:
    if answer.is_positive is None:
        return _("No answer")
    return _result(answer.is_positive)
