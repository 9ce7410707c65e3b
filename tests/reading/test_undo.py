"""An answer taken back: the history keeps it, and its reader has the case again."""

import pytest
from django.utils import timezone

from accounts.models import AuditEntry
from reading.errors import BuiltUpon, ChangedMeanwhile, HeldByAnother, ListClosed
from reading.models import CaseState, RadiologicalReading, ReadingList, Turn, TurnState
from reading.services import adjudicate, answer, correct, hold_ahead, next_turn, take, undo
from tests.reading.makers import cases_of

Row = RadiologicalReading.objects


@pytest.fixture
def reading(doctor, worklist) -> RadiologicalReading:
    turn = next_turn(reader=doctor, reading_list=worklist)
    return answer(turn=turn, finding="normal", note="clear")


def test_the_finding_is_superseded_by_none(reading):
    undo(reading=reading)
    last = Row.current().get()
    assert (last.finding, last.supersedes) == ("", reading)
    assert Row.count() == 2


def test_the_case_is_to_be_read_again_by_the_same_reader(reading, doctor, second_doctor, worklist):
    undo(reading=reading)
    reading.case.refresh_from_db()
    assert (reading.case.state, reading.case.readings_count) == (CaseState.OPEN, 0)
    assert next_turn(reader=doctor, reading_list=worklist).case == reading.case
    with pytest.raises(HeldByAnother):
        take(case=reading.case, reader=second_doctor)


def test_what_was_undone_comes_before_what_is_held_ahead(doctor, worklist):
    turn = next_turn(reader=doctor, reading_list=worklist)
    hold_ahead(reader=doctor, reading_list=worklist)
    undo(reading=answer(turn=turn, finding="normal"))
    assert next_turn(reader=doctor, reading_list=worklist) == turn


def test_the_note_is_the_draft_again(reading):
    undo(reading=reading)
    turn = Turn.objects.get()
    assert (turn.state, turn.draft, turn.answered_at) == (TurnState.HELD, {"note": "clear"}, None)


def test_an_undone_case_is_answered_anew(reading):
    undo(reading=reading)
    taken_back = Row.current().get()
    again = answer(turn=Turn.objects.get(), finding="covid-19")
    assert again.supersedes == taken_back
    assert [row.finding for row in Row.order_by("created_at")] == ["normal", "", "covid-19"]


def test_undone_twice_is_told(reading):
    undo(reading=reading)
    with pytest.raises(ChangedMeanwhile):
        undo(reading=reading)


def test_what_was_corrected_is_not_undone_by_its_old_page(reading):
    correct(reading=reading, finding="other")
    with pytest.raises(ChangedMeanwhile):
        undo(reading=reading)


def test_an_undo_is_recorded(reading):
    undo(reading=reading)
    entry = AuditEntry.objects.get(subject_id=Row.current().get().pk)
    assert (entry.before, entry.after) == ({"finding": "normal"}, {"finding": ""})


def test_an_undo_in_a_double_list_leaves_the_other_reading(
    doctor, second_doctor, double_list, read_by
):
    case = cases_of(double_list)[0]
    mine, theirs = read_by(doctor, case), read_by(second_doctor, case)
    undo(reading=mine)
    case.refresh_from_db()
    assert (case.state, case.readings_count) == (CaseState.OPEN, 1)
    assert list(Row.current().exclude(finding="")) == [theirs]


def test_what_an_adjudicator_decided_on_stays(doctor, second_doctor, adjudicator, study, read_by):
    case = cases_of(study)[0]
    mine = read_by(doctor, case, "normal")
    read_by(second_doctor, case, "covid-19")
    adjudicate(case=case, by=adjudicator, finding="covid-19")
    with pytest.raises(BuiltUpon):
        undo(reading=mine)


def test_nothing_is_undone_in_a_closed_study(doctor, study, read_by):
    mine = read_by(doctor, cases_of(study)[0])
    ReadingList.objects.update(closed_at=timezone.now())
    with pytest.raises(ListClosed):
        undo(reading=mine)
