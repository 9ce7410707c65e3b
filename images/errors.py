"""What the images room refuses, with the sentence a person reads and the HTTP status it becomes."""

from typing import ClassVar, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from images.decoding.reasons import Unreadable

SENTENCES: Final[dict[str, Promise]] = {
    "bad-name": _(
        "The name of the file is too long or points outside its folder: rename the file and send "
        "it again."
    ),
    "bad-patient-code": _(
        "The patient code holds only letters, digits and . _ - / (64 at most), and begins with a "
        "letter or a digit."
    ),
    "other-sex": _(
        "This patient is already recorded with another sex: check the patient code or the sex."
    ),
    "film-in-future": _("The date of the radiograph is in the future."),
    "test-in-future": _("The date of the test is in the future."),
    "class-of-other-target": _("This result does not belong to this test."),
    "no-such-file": _("The file is not in the folder."),
}


class Refused(Exception):
    """A request against a rule of the clinical record.

    ``code`` is a stable slug of :data:`SENTENCES`; ``sentence`` its lazily translated sentence.
    Neither holds patient data. Raises KeyError for an unknown code.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
        self.sentence = SENTENCES[code]


class StorageFull(Exception):
    """The disk (ENOSPC) or the quota (EDQUOT) is used up; nothing of the file was kept."""

    code: ClassVar[str] = "storage-full"
    sentence: ClassVar[Promise] = _(
        "The server has no room left for radiographs. Nothing was stored: tell an administrator."
    )


# What `store_radiograph` raises on purpose; all have `code` and `sentence`.
REFUSALS: Final = (Unreadable, Refused, StorageFull)

_STATUS: Final = {"too-large-file": 413, StorageFull.code: 507}


def http_status(refusal: Unreadable | Refused | StorageFull) -> int:
    """The HTTP status of a refusal: 413, 507 (RFC 4918), otherwise 400."""
    return _STATUS.get(refusal.code, 400)
