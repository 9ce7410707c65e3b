"""What a reader study says, case by case and in figures: plain values, ready for JSON."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from reading.statistics import Accuracy, Agreement

COVID_19, NOT_READABLE = "covid-19", "not-readable"
FINDINGS: Final = (
    "normal", COVID_19, "viral-pneumonia", "bacterial-pneumonia", "other", NOT_READABLE,
)  # fmt: skip
# The model among the readers, whose numbers begin at 1.
MODEL: Final = 0


@dataclass(frozen=True)
class ModelAnswer:
    """`is_positive` None: the model gave no answer. `is_uncertain`: near its threshold."""

    is_positive: bool | None
    version: str = ""
    probability: float | None = None
    is_uncertain: bool = False


@dataclass(frozen=True)
class CaseRow:
    """One case: a finding of each reader in order ("" not read), and what the others said.

    `truth`: RT-PCR positive or negative, None where it is unknown or indeterminate. `corrected`:
    by reader, whether they had stated another finding before: the model's answer was shown then.
    """

    key: UUID
    radiograph: UUID
    position: int
    findings: tuple[str, ...]
    adjudicated: str = ""
    truth: bool | None = None
    model: ModelAnswer = ModelAnswer(None)
    is_synthetic: bool = False
    corrected: tuple[bool, ...] = ()

    @property
    def is_complete(self) -> bool:
        return all(self.findings)

    @property
    def disagrees(self) -> bool:
        return len({finding for finding in self.findings if finding}) > 1

    @property
    def consensus(self) -> str:
        """The adjudicator's finding, else the one that all readers share; "" without either."""
        if self.adjudicated:
            return self.adjudicated
        same = len(set(self.findings)) == 1
        return self.findings[0] if same and self.findings else ""


@dataclass(frozen=True)
class ReaderFigures:
    """One reader against the RT-PCR. `without_truth`: read, but nothing to compare with.

    `corrected`: cases whose finding they changed after the first answer, which was the blind one.
    """

    number: int
    read: int
    not_readable: int
    without_truth: int
    accuracy: Accuracy
    corrected: int = 0

    def to_dict(self) -> dict[str, Any]:
        return {
            "reader": self.number,
            "read": self.read,
            "not_readable": self.not_readable,
            "without_rt_pcr": self.without_truth,
            "corrected": self.corrected,
            **self.accuracy.to_dict(),
        }


@dataclass(frozen=True)
class ModelFigures:
    """The model as one more reader. `versions`: how many answers are of which version; `uncertain`
    of the `answered` lie near the threshold; `abstained`: no answer, left out everywhere."""

    versions: dict[str, int]
    answered: int
    uncertain: int
    abstained: int
    without_truth: int
    accuracy: Accuracy

    def to_dict(self) -> dict[str, Any]:
        return {
            "versions": self.versions,
            "answered": self.answered,
            "uncertain": self.uncertain,
            "abstained": self.abstained,
            "without_rt_pcr": self.without_truth,
            **self.accuracy.to_dict(),
        }


@dataclass(frozen=True)
class ConsensusFigures:
    """What all readers, or the adjudicator, said, against the RT-PCR. `open`: not agreed upon."""

    agreed: int
    adjudicated: int
    open: int
    not_readable: int
    without_truth: int
    accuracy: Accuracy

    def to_dict(self) -> dict[str, Any]:
        return {
            "agreed": self.agreed,
            "adjudicated": self.adjudicated,
            "open": self.open,
            "not_readable": self.not_readable,
            "without_rt_pcr": self.without_truth,
            **self.accuracy.to_dict(),
        }


@dataclass(frozen=True)
class Pair:
    """Cohen's kappa of two; `first` and `second` are readers' numbers, MODEL for the model.

    `findings` over the six findings (None with the model), `calls` over COVID-19 or not.
    """

    first: int
    second: int
    findings: Agreement | None
    calls: Agreement

    def to_dict(self) -> dict[str, Any]:
        names = ["model" if each == MODEL else each for each in (self.first, self.second)]
        return {
            "readers": names,
            "findings": self.findings.to_dict() if self.findings else None,
            "covid": self.calls.to_dict(),
        }


@dataclass(frozen=True)
class Results:
    """All figures of a study, of `cases` that count; `complete` were read by all readers."""

    cases: int
    complete: int
    positives: int
    negatives: int
    synthetic: int
    readers: list[ReaderFigures]
    model: ModelFigures
    consensus: ConsensusFigures
    pairs: list[Pair]
    fleiss_findings: Agreement
    fleiss_calls: Agreement
    fleiss_with_model: Agreement
    disagreements: list[CaseRow]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; proportions and kappas as numbers or null, intervals as [low, high]."""
        return {
            "cases": self.cases,
            "complete": self.complete,
            "rt_pcr": {
                "positive": self.positives,
                "negative": self.negatives,
                "unknown": self.cases - self.positives - self.negatives,
            },
            "synthetic": self.synthetic,
            "readers": [each.to_dict() for each in self.readers],
            "model": self.model.to_dict(),
            "consensus": self.consensus.to_dict(),
            "cohen": [pair.to_dict() for pair in self.pairs],
            "fleiss": {
                "findings": self.fleiss_findings.to_dict(),
                "covid": self.fleiss_calls.to_dict(),
                "covid_with_model": self.fleiss_with_model.to_dict(),
            },
            "disagreements": len(self.disagreements),
        }
