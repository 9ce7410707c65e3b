"""What the gate found, in words for the person who wants to put a model in service."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from retraining.promotion import gate

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

NAMES: "Final[dict[str, StrOrPromise]]" = {
    gate.EVALUATED: gettext_lazy("Evaluated on this installation's test patients"),
    gate.NOT_WORSE: gettext_lazy("Not worse than the model in service"),
    gate.SENSITIVITY: gettext_lazy("Sensitivity"),
    gate.SPECIFICITY: gettext_lazy("Specificity"),
    gate.AUDIT: gettext_lazy("Shortcut audit"),
    gate.SHADOW: gettext_lazy("Tried in the shadow"),
}

_AUDIT: "Final[dict[str, StrOrPromise]]" = {
    gate.PASSED: gettext_lazy("The shortcut audit was passed."),
    gate.FAILED: gettext_lazy(
        "The shortcut audit was not passed: it may look at something else than the lungs."
    ),
    gate.WAITING: gettext_lazy("It waits for the shortcut audit, which is under way."),
    gate.STOPPED: gettext_lazy("The shortcut audit did not come to an end. Start it again."),
    gate.MISSING: gettext_lazy("There was no shortcut audit yet. Start it."),
}


def name_of(rule: str) -> str:
    return str(NAMES.get(rule, rule))


def sentence_of(result: "gate.RuleResult") -> str:
    """One sentence for each rule, met or not; a rule of a later version is named as it is."""
    said = _SENTENCES.get(result.rule)
    return said(result) if said else result.rule


def _evaluated(result: "gate.RuleResult") -> str:
    if not isinstance(result.found, (int, float)):
        return _("It was never evaluated on this installation's test patients. Evaluate it.")
    number = int(result.found)
    words = ngettext(
        "It was evaluated on %(n)s test radiograph.",
        "It was evaluated on %(n)s test radiographs.",
        number,
    )
    return words % {"n": number_format(number, force_grouping=True)}


def _not_worse(result: "gate.RuleResult") -> str:
    match result.found:
        case gate.FIRST:
            return _("No model serves yet, so there is nothing to compare it with.")
        case gate.MISSING:
            return _("It was not compared with the model in service. Evaluate it again.")
        case gate.OTHER_MODEL:
            return _(
                "It was compared with a model that no longer serves. Evaluate it again, so that "
                "it is compared with the one in service."
            )
    return _(
        "AUC against the model in service, on the same test patients: %(found)s. "
        "At least %(wanted)s is asked for."
    ) % {"found": _signed(result.found), "wanted": _signed(result.wanted)}


def _figure(result: "gate.RuleResult") -> str:
    if result.found == gate.MISSING:
        return _("The test patients do not say: a class is missing among them.")
    return _("%(found)s at the operating point. At least %(wanted)s is asked for.") % {
        "found": _percent(result.found), "wanted": _percent(result.wanted),
    }  # fmt: skip


def _audit(result: "gate.RuleResult") -> str:
    return str(_AUDIT.get(str(result.found), _AUDIT[gate.STOPPED]))


def _shadow(result: "gate.RuleResult") -> str:
    if result.found == gate.FIRST:
        return _("No model serves yet, so there is no shadow to try it in.")
    return _("It has scored %(found)s of %(wanted)s radiographs in the shadow.") % {
        "found": number_format(result.found or 0, force_grouping=True),
        "wanted": number_format(result.wanted or 0, force_grouping=True),
    }


_SENTENCES: "Final[dict[str, Callable[[gate.RuleResult], str]]]" = {
    gate.EVALUATED: _evaluated,
    gate.NOT_WORSE: _not_worse,
    gate.SENSITIVITY: _figure,
    gate.SPECIFICITY: _figure,
    gate.AUDIT: _audit,
    gate.SHADOW: _shadow,
}


def _percent(value: float | str | None) -> str:
    if not isinstance(value, (int, float)):
        return "–"
    return _("%(percent)s %%") % {"percent": number_format(round(100 * value, 1), 1)}


def _signed(value: float | str | None) -> str:
    if not isinstance(value, (int, float)):
        return "–"
    rounded = round(value, 3)
    sign = "+" if rounded > 0 else "−" if rounded < 0 else ""
    return f"{sign}{number_format(abs(rounded), 3)}"
