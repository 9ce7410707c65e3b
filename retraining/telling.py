"""What pages say about suspicions and previews, in plain words."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import User
from images.models import GroundTruth, Radiograph, Target
from retraining.models import LabelImpact, SuspectedLabel, Suspicion

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

FLAGS: "Final[dict[str, StrOrPromise]]" = {
    "too-few-now": gettext_lazy(
        "Too few cases are labelled so far: at least 20 cases of 10 patients of each class are "
        "needed to compare with."
    ),
    "too-few-after": gettext_lazy(
        "With these labels some class would have fewer than 20 cases or 10 patients."
    ),
    "too-few-untouched": gettext_lazy(
        "Too few labels stay as they are: only those can judge what the others do."
    ),
    "few-positives": gettext_lazy(
        "Fewer than 50 positive cases judge here: take the figures with caution."
    ),
    "no-spread": gettext_lazy(
        "No part of the cases showed any difference. A rare one may still appear."
    ),
    "no-features": gettext_lazy("None of the cases has been through the network yet."),
}


@dataclass(frozen=True)
class SuspectRow:
    """One suspicion as the queue shows it; `other` only where the person may see it."""

    suspect: SuspectedLabel
    label: str
    why: str
    other: Radiograph | None


def suspect_rows(suspects: list[SuspectedLabel], user: User) -> list[SuspectRow]:
    """`suspects` with radiograph, truth (target, class, superseded statement) and other loaded."""
    others = [suspect.other_id for suspect in suspects if suspect.other_id]
    seen = Radiograph.objects.visible_to(user).kept().in_bulk(others)
    said = _said_of(others, {suspect.truth.target for suspect in suspects})
    return [
        SuspectRow(
            suspect,
            _label_of(suspect.truth),
            _why(suspect, said),
            seen.get(suspect.other_id) if suspect.other_id else None,
        )
        for suspect in suspects
    ]


def _said_of(radiographs: list[Any], targets: set[Target]) -> dict[tuple[Any, Any], str]:
    truths = GroundTruth.objects.current().filter(radiograph__in=radiographs, target__in=targets)
    return {
        (truth.radiograph_id, truth.target_id): _label_of(truth)
        for truth in truths.select_related("target_class", "target")
    }


def _label_of(truth: GroundTruth) -> str:
    if truth.is_indeterminate:
        return _("Indeterminate")
    known = truth.target_class
    if known is None:
        return _("Unknown")
    return str(known.get_test_result_display() or known.name)


def _why(suspect: SuspectedLabel, said: dict[tuple[Any, Any], str]) -> str:
    truth = suspect.truth
    match suspect.suspicion:
        case Suspicion.LOSS:
            return _(
                "Models that never saw this patient give this label a chance of %(chance)s."
            ) % {"chance": chance_in_words(suspect)}
        case Suspicion.COPIES:
            other = said.get((suspect.other_id, truth.target_id), _("Unknown"))
            return _("A near-duplicate of this radiograph has another label: %(label)s.") % {
                "label": other
            }
        case _:
            before = _label_of(truth.supersedes) if truth.supersedes else _("Unknown")
            return _(
                "It was “%(before)s” until %(day)s, when the model in service was already trained."
            ) % {"before": before, "day": date_format(truth.created_at, "SHORT_DATE_FORMAT")}


def chance_in_words(suspect: SuspectedLabel) -> str:
    """exp(-loss) as a percentage; below a tenth of a percent it is only said to be less."""
    percent = 100 * math.exp(-suspect.score)
    if percent < 0.1:
        return _("less than %(percent)s %%") % {"percent": number_format(0.1, 1)}
    return _("%(percent)s %%") % {"percent": number_format(percent, 1)}


@dataclass(frozen=True)
class FlipRow:
    radiograph: Radiograph
    before: str
    after: str


@dataclass(frozen=True)
class ImpactTold:
    """A preview that is done, as the page shows it."""

    headline: str
    sentences: list[str]
    warnings: list[str]
    before: str
    after: str
    difference: str
    interval: str
    flips: list[FlipRow]
    flips_count: int
    hidden_flips: int


def told(impact: LabelImpact, user: User) -> ImpactTold:
    """`impact` is done; flipped cases that the person may not see are only counted."""
    result = impact.result
    rows = _flip_rows(impact, user)
    listed = result.get("flipped", [])
    return ImpactTold(
        headline=_headline(result),
        sentences=_sentences(result),
        warnings=_warnings(result),
        before=_area(result.get("auc_before")),
        after=_area(result.get("auc_after")),
        difference=_signed(result.get("difference")),
        interval=_interval(result),
        flips=rows,
        flips_count=result.get("flips", 0),
        hidden_flips=len(listed) - len(rows),
    )


def _headline(result: dict[str, Any]) -> str:
    match result.get("verdict"):
        case "nothing-changes":
            return _("These labels change nothing: they are what is recorded already.")
        case "estimated" if result["low"] > 0:
            return _("A model retrained with these labels would most likely be better.")
        case "estimated" if result["high"] < 0:
            return _("A model retrained with these labels would most likely be worse.")
        case "estimated":
            return _("A retrained model would most likely show no clear difference.")
        case _:
            return _("It cannot be said what these labels would change.")


def _sentences(result: dict[str, Any]) -> list[str]:
    added, changed, removed = (result.get(name, 0) for name in ("added", "changed", "removed"))
    counted = [
        (added, ngettext("%(n)d new label", "%(n)d new labels", added)),
        (
            changed,
            ngettext(
                "%(n)d label that becomes another", "%(n)d labels that become others", changed
            ),
        ),
        (removed, ngettext("%(n)d label taken away", "%(n)d labels taken away", removed)),
    ]
    found = [words % {"n": number} for number, words in counted if number]
    if result.get("verdict") == "estimated":
        judged = ngettext(
            "judged by %(n)d case whose label stays, %(positives)d of them positive",
            "judged by %(n)d cases whose labels stay, %(positives)d of them positive",
            result["n"],
        )
        found.append(judged % {"n": result["n"], "positives": result["positives"]})
    return found


def _warnings(result: dict[str, Any]) -> list[str]:
    found = [str(FLAGS[flag]) for flag in result.get("flags", []) if flag in FLAGS]
    if number := result.get("without_features"):
        sentence = ngettext(
            "%(n)d case has not been through the network yet and is left out.",
            "%(n)d cases have not been through the network yet and are left out.",
            number,
        )
        found.append(sentence % {"n": number})
    if number := result.get("refused"):
        sentence = ngettext(
            "%(n)d radiograph may not train (trash, consent or writing) and is left out.",
            "%(n)d radiographs may not train (trash, consent or writing) and are left out.",
            number,
        )
        found.append(sentence % {"n": number})
    if number := result.get("sealed"):
        sentence = ngettext(
            "%(n)d case belongs to a test patient and is left out.",
            "%(n)d cases belong to test patients and are left out.",
            number,
        )
        found.append(sentence % {"n": number})
    return found


def _flip_rows(impact: LabelImpact, user: User) -> list[FlipRow]:
    listed = impact.result.get("flipped", [])
    names = {each.code: each for each in impact.target.classes.all()}
    visible = Radiograph.objects.visible_to(user).kept().select_related("patient")
    rows = {str(row.pk): row for row in visible.filter(pk__in=[f["radiograph"] for f in listed])}
    return [
        FlipRow(
            rows[flip["radiograph"]], *(_name(names, flip[side]) for side in ("before", "after"))
        )
        for flip in listed
        if flip["radiograph"] in rows
    ]


def _name(names: dict[str, Any], code: str) -> str:
    known = names.get(code)
    return str(known.get_test_result_display() or known.name) if known else code


def _area(value: float | None) -> str:
    return "–" if value is None else number_format(value, 3)


def _signed(value: float | None) -> str:
    if value is None:
        return "–"
    rounded = round(value, 3)
    sign = "+" if rounded > 0 else "−" if rounded < 0 else ""
    return f"{sign}{number_format(abs(rounded), 3)}"


def _interval(result: dict[str, Any]) -> str:
    if result.get("low") is None:
        return ""
    return _("%(low)s to %(high)s") % {
        "low": _signed(result["low"]), "high": _signed(result["high"]),
    }  # fmt: skip
