"""Why a label check or a preview ended without a full answer, in words for the person who waits."""

from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

from core.jobs import WORKER_DIED

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

TOO_FEW: Final = "too-few"
BAD_FEATURES: Final = "bad-features"
OUT_OF_MEMORY: Final = "out-of-memory"
STORAGE: Final = "storage"
UNEXPECTED: Final = "unexpected"

SENTENCES: "Final[dict[str, StrOrPromise]]" = {
    TOO_FEW: _(
        "There are too few confirmed cases of some class to judge labels by: at least 20 cases of "
        "10 patients in each are needed. Near-duplicates and changed results were looked for all "
        "the same."
    ),
    BAD_FEATURES: _("The cached features cannot be learnt from. Tell an administrator."),
    OUT_OF_MEMORY: _("The server ran out of memory. Try again in a few minutes."),
    STORAGE: _("The server could not read its disk. Try again in a few minutes."),
    UNEXPECTED: _("It failed for a reason we did not foresee. Tell an administrator."),
    WORKER_DIED: _("It was interrupted three times. Try again or tell an administrator."),
}


def sentence_of(code: str) -> "StrOrPromise":
    """One translated sentence for each code; codes of older versions get the general one."""
    return SENTENCES.get(code, SENTENCES[UNEXPECTED])


def code_of(problem: Exception) -> str:
    """The code under which a job ends, or rests until another try, because of `problem`."""
    match problem:
        case MemoryError():
            return OUT_OF_MEMORY
        case OSError():
            return STORAGE
        case _:
            return UNEXPECTED
