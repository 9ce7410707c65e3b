"""Spans of time as people say them."""

from typing import Final

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

_MINUTE: Final = 60
_HOUR: Final = 3600


def in_words(seconds: float | None) -> str:
    """`4.2 s`, `3 minutes`, `1 h 20 min`; a dash where nobody knows."""
    if seconds is None:
        return "–"
    if seconds < 10:
        return _("%(number)s s") % {"number": number_format(round(seconds, 1), 1)}
    if seconds < 2 * _MINUTE:
        return _("%(number)s s") % {"number": number_format(round(seconds), 0)}
    if seconds < _HOUR:
        minutes = round(seconds / _MINUTE)
        return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    hours, rest = divmod(round(seconds / _MINUTE), 60)
    return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": rest}
