"""The figures of a reader study, from what each case says: no database, no Django.

Between readers all six findings are compared. The model knows only whether it is COVID-19, so that
everything it takes part in, and everything that is compared with the RT-PCR, is COVID-19 or not.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Final

from reading.figures import (
    COVID_19,
    FINDINGS,
    MODEL,
    NOT_READABLE,
    CaseRow,
    ConsensusFigures,
    ModelFigures,
    Pair,
    ReaderFigures,
    Results,
)
from reading.statistics import (
    Accuracy,
    Agreement,
    accuracy,
    cohen_kappa,
    counts_of,
    fleiss_kappa,
    table_of,
)

CALLS: Final = ("covid-19", "not-covid-19")


def call_of(finding: str) -> bool | None:
    """COVID-19 or not; None for what was not read, or cannot be."""
    return None if finding in {"", NOT_READABLE} else finding == COVID_19


def results_of(rows: Sequence[CaseRow], readers: int) -> Results:
    """The figures of `readers` readers; every row has a finding of each ("" not read)."""
    truths = Counter(row.truth for row in rows)
    return Results(
        cases=len(rows),
        complete=sum(row.is_complete for row in rows),
        positives=truths[True],
        negatives=truths[False],
        synthetic=sum(row.is_synthetic for row in rows),
        readers=[_reader(rows, place) for place in range(readers)],
        model=_model(rows),
        consensus=_consensus(rows),
        pairs=[*_pairs(rows, readers), *_pairs_with_model(rows, readers)],
        fleiss_findings=_fleiss((row.findings for row in rows if row.is_complete), FINDINGS),
        fleiss_calls=_fleiss(_calls(rows, with_model=False), CALLS),
        fleiss_with_model=_fleiss(_calls(rows, with_model=True), CALLS),
        disagreements=[row for row in rows if row.disagrees],
    )


def _compared(pairs: Iterable[tuple[bool | None, bool | None]]) -> Accuracy:
    """Accuracy of (truth, call), where both are known."""
    known = [(truth, call) for truth, call in pairs if truth is not None and call is not None]
    return accuracy([truth for truth, _ in known], [call for _, call in known])


def _reader(rows: Sequence[CaseRow], place: int) -> ReaderFigures:
    read = [row for row in rows if row.findings[place]]
    called = [row for row in read if call_of(row.findings[place]) is not None]
    return ReaderFigures(
        number=place + 1,
        read=len(read),
        not_readable=len(read) - len(called),
        without_truth=sum(row.truth is None for row in called),
        accuracy=_compared((row.truth, call_of(row.findings[place])) for row in rows),
        corrected=sum(row.corrected[place] for row in read if row.corrected),
    )


def _model(rows: Sequence[CaseRow]) -> ModelFigures:
    answered = [row for row in rows if row.model.is_positive is not None]
    return ModelFigures(
        versions=dict(sorted(Counter(row.model.version for row in answered).items())),
        answered=len(answered),
        uncertain=sum(row.model.is_uncertain for row in answered),
        abstained=len(rows) - len(answered),
        without_truth=sum(row.truth is None for row in answered),
        accuracy=_compared((row.truth, row.model.is_positive) for row in rows),
    )


def _consensus(rows: Sequence[CaseRow]) -> ConsensusFigures:
    settled = [row for row in rows if row.consensus]
    called = [row for row in settled if call_of(row.consensus) is not None]
    return ConsensusFigures(
        agreed=sum(not row.adjudicated for row in settled),
        adjudicated=sum(bool(row.adjudicated) for row in settled),
        open=len(rows) - len(settled),
        not_readable=len(settled) - len(called),
        without_truth=sum(row.truth is None for row in called),
        accuracy=_compared((row.truth, call_of(row.consensus)) for row in rows),
    )


def _word(call: bool) -> str:
    return CALLS[0] if call else CALLS[1]


def _cohen(pairs: Iterable[tuple[str | None, str | None]], categories: Sequence[str]) -> Agreement:
    """Where both gave an answer."""
    both = [(one, other) for one, other in pairs if one and other]
    return cohen_kappa(table_of([one for one, _ in both], [other for _, other in both], categories))


def _call_word(call: bool | None) -> str | None:
    return None if call is None else _word(call)


def _pairs(rows: Sequence[CaseRow], readers: int) -> list[Pair]:
    return [
        Pair(
            first=one + 1,
            second=other + 1,
            findings=_cohen(((row.findings[one], row.findings[other]) for row in rows), FINDINGS),
            calls=_cohen(zip(_by(rows, one), _by(rows, other), strict=True), CALLS),
        )
        for one, other in combinations(range(readers), 2)
    ]


def _pairs_with_model(rows: Sequence[CaseRow], readers: int) -> list[Pair]:
    model = [_call_word(row.model.is_positive) for row in rows]
    return [
        Pair(
            first=place + 1,
            second=MODEL,
            findings=None,
            calls=_cohen(zip(_by(rows, place), model, strict=True), CALLS),
        )
        for place in range(readers)
    ]


def _by(rows: Sequence[CaseRow], place: int) -> list[str | None]:
    """COVID-19 or not, by one reader."""
    return [_call_word(call_of(row.findings[place])) for row in rows]


def _calls(rows: Sequence[CaseRow], *, with_model: bool) -> Iterable[list[str]]:
    """COVID-19 or not by everybody, for the cases where everybody says one of the two."""
    for row in rows:
        calls = [call_of(finding) for finding in row.findings]
        calls += [row.model.is_positive] if with_model else []
        known = [_word(call) for call in calls if call is not None]
        if len(known) == len(calls):
            yield known


def _fleiss(answers: Iterable[Sequence[str]], categories: Sequence[str]) -> Agreement:
    return fleiss_kappa(counts_of(list(answers), categories))
