"""Who reads which radiographs, and what they found: lists, turns, readings and studies."""

from reading.models.case import CaseState, ListCase, Rank
from reading.models.lists import ListKind, ListReader, ReaderPart, ReadingList
from reading.models.reading import Disagreement, Finding, ModelVerdict, RadiologicalReading
from reading.models.turn import Turn, TurnState

__all__ = [
    "CaseState",
    "Disagreement",
    "Finding",
    "ListCase",
    "ListKind",
    "ListReader",
    "ModelVerdict",
    "RadiologicalReading",
    "Rank",
    "ReaderPart",
    "ReadingList",
    "Turn",
    "TurnState",
]
