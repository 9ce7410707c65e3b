"""What became of an offered model, in words."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from core.jobs import JobStatus
from retraining import reasons
from retraining.models import ModelImport
from retraining.transfer import refusals

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class ImportLine:
    """One offered file as the page shows it."""

    offered: ModelImport
    sentence: "StrOrPromise"
    # Of the key that signed it: "" where nothing is known of it yet, or nothing can be believed.
    signer: str
    fingerprint: str


def line_of(offered: ModelImport) -> ImportLine:
    facts = offered.facts
    fingerprint = str(facts.get("fingerprint", ""))
    return ImportLine(offered, _sentence(offered), _signer(offered), fingerprint)


def _sentence(offered: ModelImport) -> "StrOrPromise":
    if offered.status == JobStatus.QUEUED:
        return _("The file waits for a worker")
    if offered.status == JobStatus.RUNNING:
        return _("The file is being looked at")
    if offered.status == JobStatus.FAILED:
        known = refusals.SENTENCES.get(offered.error_code)
        return known or reasons.sentence_of(offered.error_code)
    if offered.status == JobStatus.CANCELLED:
        return _("It was stopped. Nothing was changed.")
    if offered.facts.get("was_here"):
        return _("This very model was here already. Nothing was changed.")
    return _("The model is in the registry. It serves nobody before it meets the rules here.")


def _signer(offered: ModelImport) -> str:
    if offered.facts.get("is_own"):
        return _("Signed by this installation")
    if name := offered.facts.get("signed_by"):
        return _("Signed by %(name)s") % {"name": name}
    return _("Signed by an installation that is not trusted here") if offered.facts else ""
