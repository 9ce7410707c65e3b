"""Answers: stated once, by whom it was, and never lost."""

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.audit import Deed
from accounts.models import AuditEntry
from images.models.truth import AppendOnly
from images.services import withdraw_consent
from inference.models import Prediction, StandingOf
from reading.errors import BuiltUpon, CaseAway, ChangedMeanwhile, HoldLost, ListClosed
from reading.models import (
    CaseState,
    Disagreement,
    ModelVerdict,
    RadiologicalReading,
    ReadingList,
    Turn,
    TurnState,
)
from reading.services import (
    adjudicate,
    answer,
    correct,
    give_back,
    judge_model,
    keep_draft,
    next_turn,
    skip,
    take,
)
from tests.reading.makers import cases_of, run_out, stand

Row = RadiologicalReading.objects


@pytest.fixture
def turn(doctor, worklist) -> Turn:
    return next_turn(reader=doctor, reading_list=worklist)


@pytest.fixture
def reading(turn) -> RadiologicalReading:
    return answer(turn=turn, finding="normal", note="clear", seconds=2.5)


@pytest.fixture
def prediction(reading) -> Prediction:
    row = Prediction.objects.create(
        radiograph_id=reading.radiograph_id, target=reading.case.reading_list.target
    )
    standing = stand(reading.radiograph, StandingOf.POSITIVE)
    standing.prediction = row
    standing.save()
    return row


def test_an_answer_is_stored_with_its_reader(turn, doctor, reading):
    assert (reading.reader, reading.case, reading.finding, reading.note, reading.seconds) == (
        doctor, turn.case, "normal", "clear", 2.5
    )  # fmt: skip
    assert (reading.radiograph_id, reading.is_current) == (turn.case.radiograph_id, True)


def test_the_turn_is_answered_and_its_draft_gone(turn):
    keep_draft(turn=turn, draft={"note": "half"})
    answer(turn=turn, finding="normal")
    turn.refresh_from_db()
    assert (turn.state, turn.draft) == (TurnState.ANSWERED, {})
    assert turn.answered_at is not None


def test_the_case_is_read(reading):
    reading.case.refresh_from_db()
    assert (reading.case.state, reading.case.readings_count) == (CaseState.DONE, 1)


def test_a_case_of_a_double_list_is_read_after_two(doctor, second_doctor, double_list, read_by):
    case = cases_of(double_list)[0]
    states = []
    for reader, finding in ((doctor, "normal"), (second_doctor, "covid-19")):
        read_by(reader, case, finding)
        case.refresh_from_db()
        states.append((case.state, case.readings_count))
    assert states == [(CaseState.OPEN, 1), (CaseState.DONE, 2)]


@pytest.mark.parametrize("finding", ["", "pneumothorax"])
def test_an_unknown_finding_is_none(turn, finding):
    with pytest.raises(ValueError):
        answer(turn=turn, finding=finding)
    assert not Row.exists()


def test_an_answer_after_the_hold_ran_out_is_taken_while_the_place_is_free(turn):
    run_out(turn)
    assert answer(turn=turn, finding="normal").finding == "normal"


def test_an_answer_to_what_another_took_and_gave_back_is_taken(turn, second_doctor):
    run_out(turn)
    give_back(turn=take(case=turn.case, reader=second_doctor))
    assert answer(turn=turn, finding="normal").reader == turn.reader


def test_an_answer_to_what_another_took_is_refused_and_kept_as_draft(turn, second_doctor):
    run_out(turn)
    take(case=turn.case, reader=second_doctor)
    with pytest.raises(HoldLost):
        answer(turn=turn, finding="covid-19", note="typed for long")
    turn.refresh_from_db()
    assert (turn.state, turn.draft) == (
        TurnState.LAPSED, {"finding": "covid-19", "note": "typed for long"}
    )  # fmt: skip
    assert not Row.exists()


def test_the_other_reader_of_a_lost_case_answers_it(turn, second_doctor):
    run_out(turn)
    theirs = take(case=turn.case, reader=second_doctor)
    assert answer(turn=theirs, finding="normal").reader == second_doctor


def test_an_answer_to_what_was_given_back_is_taken(turn):
    give_back(turn=turn)
    assert answer(turn=turn, finding="normal").reader == turn.reader


def test_an_answer_to_what_was_passed_over_is_taken(turn):
    skip(turn=turn)
    assert answer(turn=turn, finding="normal").finding == "normal"


def test_the_same_answer_twice_is_one(turn):
    first = answer(turn=turn, finding="normal")
    assert answer(turn=turn, finding="normal") == first
    assert Row.count() == 1


def test_another_answer_from_another_window_overwrites_nothing(turn, reading):
    with pytest.raises(ChangedMeanwhile) as refusal:
        answer(turn=turn, finding="covid-19")
    turn.refresh_from_db()
    assert refusal.value.current == Row.get() == reading
    assert turn.draft == {"finding": "covid-19", "note": ""}


def test_another_answer_that_saw_the_first_supersedes_it(turn, reading):
    second = answer(turn=turn, finding="covid-19", expected=reading.pk)
    reading.refresh_from_db()
    assert (second.supersedes, reading.is_current) == (reading, False)


def test_an_answer_that_expects_what_is_not_there_is_refused(turn):
    with pytest.raises(ChangedMeanwhile):
        answer(turn=turn, finding="normal", expected=turn.pk)


def test_a_case_whose_consent_was_withdrawn_takes_no_answer(turn, doctor):
    withdraw_consent(patient=turn.case.radiograph.patient, by=doctor)
    with pytest.raises(CaseAway):
        answer(turn=turn, finding="normal")
    turn.refresh_from_db()
    assert turn.draft["finding"] == "normal"


def test_a_closed_study_takes_no_answer(doctor, study):
    turn = next_turn(reader=doctor, reading_list=study)
    ReadingList.objects.update(closed_at=timezone.now())
    with pytest.raises(ListClosed):
        answer(turn=turn, finding="normal")


def test_who_is_no_doctor_any_more_answers_nothing(turn, doctor):
    doctor.role = "researcher"
    doctor.save()
    with pytest.raises(PermissionDenied):
        answer(turn=Turn.objects.get(), finding="normal")


def test_an_answer_is_recorded_without_its_note(reading, doctor):
    entry = AuditEntry.objects.get(subject="reading")
    assert (entry.actor, entry.deed, entry.subject_id) == (doctor, Deed.ENTERED, reading.pk)
    assert (entry.before, entry.after) == ({"finding": ""}, {"finding": "normal"})
    assert entry.patient_id == reading.radiograph.patient_id


def test_a_correction_supersedes(reading):
    corrected = correct(reading=reading, finding="viral-pneumonia", note="second look")
    reading.refresh_from_db()
    assert (reading.finding, reading.is_current) == ("normal", False)
    assert (corrected.supersedes, corrected.is_current) == (reading, True)
    entry = AuditEntry.objects.get(subject_id=corrected.pk)
    assert (entry.deed, entry.before, entry.after) == (
        Deed.CHANGED, {"finding": "normal"}, {"finding": "viral-pneumonia"}
    )  # fmt: skip


def test_the_same_correction_adds_nothing(reading):
    assert correct(reading=reading, finding="normal", note="clear") == reading
    assert Row.count() == 1


def test_a_correction_of_what_was_corrected_meanwhile_is_refused(reading):
    second = correct(reading=reading, finding="other")
    with pytest.raises(ChangedMeanwhile) as refusal:
        correct(reading=reading, finding="covid-19")
    assert refusal.value.current == second


def test_what_was_stated_is_never_rewritten(reading):
    reading.finding = "covid-19"
    with pytest.raises(AppendOnly):
        reading.save()
    with pytest.raises(AppendOnly):
        Row.update(finding="covid-19")


def test_after_the_adjudicator_readers_change_nothing(
    doctor, second_doctor, adjudicator, study, read_by
):
    case = cases_of(study)[0]
    mine = read_by(doctor, case, "normal")
    read_by(second_doctor, case, "covid-19")
    adjudicate(case=case, by=adjudicator, finding="covid-19")
    with pytest.raises(BuiltUpon):
        correct(reading=mine, finding="covid-19")
    with pytest.raises(BuiltUpon):
        answer(turn=Turn.objects.get(reader=doctor), finding="other", expected=mine.pk)


def test_a_verdict_on_the_model(reading, prediction):
    judge_model(reading=reading, verdict="disagrees", disagreement="invented")
    reading.refresh_from_db()
    assert (reading.verdict, reading.disagreement, reading.prediction) == (
        ModelVerdict.DISAGREES, Disagreement.INVENTED, prediction
    )  # fmt: skip
    assert (reading.finding, Row.count()) == ("normal", 1)


def test_a_verdict_may_be_said_again(reading, prediction):
    judge_model(reading=reading, verdict="disagrees", disagreement="missed")
    judge_model(reading=reading, verdict="agrees")
    reading.refresh_from_db()
    assert (reading.verdict, reading.disagreement) == (ModelVerdict.AGREES, "")
    before = {"verdict": "disagrees", "disagreement": "missed"}
    assert AuditEntry.objects.filter(subject="reading", before=before).count() == 1


@pytest.mark.parametrize(
    ("verdict", "disagreement"), [("agrees", "missed"), ("perhaps", ""), ("disagrees", "mood")]
)
def test_unknown_verdicts(reading, prediction, verdict, disagreement):
    with pytest.raises(ValueError):
        judge_model(reading=reading, verdict=verdict, disagreement=disagreement)


def test_no_verdict_where_no_model_answered(reading):
    with pytest.raises(ValueError):
        judge_model(reading=reading, verdict="agrees")


def test_no_verdict_on_the_answer_to_another_radiograph(reading, prediction, worklist):
    other = cases_of(worklist)[2].radiograph_id
    elsewhere = Prediction.objects.create(radiograph_id=other, target=prediction.target)
    with pytest.raises(ValueError):
        judge_model(reading=reading, verdict="agrees", prediction=elsewhere)


def test_no_verdict_for_a_finding_that_was_corrected_meanwhile(reading, prediction):
    correct(reading=reading, finding="other")
    with pytest.raises(ChangedMeanwhile):
        judge_model(reading=reading, verdict="agrees")
