"""Why a package is not taken in: a code, and its sentence for the person who offered it."""

from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

from core.errors import PermanentError

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

NOT_A_PACKAGE: Final = "not-a-package"
TOO_LARGE: Final = "too-large-package"
UNKNOWN_FILE: Final = "unknown-file"
INCOMPLETE: Final = "incomplete"
DAMAGED: Final = "damaged"
UNSIGNED: Final = "unsigned"
BAD_SIGNATURE: Final = "bad-signature"
UNKNOWN_KEY: Final = "unknown-key"
NOT_LOADABLE: Final = "not-loadable"
NO_TARGET: Final = "no-target"
OTHER_CLASSES: Final = "other-classes"
BAD_FACTS: Final = "bad-facts"

SENTENCES: "Final[dict[str, StrOrPromise]]" = {
    NOT_A_PACKAGE: _(
        "This is no model of a COVID-XR installation, or the file was damaged on its way. Export "
        "it again there."
    ),
    TOO_LARGE: _("The file is larger than any model this version knows. It was not read."),
    UNKNOWN_FILE: _("The file holds something that belongs to no model. Nothing of it was opened."),
    INCOMPLETE: _("Parts of the model are missing in the file. Export it again there."),
    DAMAGED: _(
        "A part of the file is not what its list of checksums says: it was damaged or changed "
        "on its way. Export it again there."
    ),
    UNSIGNED: _("The file is not signed, so that nobody can know where it comes from."),
    BAD_SIGNATURE: _(
        "The signature is not of this content: somebody changed the file after it was signed. "
        "Do not trust it, and tell the people it came from."
    ),
    UNKNOWN_KEY: _(
        "The signature is sound, but of an installation that is not trusted here. Ask there for "
        "its public key, add it, and offer the file again."
    ),
    NOT_LOADABLE: _(
        "The model cannot be used here: its weights are damaged, or it was made for an "
        "architecture, an extractor or a preprocessing that this version does not know."
    ),
    NO_TARGET: _(
        "The model answers a question that does not exist here. Define a target with the same "
        "code and answers first."
    ),
    OTHER_CLASSES: _("The model gives other answers than the target with its code has here."),
    BAD_FACTS: _("What the file says about the model cannot be read."),
}


class PackageRefused(PermanentError):
    """`code` is one of this module; `facts` are numbers and names that a page may show."""

    def __init__(self, code: str, **facts: str) -> None:
        super().__init__(code)
        self.facts = facts
