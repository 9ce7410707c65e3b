"""What a look for drift found at an institution, in words."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from retraining import reasons
from retraining.drift.limits import FEWEST
from retraining.models import DriftReport

NONE: Final = "–"


@dataclass(frozen=True)
class DriftLine:
    """One report as the page shows it; figures are "–" where there were too few cases."""

    report: DriftReport
    alerts: list[str]
    score_shift: str
    features: str
    prevalence: str
    note: str


def lines_of(reports: Iterable[DriftReport]) -> list[DriftLine]:
    return [
        DriftLine(
            report,
            alerts_of(report),
            _plain(report.score_shift, 2),
            _features(report),
            _prevalence(report),
            _note(report),
        )
        for report in reports
    ]


def alerts_of(report: DriftReport) -> list[str]:
    """A sentence for each alert, with its figures; [] where nothing was found."""
    return [sentence_of(code, report) for code in report.alerts]


def sentence_of(code: str, report: DriftReport) -> str:
    said = _SENTENCES.get(code)
    return said(report) if said else str(reasons.sentence_of(code))


def _scores(report: DriftReport) -> str:
    return _(
        "The scores are spread another way than those of the patients who tested the model: "
        "stability index %(shift)s, above %(limit)s."
    ) % {"shift": _plain(report.score_shift, 2), "limit": _fact(report, "score_limit", 2)}


def _pictures(report: DriftReport) -> str:
    return _(
        "The radiographs look different from those that the model learned from: distance "
        "%(distance)s, and chance alone gives %(limit)s at most in 95 of 100 draws."
    ) % {
        "distance": _plain(report.feature_distance, 1),
        "limit": _plain(report.feature_limit, 1),
    }


def _share(report: DriftReport) -> str:
    return _(
        "The share of positives seems to be %(now)s; it was %(before)s in training. The model's "
        "probabilities may be too high or too low here."
    ) % {"now": _prevalence(report), "before": _percent(report.facts.get("trained_prevalence"))}


_SENTENCES: Final[dict[str, Callable[[DriftReport], str]]] = {
    reasons.SCORES_MOVED: _scores,
    reasons.FEATURES_MOVED: _pictures,
    reasons.PREVALENCE_MOVED: _share,
}


def _note(report: DriftReport) -> str:
    if report.cases < FEWEST:
        return _("Fewer than %(fewest)s radiographs: nothing can be said yet.") % {"fewest": FEWEST}
    if report.facts.get("reference_cases", 0) < FEWEST:
        return _("There is too little to compare with yet.")
    if report.facts.get("reference") == "earlier":
        return _("Compared with what the model read here before: its training set is not known.")
    return ""


def _features(report: DriftReport) -> str:
    if report.feature_distance is None or report.feature_limit is None:
        return NONE
    return _("%(distance)s (limit %(limit)s)") % {
        "distance": _plain(report.feature_distance, 1),
        "limit": _plain(report.feature_limit, 1),
    }


def _prevalence(report: DriftReport) -> str:
    if report.prevalence is None:
        return NONE
    low, high = report.facts.get("prevalence_low"), report.facts.get("prevalence_high")
    if low is None or high is None:
        return _percent(report.prevalence)
    return _("%(value)s (%(low)s to %(high)s)") % {
        "value": _percent(report.prevalence), "low": _percent(low), "high": _percent(high),
    }  # fmt: skip


def _fact(report: DriftReport, name: str, digits: int) -> str:
    value: Any = report.facts.get(name)
    return _plain(value, digits)


def _plain(value: float | None, digits: int) -> str:
    return NONE if value is None else number_format(value, digits)


def _percent(value: float | None) -> str:
    if value is None:
        return NONE
    return _("%(percent)s %%") % {"percent": number_format(100 * value, 0)}
