"""What reader studies refuse, with the sentence a person reads."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

SENTENCES: Final[Mapping[str, "StrPromise"]] = {
    "few-readers": _("A study needs at least two readers: choose another one."),
    "reader-twice": _("A person reads a study once: choose each reader once."),
    "reader-of-other-site": _(
        "Readers and adjudicators are doctors or administrators of the study's institution, with "
        "an open account."
    ),
    "adjudicator-reads": _("Who decides where readers disagree cannot be one of them."),
    "no-cases": _("The study has no cases: choose at least one radiograph."),
    "many-cases": _("A study has {most} cases at most: choose fewer."),
    "case-of-other-site": _(
        "One of the radiographs is of another institution, or is not here any more: a study is of "
        "one institution."
    ),
    "bad-filters": _("The filters are not valid any more: choose again in the list."),
    "few-positive": _(
        "Only {found} patients with a positive RT-PCR can be drawn, and the sample needs {wanted}: "
        "make it smaller, or take a smaller share of positive cases."
    ),
    "few-negative": _(
        "Only {found} patients with a negative RT-PCR can be drawn, and the sample needs {wanted}: "
        "make it smaller, or take a larger share of positive cases."
    ),
    "has-readings": _(
        "Somebody has read in this study already: it can only be closed, not changed."
    ),
    "closed": _("This study is closed: nothing can be read or changed in it any more."),
}


class StudyRefused(Exception):
    """A study that cannot be made or changed like that.

    `code`: a slug of SENTENCES; `sentence`: its lazily translated sentence, with `figures` filled
    in. Neither names a patient. Raises KeyError for an unknown code.
    """

    def __init__(self, code: str, **figures: Any) -> None:
        super().__init__(code)
        self.code = code
        self.sentence = format_lazy(SENTENCES[code], **figures)
