"""What a shortcut audit found, in words for the person who decides about the model."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from retraining.charts.words import NONE, decimal, interval_of
from retraining.models import ShortcutAudit
from retraining.reasons import sentence_of

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# Codes and names of `retraining.ml.shortcut` and `retraining.ml.hiding`, which need numpy alone but
# stay in the worker all the same.
LOOKS: "Final[dict[str, StrOrPromise]]" = {
    "plain": gettext_lazy("Films as they are"),
    "lungs": gettext_lazy("Lungs hidden"),
    "borders": gettext_lazy("Borders hidden"),
}
_REASONS: "Final[dict[str, StrOrPromise]]" = {
    "too-few": gettext_lazy(
        "There are fewer than 5 test patients with or without the positive class: nothing can be "
        "said. Confirm more cases and train again."
    ),
    "answers-without-lungs": gettext_lazy(
        "With the lungs hidden it still tells the classes apart: an AUC of %(auc)s is left, at "
        "most %(limit)s is allowed. It answers from something else, such as markers, borders or "
        "the make of the device."
    ),
    "site-tells-label": gettext_lazy(
        "Institution and class go together (Cramér's V %(association)s), and the institution can "
        "be read from the features (AUC %(site_auc)s). It may answer by the institution: confirm "
        "cases of the classes that an institution lacks."
    ),
}
_WARNINGS: "Final[dict[str, StrOrPromise]]" = {
    "near-limit": gettext_lazy(
        "The AUC with the lungs hidden is below the limit, but its interval reaches above it."
    ),
    "needs-borders": gettext_lazy(
        "With the borders hidden the AUC falls by %(fall)s: part of its answer is at the border."
    ),
    "one-site": gettext_lazy(
        "Whether it can tell institutions apart could not be asked: that takes two institutions "
        "with at least 10 patients each."
    ),
}


@dataclass(frozen=True)
class Look:
    """The AUC on the films under one look; `interval` is empty where it cannot be said."""

    name: "StrOrPromise"
    auc: str
    interval: str


@dataclass(frozen=True)
class AuditWords:
    """`verdict`: "", "passed" or "failed"; `failure` says why it came to no end."""

    audit: ShortcutAudit | None
    verdict: str
    failure: "StrOrPromise"
    looks: list[Look]
    reasons: list[str]
    warnings: list[str]


def words_of(audit: ShortcutAudit | None) -> AuditWords:
    if audit is None:
        return AuditWords(None, "", "", [], [], [])
    failure = sentence_of(audit.error_code) if audit.status == "failed" else ""
    if audit.status != "done":
        return AuditWords(audit, "", failure, [], [], [])
    verdict = "passed" if audit.has_passed else "failed"
    if not audit.result:
        return AuditWords(audit, verdict, "", [], [], [])
    facts = _facts(audit.result)
    return AuditWords(
        audit,
        verdict,
        "",
        [_look(name, audit.result) for name in LOOKS],
        [str(_REASONS[code]) % facts for code in audit.result["reasons"] if code in _REASONS],
        [str(_WARNINGS[code]) % facts for code in audit.result["warnings"] if code in _WARNINGS],
    )


def films_said(audit: ShortcutAudit) -> str:
    """How many films of how many patients it is about."""
    return _("%(films)s films of %(patients)s patients, %(positives)s of them positive.") % {
        name: audit.result[name] for name in ("films", "patients", "positives")
    }


def _look(name: str, result: Mapping[str, Any]) -> Look:
    found = result["auc"][name]
    if found["value"] is None:
        return Look(LOOKS[name], NONE, "")
    return Look(LOOKS[name], decimal(found["value"]), interval_of("auc", found))


def _facts(result: Mapping[str, Any]) -> dict[str, str]:
    return {
        "auc": _said(result["auc"]["lungs"]["value"]),
        "limit": _said(result["limits"]["max_hidden_auc"]),
        "association": _said(result["association"]),
        "site_auc": _said(result["site_auc"]),
        "fall": _said(result["borders_fall"]["value"]),
    }


def _said(value: float | None) -> str:
    return NONE if value is None else decimal(value)
