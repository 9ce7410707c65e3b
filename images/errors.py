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
    "test-too-early": _("The date of the test is before 1900: check the year."),
    "test-before-birth": _(
        "On this day the patient was not born yet: check the date of the test, and the age and the "
        "date of the radiograph."
    ),
    "class-of-other-target": _("This result does not belong to this test."),
    "no-such-file": _("The file is not in the folder."),
    "batch-closed": _("This batch was cancelled or deleted: begin a new one."),
    "batch-full": _("This batch has as many files as one can hold: begin a new one."),
    "file-closed": _("This file is finished or was cancelled: retry it before sending it again."),
    "cannot-retry": _("This file came in an archive that is not here any more: send that again."),
    "out-of-step": _("These bytes do not continue what has arrived: go on from there."),
    "part-too-large": _("This part is too large: send the file in smaller parts."),
    "bundle-too-large": _(
        "This is too much at once: send at most 64 files and 16 MB together, and larger files in "
        "parts."
    ),
    "larger-than-announced": _("More bytes were sent than the file was announced with."),
    "length-required": _("Say in the header Content-Length how many bytes you send."),
    "bad-offset": _("Say in the header Upload-Offset, as a number, where the bytes begin."),
    "arrived-damaged": _("The file arrived damaged and was thrown away: send it again."),
    "covered-twin": _(
        "Your institution already has a radiograph with just these pixels, so this one stays as it "
        "is: move one of the two to the trash."
    ),
    "pixels-changed": _("Somebody covered a part of this radiograph meanwhile: look at it again."),
    "not-allowed": _("You may not bring this in for this institution (any more)."),
    "archive-damaged": _("The archive is damaged and cannot be read. Make it again."),
    "archive-empty": _("The archive is empty."),
    "archive-many-files": _("The archive holds too many files: make several smaller ones."),
    "archive-bomb": _("The archive grows too much when it is unpacked, so it was refused."),
    "member-archive": _("An archive inside an archive is not opened: send it on its own."),
    "member-link": _("This is a link to another file and not a file: send the file itself."),
    "member-encrypted": _("The archive asks for a password: make one without."),
    "member-method": _("This file is compressed in a way that is not read: use a plain ZIP."),
    "member-damaged": _("This file is damaged inside the archive. Make the archive again."),
    "member-table": _("A table inside an archive is not read: send it as a table, on its own."),
    "dicom-directory": _("A DICOMDIR is only a list of files: the files themselves are taken."),
    "same-patient": _("This is the same patient: choose another one."),
    "other-site": _("Patients of two institutions cannot be merged."),
    "patient-gone": _(
        "One of the two patients is not here any more: somebody merged or removed it."
    ),
    "other-sex-in-merge": _("The two patients have different sexes: choose which one is right."),
    "quota-site": _(
        "The room of your institution for radiographs is used up. Nothing was stored: ask an "
        "administrator for more room, or delete what is not needed."
    ),
    "quota-person": _(
        "Your own room for radiographs is used up. Nothing was stored: ask an administrator for "
        "more room, or delete what is not needed."
    ),
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

# A quota is no 413: a smaller file would not help for long, and clients wait after a 507.
_STATUS: Final = {
    "length-required": 411, "arrived-damaged": 422, "batch-closed": 409, "file-closed": 409,
    "cannot-retry": 409, "out-of-step": 409, "part-too-large": 413, "larger-than-announced": 413,
    "bundle-too-large": 413,
    "too-large-file": 413, "quota-site": 507, "quota-person": 507, StorageFull.code: 507,
    "too-large-table": 413, "rows-refused": 409, "conflicts-open": 409, "table-gone": 409,
}  # fmt: skip


def http_status(refusal: Unreadable | Refused | StorageFull) -> int:
    """The HTTP status of a refusal: 413, 507 (RFC 4918), otherwise 400."""
    return _STATUS.get(refusal.code, 400)
