"""Every statement of ground truth stays readable: who said it, where it came from, what it says."""

from datetime import date

import pytest

from accounts.models import AuditEntry
from images.errors import Refused
from images.models import GroundTruth
from images.services import (
    ChangedMeanwhile,
    TruthSource,
    delete_for_good,
    record_truth,
    record_truths,
    trash,
    truth_given,
)
from images.signals import truth_stated
from tests import factories

DAY = date(2020, 4, 1)


def state(film, result="positive", by=None, **facts):
    return factories.state_truth(film, result, by=by, **facts)


def test_all_that_was_said_is_kept(own_film, doctor):
    source = TruthSource("ab" * 32, 17)
    row = state(
        own_film, "indeterminate", by=doctor, tested_on=DAY, laboratory=" Central ", kit="N1/N2",
        reason="read again", source=source,
    )  # fmt: skip
    now = GroundTruth.objects.get(pk=row.pk)
    assert (now.result, now.tested_on, now.target_class) == ("indeterminate", DAY, None)
    assert (now.laboratory, now.kit, now.reason) == ("Central", "N1/N2", "read again")
    assert (now.source_sha256, now.source_row, now.entered_by) == ("ab" * 32, 17, doctor)


def test_indeterminate_confirms_nothing(film):
    state(film, "indeterminate")
    film.refresh_from_db()
    assert (film.rt_pcr, film.is_confirmed) == ("indeterminate", False)


def test_unknown_takes_an_indeterminate_result_back(film):
    state(film, "indeterminate")
    state(film, "unknown")
    film.refresh_from_db()
    assert (film.rt_pcr, film.truths.current().get().result) == ("", "unknown")


def test_what_is_not_said_stays_for_the_same_sample(film):
    state(film, "positive", tested_on=DAY, laboratory="Central", kit="N1")
    row = state(film, "negative", tested_on=DAY)
    assert (row.laboratory, row.kit) == ("Central", "N1")


def test_another_sample_begins_anew(film):
    state(film, "positive", tested_on=DAY, laboratory="Central", kit="N1")
    row = state(film, "negative", tested_on=date(2020, 4, 9))
    assert (row.laboratory, row.kit) == ("", "")


def test_a_reason_alone_is_no_statement(film):
    before = film.truths.get()
    assert state(film, "positive", reason="looked twice") == before
    assert film.truths.count() == 1


@pytest.mark.parametrize(("name", "value"), [("laboratory", "Other"), ("kit", "Other")])
def test_another_laboratory_or_kit_is_one(film, name, value):
    before = film.truths.get()
    row = state(film, "positive", **{name: value})
    assert (row.supersedes, getattr(row, name)) == (before, value)


@pytest.mark.parametrize(
    ("tested_on", "code"),
    [(date(1899, 12, 31), "test-too-early"), (date(1989, 3, 31), "test-before-birth")],
)
def test_impossible_days_are_refused(own_film, doctor, tested_on, code):
    own_film.acquired_on, own_film.age_years = DAY, 30
    with pytest.raises(Refused, match=code):
        state(own_film, by=doctor, tested_on=tested_on)
    assert not own_film.truths.exists()


def test_nothing_of_several_is_kept_where_one_is_before_birth(own_film, doctor, covid):
    own_film.acquired_on, own_film.age_years = DAY, 30
    truths = [
        truth_given(target=covid, result="positive"),
        truth_given(target=covid, result="negative", tested_on=date(1950, 1, 1)),
    ]
    with pytest.raises(Refused, match="test-before-birth"):
        record_truths(radiograph=own_film, truths=truths, entered_by=doctor)
    assert not own_film.truths.exists()
    assert not AuditEntry.objects.filter(subject="truth").exists()


def test_each_statement_is_recorded_with_both_values(own_film, doctor):
    state(own_film, "positive", by=doctor, tested_on=DAY, laboratory="Central")
    state(own_film, "negative", by=doctor)
    second, first = AuditEntry.objects.filter(subject="truth", subject_id=own_film.pk)
    said = {
        "target": "covid-19", "result": "positive", "tested_on": "2020-04-01",
        "laboratory": "Central", "kit": "",
    }  # fmt: skip
    assert (first.deed, first.before, first.after) == ("entered", {}, said)
    assert (second.deed, second.before, second.after["result"]) == ("changed", said, "negative")
    assert (second.actor, second.site, second.patient_id) == (
        doctor, own_film.site, own_film.patient_id,
    )  # fmt: skip


def test_other_rooms_hear_of_it(own_film, doctor):
    heard = []

    def hear(sender, radiograph, truth, **kwargs):
        heard.append((radiograph, truth.result))

    truth_stated.connect(hear)
    try:
        state(own_film, "positive", by=doctor)
        state(own_film, "positive", by=doctor)
    finally:
        truth_stated.disconnect(hear)
    assert heard == [(own_film, "positive")]


def test_a_film_goes_with_its_whole_history(film, doctor):
    first = state(film, "negative")
    state(film, "positive")
    with pytest.raises(ChangedMeanwhile):
        record_truth(
            radiograph=film, target=first.target, target_class=None, tested_on=None,
            entered_by=doctor, is_indeterminate=True, expected=first.pk,
        )  # fmt: skip
    assert film.truths.count() == 4
    trash(radiograph=film, by=doctor)
    film.refresh_from_db()
    assert delete_for_good(radiograph=film, by=doctor)
    assert not GroundTruth.objects.exists()


def test_record_truth_takes_it_all(own_film, doctor, covid):
    row = record_truth(
        radiograph=own_film, target=covid, target_class=None, tested_on=None, entered_by=doctor,
        is_indeterminate=True,
    )  # fmt: skip
    assert row.result == "indeterminate"
