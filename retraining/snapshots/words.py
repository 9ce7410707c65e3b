"""What is found in a list of cases, in words for the person who wants to train with it."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from retraining.models import Split

Facts = Mapping[str, Any]


def sentence_of(code: str, facts: Facts) -> str:
    """One sentence or two in the active language; a code of another version is shown as it is."""
    write = SENTENCES.get(code)
    if write is None:
        return code
    try:
        return write(facts)
    except (KeyError, ValueError):
        return code


def reason_of(code: str) -> str:
    """Why cases were set aside, as the heading of their number."""
    write = REASONS.get(code)
    return write() if write else code


def _written(facts: Facts, decimals: int) -> dict[str, Any]:
    """Fractions as the active language writes them."""
    return {
        name: number_format(round(fact, decimals), decimals) if isinstance(fact, float) else fact
        for name, fact in facts.items()
    }


def _no_labels(facts: Facts) -> str:
    return _(
        "No radiograph has a confirmed result that may train a model. Enter results of the "
        "confirming test first."
    )


def _one_class(facts: Facts) -> str:
    return _(
        "All %(cases)s cases have the same result (%(class)s). A model needs cases of every class."
    ) % dict(facts)


def _one_patient(facts: Facts) -> str:
    return _(
        "All %(cases)s radiographs belong to one patient, or to patients whose radiographs are "
        "copies of one another. A model needs many patients."
    ) % dict(facts)


def _too_few(facts: Facts) -> str:
    values = {**facts, "split": Split(facts["split"]).label}
    return (
        _(
            "Too few patients with the result %(class)s in the part “%(split)s”: %(patients)s, and "
            "%(wanted)s are needed. Confirm more cases, or lower the number in the rules of this "
            "target."
        )
        % values
    )


def _leak(facts: Facts) -> str:
    return _(
        "Some patients or pictures would be both trained and tested with: %(groups)s groups of "
        "patients, %(patients)s patients, %(pictures)s pictures. Tell an administrator of the "
        "server; nothing can be trained until this is repaired."
    ) % dict(facts)


def _confounded_site(facts: Facts) -> str:
    return _(
        "The result goes together with the institution: Cramér's V is %(v)s and the limit "
        "%(limit)s. A model would learn to tell hospitals apart. Add cases of every class from "
        "each institution."
    ) % _written(facts, 2)


def _confounded_source(facts: Facts) -> str:
    return _(
        "The result goes together with the source of the radiographs: Cramér's V is %(v)s "
        "(%(corrected)s without bias). A model may learn to tell sources apart: look at the "
        "shortcut audit."
    ) % _written(facts, 2)


def _confounded_view(facts: Facts) -> str:
    return _(
        "The result goes together with the view: Cramér's V is %(v)s (%(corrected)s without "
        "bias). A model may learn to tell views apart."
    ) % _written(facts, 2)


def _one_site(facts: Facts) -> str:
    return _("All cases are of one institution. How the model does elsewhere cannot be said.")


def _imbalance(facts: Facts) -> str:
    return _(
        "The largest class has %(rho)s times the cases of the smallest. How they are "
        "balanced can be chosen among the options."
    ) % _written(facts, 1)


def _small_validation(facts: Facts) -> str:
    return ngettext(
        "Validation has %(patients)s patient only. The operating point and the calibration are "
        "uncertain below %(wanted)s.",
        "Validation has %(patients)s patients only. The operating point and the calibration are "
        "uncertain below %(wanted)s.",
        facts["patients"],
    ) % dict(facts)


def _small_test(facts: Facts) -> str:
    return ngettext(
        "The test has %(patients)s patient with the result %(class)s. Intervals are wide below "
        "%(wanted)s.",
        "The test has %(patients)s patients with the result %(class)s. Intervals are wide below "
        "%(wanted)s.",
        facts["patients"],
    ) % dict(facts)


def _set_aside(facts: Facts) -> str:
    return ngettext(
        "%(cases)s case is set aside: its patients turned out to belong together after they had "
        "been put in different parts.",
        "%(cases)s cases are set aside: their patients turned out to belong together after they "
        "had been put in different parts.",
        facts["cases"],
    ) % dict(facts)


def _not_compared(facts: Facts) -> str:
    return ngettext(
        "%(cases)s radiograph has not been compared with the others yet. A copy of it may stand in "
        "another part.",
        "%(cases)s radiographs have not been compared with the others yet. Copies of them may "
        "stand in other parts.",
        facts["cases"],
    ) % dict(facts)


def _contradicting(facts: Facts) -> str:
    return ngettext(
        "%(pictures)s picture is there several times with different results. Look at it among the "
        "suspected labels.",
        "%(pictures)s pictures are there several times with different results. Look at them among "
        "the suspected labels.",
        facts["pictures"],
    ) % dict(facts)


SENTENCES: Final[dict[str, Callable[[Facts], str]]] = {
    "no-labels": _no_labels,
    "one-class": _one_class,
    "one-patient": _one_patient,
    "too-few-patients": _too_few,
    "leak": _leak,
    "confounded-site": _confounded_site,
    "confounded-source": _confounded_source,
    "confounded-view": _confounded_view,
    "one-site": _one_site,
    "imbalance": _imbalance,
    "small-validation": _small_validation,
    "small-test": _small_test,
    "set-aside": _set_aside,
    "not-compared": _not_compared,
    "contradicting": _contradicting,
}

REASONS: Final[dict[str, Callable[[], str]]] = {
    "no-class": lambda: _("No result, or one that is unknown or indeterminate"),
    "trashed": lambda: _("In the trash"),
    "consent-withdrawn": lambda: _("Consent withdrawn"),
    "writing-suspected": lambda: _("Writing in the picture waits to be looked at"),
    "no-dates": lambda: _("The day of the sample or of the radiograph is unknown"),
    "too-many-days": lambda: _("Too many days between the sample and the radiograph"),
    "synthetic": lambda: _("Drawn, not taken of a person"),
    "lateral": lambda: _("Lateral view"),
    "split-conflict": lambda: _("Patients in two parts who belong together"),
}
