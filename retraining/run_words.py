"""The lines of a run's log as sentences: stored as codes and numbers, read in any language."""

import re
from typing import TYPE_CHECKING, Any, Final

from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from retraining import failures
from retraining.models import RunLine

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

FIGURE: Final = re.compile(r"\d\.\d+")

SENTENCES: "Final[dict[str, StrOrPromise]]" = {
    "started": _("A worker took the run: attempt %(attempt)s."),
    "snapshot": _(
        "List %(snapshot)s frozen: %(train)s cases to train, %(validation)s to validate, %(test)s "
        "to test."
    ),
    "set-aside": _("%(cases)s confirmed cases were left out."),
    "features": _("Features: %(cached)s from the cache, %(made)s made now."),
    "without-features": _("%(cases)s cases have no features and were left out."),
    "training": _("Training %(architecture)s: %(epochs)s epochs at most."),
    "continued": _("Goes on after epoch %(epoch)s."),
    "trained": _("Epoch %(epoch)s was kept; loss on validation %(loss)s."),
    "calibrated": _("Temperature %(temperature)s; operating point %(threshold)s."),
    "vault": _("Test labels opened: look number %(look)s at them."),
    "evaluated": _(
        "On %(patients)s test patients: AUC %(auc)s, sensitivity %(sensitivity)s, specificity "
        "%(specificity)s."
    ),
    "compared": _("AUC on the same cases, of the model in service: %(auc)s."),
    "nothing-to-compare": _("No model is in service: there is nothing to compare it with."),
    "cannot-compare": _("The model in service could not be evaluated on these cases."),
    "relabelled": _("The result of %(cases)s cases changed during the run: the next one takes it."),
    "stored": _("Stored as version %(version)s."),
    "audit": _("The shortcut audit follows by itself."),
    "cancelled": _("Cancelled."),
    "resumed": _("Resumed."),
}


def sentence_of(line: RunLine) -> str:
    """One sentence in the active language; "" for a code of another version."""
    if line.code == "stopped":
        return failures.sentence_of(str(line.facts.get("reason", "")), line.facts)
    sentence = str(SENTENCES.get(line.code, ""))
    try:
        return sentence % {name: _in_words(fact) for name, fact in line.facts.items()}
    except KeyError:
        return ""


def _in_words(fact: Any) -> Any:
    """Numbers as the active language writes them. A figure is text: 1.000 has three digits."""
    if isinstance(fact, int) and not isinstance(fact, bool):
        return number_format(fact, force_grouping=True)
    if isinstance(fact, float) or (isinstance(fact, str) and FIGURE.fullmatch(fact)):
        return number_format(str(fact))
    return fact
