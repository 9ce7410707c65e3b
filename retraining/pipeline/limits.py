"""What a model's card and pages must say against it: sentences in both languages."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.utils import translation
from django.utils.translation import gettext_lazy as _

from retraining.models import DatasetSnapshot
from retraining.snapshots import words as snapshot_words

RESEARCH_ONLY = _(
    "For research only. It is not a diagnosis and replaces neither the confirming test nor a "
    "doctor's judgement."
)


def limits_of(snapshot: DatasetSnapshot) -> tuple[dict[str, str], ...]:
    """One {"es", "en"} for each flag of the snapshot, and the one that holds for all."""
    flags = [_in_both(partial(_of_flag, flag)) for flag in snapshot.flags]
    return (*flags, _in_both(lambda: str(RESEARCH_ONLY)))


def _of_flag(flag: dict[str, Any]) -> str:
    return snapshot_words.sentence_of(flag["code"], flag["facts"])


def _in_both(write: Callable[[], str]) -> dict[str, str]:
    return {language: _in(language, write) for language in ("es", "en")}


def _in(language: str, write: Callable[[], str]) -> str:
    with translation.override(language):
        return write()
