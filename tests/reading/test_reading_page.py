"""What the reading page's script is told, and what it may do: JSON about one's own cases."""

import pytest

from accounts.models import AuditEntry, Deed
from reading.models import CaseState, RadiologicalReading, Turn, TurnState
from reading.services import answer, next_turn, take, undo
from tests.reading import makers
from tests.reading.pages import answer_of_model, of


@pytest.fixture
def ask(sign_in, doctor):
    """`ask("answer", case, finding=...)`: status and JSON, as the doctor."""
    client = sign_in(doctor)

    def asked(name, row, **given):
        response = client.post(of(name, row), given, headers={"accept-language": "en"})
        return response.status_code, response.json()

    return asked


@pytest.fixture
def case(worklist):
    return makers.cases_of(worklist)[0]


def told_of(ask, reading_list):
    return ask("held", reading_list)[1]["cases"]


def test_the_case_and_those_after_it_are_held(ask, worklist, doctor):
    told = told_of(ask, worklist)
    assert [each["case"] for each in told] == [str(c.pk) for c in makers.cases_of(worklist)]
    assert Turn.objects.filter(reader=doctor, state=TurnState.HELD).count() == 3


def test_two_readers_are_never_told_the_same_case(
    ask, sign_in, second_doctor, worklist, site, doctor
):
    makers.add_cases(worklist, makers.make_films(site, doctor, range(10, 13)))
    mine = {each["case"] for each in told_of(ask, worklist)}
    others = sign_in(second_doctor).post(of("held", worklist)).json()["cases"]
    assert mine.isdisjoint(each["case"] for each in others)
    assert len(mine) == len(others) == 3


def test_what_the_page_has_is_not_told_again(sign_in, doctor, worklist):
    first, second, third = makers.cases_of(worklist)
    sent = {"case": [first.pk, third.pk]}
    told = sign_in(doctor).post(of("held", worklist), sent).json()["cases"]
    assert [each["case"] for each in told] == [str(second.pk)]
    assert Turn.objects.filter(reader=doctor, state=TurnState.HELD).count() == 3


def test_the_end_of_a_list_is_said(ask, worklist, doctor, read_by):
    for each in makers.cases_of(worklist):
        read_by(doctor, each)
    status, told = ask("held", worklist)
    assert (status, told["cases"]) == (200, [])
    assert told["sentence"] == "Nothing is left to read on this list."


def test_each_case_that_goes_out_is_in_the_record_of_deeds(ask, worklist, doctor):
    told_of(ask, worklist)
    told_of(ask, worklist)
    seen = AuditEntry.objects.filter(actor=doctor, deed=Deed.SAW, subject="radiograph", way="page")
    films = {each.radiograph_id for each in makers.cases_of(worklist)}
    assert sorted(seen.values_list("subject_id", flat=True)) == sorted(films)


@pytest.mark.parametrize("hides", [True, False])
def test_the_models_answer_goes_out_when_it_may(ask, worklist, case, hides):
    worklist.hides_model = hides
    worklist.save()
    answer_of_model(case.radiograph, worklist.target)
    before = told_of(ask, worklist)[0]["model"]
    assert (before is None) == hides
    after = ask("answer", case, finding="normal")[1]["model"]
    assert (after["state"], "90" in after["says"]) == ("positive", True)


def test_a_case_that_was_taken_back_hides_the_model_again(ask, worklist, case, doctor, read_by):
    answer_of_model(case.radiograph, worklist.target)
    undo(reading=read_by(doctor, case))
    assert told_of(ask, worklist)[0]["model"] is None


@pytest.mark.parametrize("state", ["none", "failed", "pending"])
def test_without_an_answer_of_the_model_there_is_nothing_to_judge(ask, worklist, case, state):
    from inference.models import Prediction

    facts = {"failed": {"status": "failed", "error_code": "storage"}, "pending": {}}
    if state in facts:
        Prediction.objects.create(
            radiograph=case.radiograph, target=worklist.target, **facts[state]
        )
    model = ask("answer", case, finding="normal")[1]["model"]
    assert (model["state"], model["prediction"], model["maps"]) == (state, "", "")
    assert model["says"]


def test_an_answer_is_stored_with_its_reader(ask, worklist, case, doctor):
    told_of(ask, worklist)
    status, told = ask("answer", case, finding="viral-pneumonia", note="left base", seconds="4.5")
    stored = RadiologicalReading.objects.get()
    assert (status, told["reading"]["id"]) == (200, str(stored.pk))
    assert (stored.case, stored.reader) == (case, doctor)
    assert (stored.finding, stored.note, stored.seconds) == ("viral-pneumonia", "left base", 4.5)


def test_an_answer_that_comes_twice_is_one(ask, case):
    first = ask("answer", case, finding="normal")
    again = ask("answer", case, finding="normal")
    assert first[1]["reading"] == again[1]["reading"]
    assert RadiologicalReading.objects.count() == 1


def test_another_answer_from_another_window_is_told_and_nothing_overwritten(ask, case, doctor):
    answer(turn=take(case=case, reader=doctor), finding="normal")
    status, told = ask("answer", case, finding="covid-19")
    assert (status, told["code"], told["reading"]["finding"]) == (
        409,
        "changed-meanwhile",
        "normal",
    )
    assert RadiologicalReading.objects.get().finding == "normal"


def test_a_case_that_somebody_else_took_keeps_the_draft(ask, case, doctor, second_doctor):
    mine = take(case=case, reader=doctor)
    makers.run_out(mine)
    take(case=case, reader=second_doctor)
    status, told = ask("answer", case, finding="covid-19", note="long note")
    assert (status, told["code"]) == (409, "hold-lost")
    mine.refresh_from_db()
    assert mine.draft == {"finding": "covid-19", "note": "long note"}


def test_a_case_that_another_window_gave_back_is_answered_all_the_same(ask, worklist, case):
    told_of(ask, worklist)
    Turn.objects.all().delete()
    assert ask("answer", case, finding="normal")[0] == 200


@pytest.mark.parametrize(
    "given", [{}, {"finding": "healthy"}, {"finding": "normal", "note": "x" * 501}]
)
def test_what_the_page_never_sends_is_refused(sign_in, doctor, case, given):
    assert sign_in(doctor).post(of("answer", case), given).status_code == 400
    assert not RadiologicalReading.objects.exists()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"verdict": "agrees"}, ("agrees", "")),
        ({"verdict": "disagrees", "disagreement": "missed"}, ("disagrees", "missed")),
    ],
)
def test_a_verdict_on_the_model(ask, worklist, case, doctor, read_by, given, expected):
    shown = answer_of_model(case.radiograph, worklist.target)
    reading = read_by(doctor, case)
    status, told = ask("verdict", reading, prediction=shown.pk, **given)
    assert (status, told["reading"]["verdict"], told["reading"]["disagreement"]) == (200, *expected)
    reading.refresh_from_db()
    assert reading.prediction == shown


@pytest.mark.parametrize(
    "given",
    [
        {"verdict": "agrees", "disagreement": "missed"},
        {"verdict": "disagrees"},
        {"verdict": "perhaps"},
    ],
)
def test_half_a_verdict_is_none(sign_in, worklist, case, doctor, read_by, given):
    shown = answer_of_model(case.radiograph, worklist.target)
    reading = read_by(doctor, case)
    sent = {"prediction": shown.pk, **given}
    assert sign_in(doctor).post(of("verdict", reading), sent).status_code == 400


def test_another_radiographs_prediction_cannot_be_judged(sign_in, worklist, doctor, read_by):
    first, second, _ = makers.cases_of(worklist)
    other = answer_of_model(second.radiograph, worklist.target)
    reading = read_by(doctor, first)
    sent = {"verdict": "agrees", "prediction": other.pk}
    assert sign_in(doctor).post(of("verdict", reading), sent).status_code == 400


def test_undo_holds_the_case_again(ask, case, doctor, read_by):
    status, told = ask("undo", read_by(doctor, case))
    assert (status, told["reading"]["finding"]) == (200, "")
    assert Turn.objects.get(case=case).state == TurnState.HELD


def test_undo_that_comes_twice_is_one(ask, case, doctor, read_by):
    reading = read_by(doctor, case)
    assert ask("undo", reading) == ask("undo", reading)
    assert RadiologicalReading.objects.count() == 2


def test_a_correction_keeps_what_was_said(ask, case, doctor, read_by):
    reading = read_by(doctor, case)
    status, told = ask("correct", reading, finding="other", note="", expected=reading.pk)
    assert (status, told["reading"]["finding"]) == (200, "other")
    assert ask("correct", reading, finding="other", note="", expected=reading.pk)[1] == told
    assert list(
        RadiologicalReading.objects.order_by("created_at").values_list("finding", flat=True)
    ) == ["normal", "other"]


def test_a_correction_of_what_changed_is_told(ask, case, doctor, read_by):
    from reading.services import correct

    reading = read_by(doctor, case)
    correct(reading=reading, finding="other")
    status, told = ask("correct", reading, finding="covid-19", expected=reading.pk)
    assert (status, told["reading"]["finding"]) == (409, "other")


def test_a_draft_comes_back_with_its_case(ask, worklist, case, doctor):
    told_of(ask, worklist)
    ask("draft", case, note="half a sentence", finding="")
    makers.run_out(Turn.objects.get(case=case, reader=doctor))
    assert told_of(ask, worklist)[0]["draft"] == {"note": "half a sentence"}


def test_a_skipped_case_comes_last(ask, worklist, case):
    told_of(ask, worklist)
    assert ask("skip", case)[0] == 200
    keys = [each["case"] for each in told_of(ask, worklist)]
    assert keys[-1] == str(case.pk)


def test_a_flagged_case_is_set_aside(ask, worklist, case):
    told_of(ask, worklist)
    ask("flag", case, reason="Two patients on one film")
    case.refresh_from_db()
    assert (case.state, case.flag_reason) == (CaseState.FLAGGED, "Two patients on one film")


def test_a_flag_wants_a_reason(sign_in, doctor, worklist, case):
    assert sign_in(doctor).post(of("flag", case), {"reason": " "}).status_code == 400


def test_a_beat_keeps_cases_and_tells_which_are_lost(sign_in, worklist, doctor, second_doctor):
    first, second, _ = makers.cases_of(worklist)
    kept, lost = (take(case=each, reader=doctor) for each in (first, second))
    for turn in (kept, lost):
        makers.run_out(turn)
    take(case=second, reader=second_doctor)
    sent = {"case": [first.pk, second.pk, "nonsense"]}
    told = sign_in(doctor).post("/reading/held/beat/", sent).json()
    assert list(told["lost"]) == [str(second.pk)]
    assert "Dora" not in str(told)
    kept.refresh_from_db()
    assert kept.held_until > kept.taken_at


def test_leaving_gives_the_cases_back(sign_in, ask, worklist, doctor, second_doctor):
    told = told_of(ask, worklist)
    sign_in(doctor).post("/reading/held/leave/", {"case": [each["case"] for each in told]})
    assert (
        next_turn(reader=second_doctor, reading_list=worklist).case == makers.cases_of(worklist)[0]
    )


def test_a_study_names_no_patient_and_leads_to_no_result(ask, study):
    for told in told_of(ask, study):
        assert told["links"] == {"detail": "", "truth": ""}
        code = makers.cases_of(study)[0].radiograph.patient.code
        assert code not in str(told)


def test_a_closed_study_says_so(ask, study):
    from django.utils import timezone

    study.closed_at = timezone.now()
    study.save()
    status, told = ask("held", study)
    assert (status, told["code"]) == (409, "list-closed")


def test_the_page_knows_what_was_read_in_this_sitting(sign_in, worklist, case, doctor, read_by):
    read_by(doctor, case, "other")
    context = sign_in(doctor).get(of("read", worklist)).context
    assert [(told["case"], told["reading"]["finding"]) for told in context["past"]] == [
        (str(case.pk), "other")
    ]


def test_opening_the_page_holds_nothing(sign_in, worklist, doctor):
    sign_in(doctor).get(of("read", worklist))
    assert not Turn.objects.exists()
