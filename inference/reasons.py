"""Why a prediction failed, in words for the person who waits for it."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from core.errors import JobError
from core.jobs import WORKER_DIED
from images.errors import StorageFull

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

FILE_MISSING = "file-missing"
FILE_DAMAGED = "file-damaged"
MODEL_MISSING = "model-missing"
MODEL_REFUSED = "model-refused"
EXTRACTOR_MISSING = "extractor-missing"
OUT_OF_MEMORY = "out-of-memory"
STORAGE = "storage"
NOT_FRONTAL = "not-frontal"
UNEXPECTED = "unexpected"

SENTENCES: "dict[str, StrOrPromise]" = {
    FILE_MISSING: _("The stored file of this radiograph is missing. Upload the radiograph again."),
    FILE_DAMAGED: _("The stored file of this radiograph is damaged. Upload the radiograph again."),
    MODEL_MISSING: _("No model is in service for this question. Tell an administrator."),
    MODEL_REFUSED: _("The model in service does not pass its checks. Tell an administrator."),
    EXTRACTOR_MISSING: _(
        "The weights of the network that the model in service reads with are not on this server. "
        "Tell an administrator."
    ),
    OUT_OF_MEMORY: _("The server ran out of memory. Try again in a few minutes."),
    STORAGE: _("The server could not read or write its disk. Try again in a few minutes."),
    NOT_FRONTAL: _("This image is not a frontal chest radiograph."),
    UNEXPECTED: _("The prediction failed for a reason we did not foresee. Tell an administrator."),
    WORKER_DIED: _(
        "The prediction was interrupted three times. Try again or tell an administrator."
    ),
}


def sentence_of(code: str) -> "StrOrPromise":
    """One translated sentence for each code; codes of older versions get the general one."""
    return SENTENCES.get(code, SENTENCES[UNEXPECTED])


def code_of(problem: Exception) -> str:
    """The code under which a job ends, or rests until another try, because of `problem`."""
    match problem:
        case JobError():
            return problem.code
        case MemoryError():
            return OUT_OF_MEMORY
        case OSError() | StorageFull():
            return STORAGE
        case _:
            return UNEXPECTED
