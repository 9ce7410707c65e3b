"""Ground truth is append-only, whatever is said in whatever order."""

import io
import itertools
from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from images.errors import Refused
from images.models import GroundTruth, Target
from images.services import (
    patient_of,
    record_truth,
    record_truths,
    store_radiograph,
    truth_given,
)
from tests import factories

DAYS = st.sampled_from([None, date(2020, 3, 1), date(2020, 4, 1)])
RESULTS = st.sampled_from(["positive", "negative", "indeterminate", "unknown"])
STATEMENTS = st.lists(st.tuples(RESULTS, DAYS))
SEEDS = itertools.count(100)


@given(statements=STATEMENTS)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_history_is_what_was_said_without_repetitions(doctor, statements):
    # Rows cannot be taken away again, so that each example has a radiograph of its own.
    own_film = factories.make_radiograph(uploader=doctor, seed=next(SEEDS))
    said = []
    for result, tested_on in statements:
        before = list(own_film.truths.values_list("pk", "target_class", "tested_on", "created_at"))
        factories.state_truth(own_film, result, by=doctor, tested_on=tested_on)
        if said[-1:] != [(result, tested_on)]:
            said.append((result, tested_on))
        kept = own_film.truths.values_list("pk", "target_class", "tested_on", "created_at")
        assert set(before) <= set(kept)
    history = chain_of(own_film)
    assert [(row.result, row.tested_on) for row in history] == said
    assert [row.is_current for row in history] == [False] * (len(said) - 1) + [True] * bool(said)


def chain_of(film) -> list[GroundTruth]:
    """From the first statement to the last, by `supersedes`."""
    rows = {row.supersedes_id: row for row in film.truths.select_related("target_class")}
    chain, key = [], None
    while key in rows:
        chain.append(rows[key])
        key = chain[-1].pk
    assert len(chain) == len(rows)
    return chain


def test_a_day_to_come_is_refused(own_film, doctor, covid):
    with pytest.raises(Refused, match="test-in-future"):
        record_truth(
            radiograph=own_film, target=covid, target_class=covid.positive_class,
            tested_on=date.today() + timedelta(days=2), entered_by=doctor,
        )  # fmt: skip
    assert not GroundTruth.objects.exists()


def test_a_class_of_another_target_is_refused(own_film, doctor, covid):
    other = Target.objects.get(code="chest-three-classes")
    with pytest.raises(Refused, match="class-of-other-target"):
        record_truth(
            radiograph=own_film, target=covid, target_class=other.positive_class,
            tested_on=None, entered_by=doctor,
        )  # fmt: skip


@pytest.mark.parametrize("who", ["health_worker", "researcher", "pending"])
def test_only_those_who_may_record(request, own_film, covid, who):
    with pytest.raises(PermissionDenied):
        record_truth(
            radiograph=own_film, target=covid, target_class=covid.positive_class,
            tested_on=None, entered_by=request.getfixturevalue(who),
        )  # fmt: skip
    assert not GroundTruth.objects.exists()


def test_nor_together_with_an_upload(researcher, covid, settings):
    with pytest.raises(PermissionDenied):
        store_radiograph(
            stream=io.BytesIO(factories.chest_png(4)),
            patient=patient_of(site=researcher.site, code="P-1"),
            uploader=researcher,
            truths=[truth_given(target=covid, result="positive")],
        )
    assert not settings.MEDIA_ROOT.exists()


def test_two_current_results_cannot_exist(film, doctor, covid):
    with pytest.raises(IntegrityError), transaction.atomic():
        GroundTruth.objects.create(radiograph=film, target=covid, entered_by=doctor)


def test_several_are_recorded_all_or_none(own_film, doctor, covid):
    other = Target.objects.get(code="chest-three-classes")
    truths = [
        truth_given(target=covid, result="positive"),
        truth_given(target=other, result="normal", tested_on=date.today() + timedelta(days=2)),
    ]
    with pytest.raises(Refused):
        record_truths(radiograph=own_film, truths=truths, entered_by=doctor)
    assert not own_film.truths.exists()


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ("positive", "covid-19"), ("negative", "no-covid-19"), ("covid-19", "covid-19"),
        ("unknown", None), ("", None), ("indeterminate", None),
    ],
)  # fmt: skip
def test_words_for_results(covid, result, expected):
    given = truth_given(target=covid, result=result)
    assert (given.target_class and given.target_class.code) == expected


@pytest.mark.parametrize("result", ["maybe", "normal", "POSITIVE"])
def test_other_words_are_refused(covid, result):
    with pytest.raises(Refused, match="class-of-other-target"):
        truth_given(target=covid, result=result)
