"""What the reading room refuses: the sentence a person reads, the HTTP status it becomes."""

from typing import TYPE_CHECKING, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from reading.models import RadiologicalReading


class ReadingRefused(Exception):
    """A step against the rules of a list. `code`: a stable slug; nothing here names a patient."""

    code: ClassVar[str] = "refused"
    sentence: ClassVar[Promise]
    status: ClassVar[int] = 409

    def __init__(self) -> None:
        super().__init__(self.code)


class NothingLeft(ReadingRefused):
    """No case of the list waits for this reader now."""

    code = "nothing-left"
    sentence = _("Nothing is left to read on this list.")
    status = 404


class HeldByAnother(ReadingRefused):
    """All places of the case are taken by other readers."""

    code = "held-by-another"
    sentence = _("Another doctor is reading this case or has read it.")


class HoldLost(ReadingRefused):
    """The hold ran out and somebody else took the case meanwhile. The draft is on the turn."""

    code = "hold-lost"
    sentence = _(
        "Your time for this case ran out and another doctor took it. What you typed is kept, but "
        "it does not count as a reading."
    )


class AlreadyRead(ReadingRefused):
    """The reader has answered this case: a change is a correction."""

    code = "already-read"
    sentence = _("You have read this case already.")


class ListClosed(ReadingRefused):
    code = "list-closed"
    sentence = _("This study is closed: nothing can be read or changed in it any more.")


class CaseAway(ReadingRefused):
    """Withdrawn (consent, trash) or set aside; nobody reads it meanwhile."""

    code = "case-away"
    sentence = _("This case was withdrawn or set aside and cannot be read now.")


class BuiltUpon(ReadingRefused):
    """An adjudicator has decided on it: the finding stays."""

    code = "built-upon"
    sentence = _("An adjudicator has already decided on this case: the finding stays as it is.")


class NotAReader(ReadingRefused):
    """The person may not read the cases of this list."""

    code = "not-a-reader"
    sentence = _("This person does not read the cases of this list.")
    status = 400


class ChangedMeanwhile(ReadingRefused):
    """`current` is another row than the one that the writer looked at; nothing was overwritten."""

    code = "changed-meanwhile"
    sentence = _(
        "This case was saved meanwhile, in another window or by another person. Nothing was "
        "overwritten: look at what stands now."
    )

    def __init__(self, current: "RadiologicalReading | None") -> None:
        super().__init__()
        self.current = current
