"""What became of each element of a DICOM file."""

from __future__ import annotations

from typing import Final

from pydicom.datadict import get_entry, tag_for_keyword

from images.decoding.dicom_file import PICTURE, Elements
from images.decoding.facts import KEYWORDS_OF_FACT, Facts
from images.decoding.identity import Identity
from images.decoding.report import Action, Block, Report

_HASHED: Final = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
PATIENT_KEYWORDS: Final = ("PatientID", "IssuerOfPatientID")


def report_of(elements: Elements, facts: Facts, identity: Identity) -> Report:
    """Say of each element whether it was kept, hashed, shifted or removed."""
    actions: dict[int, Action] = {tag: "removed" for tag in elements.tags if _is_listed(tag)}
    changes: dict[Action, tuple[str, ...]] = {
        "kept": (*PICTURE, *_kept_facts(facts)),
        "hashed": (*_HASHED, *(PATIENT_KEYWORDS if identity.names_patient else ())),
        "shifted": (identity.day_keyword,) if identity.day_keyword else (),
    }
    report = Report(actions, _blocks(elements))
    for action, keywords in changes.items():
        report = report.with_action(tags_of(keywords), action)
    return report


def tags_of(keywords: tuple[str, ...]) -> list[int]:
    """Tags as numbers; a keyword that does not exist is a mistake and raises KeyError."""
    tags = {keyword: tag_for_keyword(keyword) for keyword in keywords}
    if None in tags.values():
        raise KeyError([keyword for keyword, tag in tags.items() if tag is None])
    return [tag for tag in tags.values() if tag is not None]


def _kept_facts(facts: Facts) -> list[str]:
    return [
        keyword
        for fact, keywords in KEYWORDS_OF_FACT.items()
        if facts.get(fact) not in (None, "")
        for keyword in keywords
    ]


def _is_listed(tag: int) -> bool:
    """Private elements and those of the standard; four bytes of rubbish could be anybody's text."""
    return not _is_drawing(tag) and (bool(tag >> 16 & 1) or _is_known(tag))


def _is_known(tag: int) -> bool:
    try:
        return bool(get_entry(tag))
    except KeyError:
        return False


def _is_drawing(tag: int) -> bool:
    """Overlays (60xx) and curves (50xx), which repeat and are told of as one."""
    return tag >> 24 in (0x50, 0x60) and not tag >> 16 & 1


def _blocks(elements: Elements) -> tuple[Block, ...]:
    groups = {tag >> 24 for tag in elements.tags if _is_drawing(tag)}
    unknown = any(not _is_drawing(tag) and not _is_listed(tag) for tag in elements.tags)
    there: dict[Block, bool] = {
        "preamble": elements.has_preamble,
        "overlays": 0x60 in groups,
        "curves": 0x50 in groups,
        "other": unknown,
        "trailing": elements.has_more,
    }
    return tuple(block for block, is_there in there.items() if is_there)
