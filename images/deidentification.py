"""The report of what was taken away at the door, in words: how many elements of which kind."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from pydicom.datadict import dictionary_VR

from images.decoding.report import Element, elements_of

KINDS: Final[dict[str, Promise]] = {
    "hashed": _("Identifiers, replaced by codes of this institution"),
    "shifted": _("Date of the radiograph, moved by a secret number of days"),
    "patient": _("Removed: who the patient is"),
    "people": _("Removed: people, institutions and devices"),
    "dates": _("Removed: dates and times"),
    "uids": _("Removed: numbers of studies, pictures and devices"),
    "private": _("Removed: private elements of the manufacturer"),
    "rest": _("Removed: technique and free text"),
    "kept": _("Kept: the picture and coded facts about it"),
}
BLOCKS: Final[dict[str, Promise]] = {
    "comment": _("Removed: a comment"),
    "curves": _("Removed: curves drawn over the picture"),
    "exif": _("Removed: what the camera or the program wrote (EXIF)"),
    "gps": _("Removed: the place where it was taken (GPS)"),
    "icc": _("Removed: a colour profile (ICC)"),
    "iptc": _("Removed: captions and authors (IPTC)"),
    "more": _("Removed: further elements, too many to list"),
    "other": _("Removed: blocks of an unknown kind"),
    "overlays": _("Removed: overlays drawn over the picture"),
    "preamble": _("Removed: what stood before the beginning of the DICOM file"),
    "second-picture": _("Removed: a second picture"),
    "text": _("Removed: texts"),
    "thumbnail": _("Removed: a small preview picture"),
    "time": _("Removed: the time of the last change"),
    "trailing": _("Removed: what stood behind the end of the picture"),
    "xmp": _("Removed: what programs wrote (XMP)"),
}
_DATES: Final = frozenset({"DA", "DT", "TM"})
_PEOPLE: Final = ("Institution", "Physician", "Operators", "Station", "Manufacturer", "Device")


class Line(NamedTuple):
    """One line of the report; `elements` is 0 where nothing is counted."""

    name: Promise
    elements: int


def lines_of(stored: Mapping[str, Any]) -> list[Line]:
    """The lines that a stored report (`Report.to_json`) has, in a fixed order."""
    counts = Counter(_kind(element) for element in elements_of(stored))
    lines = [Line(name, counts[kind]) for kind, name in KINDS.items() if counts[kind]]
    return lines + [Line(BLOCKS[block], 0) for block in stored.get("blocks", ())]


def _kind(element: Element) -> str:
    if element.action != "removed":
        return element.action
    if element.is_private:
        return "private"
    vr = dictionary_VR(element.number) if element.keyword else ""
    if element.number >> 16 == 0x0010:
        return "patient"
    if vr == "PN" or element.keyword.startswith(_PEOPLE):
        return "people"
    if vr in _DATES:
        return "dates"
    return "uids" if vr == "UI" else "rest"
