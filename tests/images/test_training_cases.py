"""What may train: confirmed ground truth near enough to the radiograph, and nothing else."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from images.models import GroundTruth, Radiograph, TextState
from images.services import training_cases as module
from images.services import trash, withdraw_consent
from images.services.training_cases import (
    WhyNot,
    judged_cases,
    training_cases,
    training_counts,
    why_not,
)
from images.shifting import shifted_day
from tests import factories

DAY = date(2020, 4, 10)


@pytest.fixture
def case(doctor) -> Radiograph:
    """A case that may train: the sample was taken three days before the radiograph."""
    film = factories.make_radiograph(uploader=doctor, seed=3, acquired_on=DAY)
    factories.state_truth(film, "positive", tested_on=DAY - timedelta(days=3))
    return film


def keys(target, **options) -> list:
    return [each.radiograph for each in training_cases(target=target, **options)]


def reason(film, target) -> WhyNot | None:
    """Asked both ways, which must agree."""
    film = Radiograph.objects.select_related("patient", "site").get(pk=film.pk)
    truth = film.truths.current().filter(target=target).first()
    alone = why_not(radiograph=film, truth=truth)
    among = {each.radiograph: why for each, why in judged_cases(target=target)}
    assert among.get(film.pk, WhyNot.NO_CLASS) is alone
    assert (film.pk in keys(target)) is (alone is None)
    return alone


def test_a_case_that_may_train(case, covid):
    [found] = training_cases(target=covid)
    truth = case.truths.get()
    assert (found.radiograph, found.truth, found.patient) == (case.pk, truth.pk, case.patient_id)
    assert (found.class_code, found.target_class) == ("covid-19", truth.target_class_id)
    assert (found.split_key, found.site, found.days) == (
        case.patient.split_key, case.site_id, 3,
    )  # fmt: skip


@pytest.mark.parametrize("result", ["unknown", "indeterminate"])
def test_no_class_does_not(case, covid, result):
    factories.state_truth(case, result, tested_on=DAY)
    assert reason(case, covid) is WhyNot.NO_CLASS


def test_nor_that_of_which_nothing_was_said(own_film, covid):
    assert reason(own_film, covid) is WhyNot.NO_CLASS


def test_nor_the_trash(case, covid, doctor):
    trash(radiograph=case, by=doctor)
    assert reason(case, covid) is WhyNot.TRASHED


def test_nor_withdrawn_consent(case, covid, doctor):
    withdraw_consent(patient=case.patient, by=doctor)
    assert reason(case, covid) is WhyNot.CONSENT


def test_nor_suspected_writing(case, covid):
    Radiograph.objects.update(text_state=TextState.SUSPECTED)
    assert reason(case, covid) is WhyNot.WRITING


@pytest.mark.parametrize("apart", [-15, 15])
def test_nor_too_many_days(case, covid, apart):
    factories.state_truth(case, "positive", tested_on=DAY - timedelta(days=apart))
    assert reason(case, covid) is WhyNot.TOO_MANY_DAYS


@pytest.mark.parametrize("apart", [-14, 0, 14])
def test_as_many_as_the_rule_allows_train(case, covid, apart):
    factories.state_truth(case, "positive", tested_on=DAY - timedelta(days=apart))
    assert reason(case, covid) is None


def test_the_rule_is_the_institutions(case, covid, site):
    site.truth_days = 2
    site.save()
    assert reason(case, covid) is WhyNot.TOO_MANY_DAYS


@pytest.mark.parametrize("trains", [True, False])
def test_undated_cases_by_the_rule(case, covid, site, trains):
    factories.state_truth(case, "positive")
    site.trains_undated = trains
    site.save()
    assert reason(case, covid) is (None if trains else WhyNot.UNDATED)


def test_moved_days_count_as_the_true_ones(case, covid):
    moved = shifted_day(case.patient, DAY)
    Radiograph.objects.update(acquired_on=moved, date_is_shifted=True)
    assert reason(case, covid) is None
    assert [each.days for each in training_cases(target=covid)] == [3]


def test_what_came_second_does_not_train(case, covid, doctor):
    current = case.truths.get()
    GroundTruth.objects.create(
        radiograph=case, target=covid, target_class=covid.classes.get(is_positive=False),
        came_after=current, is_current=False, entered_by=doctor,
    )  # fmt: skip
    assert [each.truth for each in training_cases(target=covid)] == [current.pk]


def test_of_one_institution(case, covid, other_site):
    other = factories.make_radiograph(site=other_site, rt_pcr="negative")
    assert keys(covid, site=other_site) == [other.pk]
    assert sorted(keys(covid)) == sorted([case.pk, other.pk])


def test_every_radiograph_is_counted_once(case, covid, own_film, doctor, other_site):
    factories.make_radiograph(site=other_site, rt_pcr="negative")
    gone = factories.make_radiograph(uploader=doctor, seed=9, rt_pcr="negative")
    trash(radiograph=gone, by=doctor)
    counts = training_counts(target=covid)
    assert counts == dict.fromkeys(counts, 0) | {"trains": 2, "no-class": 1, "trashed": 1}
    assert training_counts(target=covid, site=other_site)["trains"] == 1


def test_batches_leave_nothing_out_and_ask_seldom(covid, doctor, monkeypatch):
    made = [
        factories.make_radiograph(uploader=doctor, seed=seed, rt_pcr="positive")
        for seed in range(5)
    ]
    monkeypatch.setattr(module, "AT_ONCE", 2)
    with CaptureQueriesContext(connection) as queries:
        found = keys(covid)
    assert found == sorted(film.pk for film in made)
    assert len(queries) <= 1 + 4


@given(apart=st.integers(-400, 400), limit=st.integers(0, 365))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_limit_is_the_only_thing_that_days_decide(case, covid, site, apart, limit):
    site.truth_days = limit
    site.save()
    factories.state_truth(case, "positive", tested_on=DAY - timedelta(days=apart))
    assert (reason(case, covid) is None) is (abs(apart) <= limit)
