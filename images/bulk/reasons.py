"""Why a radiograph was left as it is, or an action ended early: stable codes, plain sentences."""

from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

from core.jobs import WORKER_DIED
from images.errors import SENTENCES

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

OUT_OF_REACH: Final = "out-of-reach"
CHANGED: Final = "changed-meanwhile"
NOT_ALLOWED: Final = "not-allowed"
BROKEN: Final = "broken"
BAD_FILTERS: Final = "bad-filters"

REASONS: "Final[dict[str, StrOrPromise]]" = {
    OUT_OF_REACH: _("It is not yours to change, or no longer there."),
    CHANGED: _("Somebody changed it meanwhile: it stays as it is now."),
    NOT_ALLOWED: _("You have no permission for this (any more)."),
    BROKEN: _("Something unexpected went wrong. What was done so far stays done."),
    BAD_FILTERS: _("The filters are not valid any more: choose again in the list."),
    WORKER_DIED: _("The server stopped in the middle several times: try again."),
    "cannot-be-undone": _("This cannot be undone."),
    "other-institution": _("The person belongs to another institution."),
    "not-exportable": _(
        "Only cases confirmed by a test leave the house, without synthetic pictures, withdrawn "
        "consents and writing that nobody has looked at."
    ),
    "nothing-to-ask": _("The model in service has answered already, or nothing is in service."),
    "storage-full": _("The server has no room left: tell an administrator."),
}


def sentence_of(code: str) -> "StrOrPromise":
    """The sentence of a code, also of what the clinical record refuses; "" for no code."""
    if not code:
        return ""
    return REASONS.get(code) or str(SENTENCES.get(code, REASONS[BROKEN]))
