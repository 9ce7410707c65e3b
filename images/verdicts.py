"""What a file's code means, in one sentence for the person who sent it."""

from typing import Final

from django.conf import settings
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from core.jobs import WORKER_DIED
from images.decoding import DEFAULT
from images.decoding import SENTENCES as OF_DECODING
from images.errors import SENTENCES as OF_RULES
from images.errors import StorageFull

OUT_OF_MEMORY: Final = "out-of-memory"
STORAGE: Final = "storage"
UNEXPECTED: Final = "unexpected"
BYTES_MISSING: Final = "bytes-missing"

# The server's own trouble: the same file may be taken in the next time.
PASSING: Final[dict[str, Promise]] = {
    StorageFull.code: StorageFull.sentence,
    OUT_OF_MEMORY: _("The server ran out of memory. Try again in a few minutes."),
    STORAGE: _("The server could not read or write its disk. Try again in a few minutes."),
    BYTES_MISSING: _("What was sent of this file is not here any more: send it again."),
    "quota-site": OF_RULES["quota-site"],
    "quota-person": OF_RULES["quota-person"],
    WORKER_DIED: _(
        "Looking at this file was interrupted three times. Try again or tell an administrator."
    ),
    UNEXPECTED: _("This file failed for a reason we did not foresee. Tell an administrator."),
}


def sentence_of(code: str) -> Promise | str:
    """One translated sentence for each code; codes of older versions get the general one."""
    if code in OF_DECODING:
        return format_lazy(OF_DECODING[code], **_limits(code))
    return OF_RULES.get(code) or PASSING.get(code) or PASSING[UNEXPECTED]


def _limits(code: str) -> dict[str, int]:
    return {
        "megabytes": settings.MAX_RADIOGRAPH_BYTES // 2**20,
        "megapixels": DEFAULT.max_pixels // 1_000_000,
        "side": DEFAULT.min_side if code == "too-small" else DEFAULT.max_side,
    }


def code_of(problem: Exception) -> str:
    """The code under which a file rests until another try because of `problem`."""
    match problem:
        case StorageFull():
            return StorageFull.code
        case MemoryError():
            return OUT_OF_MEMORY
        case OSError():
            return STORAGE
        case _:
            return UNEXPECTED
