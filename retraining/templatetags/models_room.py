"""How the pages about models write numbers, codes and spans of time."""

from typing import Any

from django import template
from django.utils.formats import number_format

from retraining import architecture_words, durations
from retraining.charts.words import decimal
from retraining.models import TrainingRun

register = template.Library()


@register.filter
def cell(value: Any) -> str:
    """A cell of a table: three decimals, whole numbers as they are, a dash for nothing."""
    if value is None:
        return "–"
    if isinstance(value, float):
        return decimal(value)
    return number_format(value, 0) if isinstance(value, int) else str(value)


@register.filter
def architecture(code: str) -> str:
    return architecture_words.name_of(code)


@register.filter
def extractor(code: str) -> str:
    return architecture_words.extractor_name(code)


@register.filter
def recipe(run: TrainingRun | None) -> list[tuple[str, str]]:
    """What a person asked for that differs from the usual recipe: name and value."""
    return architecture_words.asked_in_words(run.spec) if run else []


@register.filter
def duration(seconds: float | None) -> str:
    return durations.in_words(seconds)


@register.filter
def short_hash(digest: str) -> str:
    """Enough of a hash to tell it from any other here."""
    return digest[:12]
