"""What became of a plan the last time that it was due, in words."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from retraining import reasons
from retraining.models import RetrainingPlan
from retraining.snapshots import words as snapshot_words


def occasions_of(plan: RetrainingPlan) -> list[str]:
    """When it trains, one sentence an occasion; none where it is off."""
    if not plan.is_on:
        return []
    said = []
    if plan.every_days:
        words = ngettext("Every %(n)s day.", "Every %(n)s days.", plan.every_days)
        said.append(words % {"n": plan.every_days})
    if plan.after_cases:
        words = ngettext(
            "After %(n)s new confirmed case.", "After %(n)s new confirmed cases.", plan.after_cases
        )
        said.append(words % {"n": plan.after_cases})
    return said


def skipped_in_words(plan: RetrainingPlan) -> list[str]:
    """Why it did not train: a sentence, and those of the problems behind it; [] where it did."""
    if not plan.skipped:
        return []
    problems = plan.skipped_facts.get("problems", [])
    return [
        str(reasons.sentence_of(plan.skipped)),
        *(str(snapshot_words.sentence_of(each["code"], each["facts"])) for each in problems),
    ]


def state_of(plan: RetrainingPlan | None) -> str:
    """On or off, in one sentence."""
    if plan is None or not plan.is_on:
        return _("Trains only when somebody asks for it.")
    if plan.promotes:
        return _("Trains by itself; a model that meets all rules serves without a person's word.")
    return _("Trains by itself; a person decides whether the model serves.")
