"""Every change of the reading room: who reads what, and what was found."""

from reading.services.answering import answer, correct, judge_model, undo
from reading.services.assigning import assign, flag, put_back
from reading.services.deciding import adjudicate, settle
from reading.services.ranking import rank_cases
from reading.services.rules import change_rules
from reading.services.seeing import SeenReading, readings_of
from reading.services.taking import (
    HOLD,
    extend,
    give_back,
    hold_ahead,
    keep_draft,
    next_turn,
    skip,
    take,
    upcoming,
)
from reading.services.withdrawing import bring_back_cases, withdraw_cases
from reading.services.worklists import (
    fill_worklist,
    keep_worklists,
    place,
    rank_worklists,
    worklist_of,
)

__all__ = [
    "HOLD",
    "SeenReading",
    "adjudicate",
    "answer",
    "assign",
    "bring_back_cases",
    "change_rules",
    "correct",
    "extend",
    "fill_worklist",
    "flag",
    "give_back",
    "hold_ahead",
    "judge_model",
    "keep_draft",
    "keep_worklists",
    "next_turn",
    "place",
    "put_back",
    "rank_cases",
    "rank_worklists",
    "readings_of",
    "settle",
    "skip",
    "take",
    "undo",
    "upcoming",
    "withdraw_cases",
    "worklist_of",
]
