"""The days between the sample and the radiograph, and samples older than their patient."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Site
from images.models import GroundTruth, Patient, Radiograph
from images.shifting import days_moved, shifted_day
from images.truth_days import days_between, is_before_birth, sample_day

DAYS = st.dates(date(1950, 1, 1), date(2030, 12, 31))


def film_of(acquired_on, *, is_moved=False, **facts) -> Radiograph:
    """Not stored; with `is_moved` its day is moved as at the door."""
    site = Site(pk=uuid4())
    patient = Patient(pk=uuid4(), site=site)
    if is_moved and acquired_on:
        acquired_on = shifted_day(patient, acquired_on)
    return Radiograph(
        patient=patient, site=site, acquired_on=acquired_on, date_is_shifted=is_moved, **facts
    )


@given(sample=DAYS, apart=st.integers(-400, 400), is_moved=st.booleans())
def test_moved_days_are_as_far_apart_as_the_true_ones(sample, apart, is_moved):
    film = film_of(sample + timedelta(days=apart), is_moved=is_moved)
    assert days_between(film, GroundTruth(tested_on=sample)) == apart


@given(sample=DAYS, is_moved=st.booleans())
def test_the_day_for_outsiders_is_moved_with_the_film(sample, is_moved):
    film = film_of(sample, is_moved=is_moved)
    assert sample_day(film, sample) == film.acquired_on
    assert (sample - sample_day(film, sample)).days == (
        days_moved(film.patient) if is_moved else 0
    )  # fmt: skip


@pytest.mark.parametrize(("taken", "sample"), [(None, date(2020, 1, 1)), (date(2020, 1, 1), None)])
def test_unknown_where_one_day_is(taken, sample):
    assert days_between(film_of(taken), GroundTruth(tested_on=sample)) is None


@given(birth=DAYS, lived=st.integers(0, 89 * 365), tested=st.integers(0, 40_000))
def test_no_sample_of_the_living_is_refused(birth, lived, tested):
    """Of a person of whom both days lie after the birth, whatever the age in whole years is."""
    taken = birth + timedelta(days=lived)
    age = taken.year - birth.year - ((taken.month, taken.day) < (birth.month, birth.day))
    film = film_of(taken, age_years=age)
    assert not is_before_birth(film, birth + timedelta(days=tested))


@given(taken=DAYS, age=st.integers(0, 89), earlier=st.integers(2, 10_000), is_moved=st.booleans())
def test_a_sample_from_before_the_earliest_birth_is(taken, age, earlier, is_moved):
    film = film_of(taken, is_moved=is_moved, age_years=age)
    sample = date(taken.year - age - 1, taken.month, min(taken.day, 28)) - timedelta(days=earlier)
    # 29, 30 and 31 were cut to 28, and a moved day may fall into another length of year.
    assert is_before_birth(film, sample - timedelta(days=4))


@pytest.mark.parametrize("facts", [{"age_years": 90}, {"age_years": None}])
def test_an_age_that_says_nothing_is_not_judged(facts):
    assert not is_before_birth(film_of(date(2020, 1, 1), **facts), date(1900, 1, 1))


def test_nor_a_film_without_a_day():
    assert not is_before_birth(film_of(None, age_years=3), date(1900, 1, 1))


@pytest.mark.parametrize(
    ("sample", "is_before"), [(date(2017, 2, 28), False), (date(2017, 2, 27), True)]
)
def test_leap_days(sample, is_before):
    assert is_before_birth(film_of(date(2020, 2, 29), age_years=2), sample) is is_before


@pytest.mark.parametrize("taken", [date(1, 1, 1), date(90, 6, 1), date(9999, 12, 31)])
def test_absurd_days_are_no_error(taken):
    assert isinstance(is_before_birth(film_of(taken, age_years=89), date(2020, 1, 1)), bool)
