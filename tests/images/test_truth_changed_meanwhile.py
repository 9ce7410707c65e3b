"""Two saves of one case: the second person is told, and nothing is overwritten."""

import uuid
from contextlib import nullcontext

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import AuditEntry
from images.models import GroundTruth, Target
from images.services import ChangedMeanwhile, record_truth, record_truths, truth_given
from tests import factories

RESULTS = ("positive", "negative", "indeterminate", "unknown")


@pytest.fixture
def state(own_film, doctor, covid):
    """`state(result, expected, by=doctor)` about the radiograph of the health worker."""

    def record(result, expected, by=doctor, **facts):
        said = truth_given(target=covid, result=result, **facts)
        return record_truth(
            radiograph=own_film, target=covid, target_class=said.target_class,
            tested_on=said.tested_on, is_indeterminate=said.is_indeterminate, kit=said.kit,
            entered_by=by, expected=expected,
        )  # fmt: skip

    return record


def test_the_second_is_told_and_both_are_kept(state, own_film, site_administrator):
    first = state("positive", None)
    with pytest.raises(ChangedMeanwhile) as told:
        state("negative", None, by=site_administrator)
    assert (told.value.current, told.value.attempt.result) == (first, "negative")
    attempt = own_film.truths.get(is_current=False)
    assert (attempt.came_after, attempt.supersedes) == (first, None)
    assert own_film.truths.current().get() == first


def test_lists_show_what_stands(state, own_film):
    state("positive", None)
    with pytest.raises(ChangedMeanwhile):
        state("negative", None)
    own_film.refresh_from_db()
    assert (own_film.rt_pcr, own_film.is_confirmed) == ("positive", True)


def test_stated_again_on_purpose_it_is_taken(state, own_film):
    first = state("positive", None)
    with pytest.raises(ChangedMeanwhile):
        state("negative", None)
    again = state("negative", first.pk)
    assert (again.supersedes, again.is_current) == (first, True)
    assert own_film.truths.count() == 3


def test_with_what_stands_it_is_taken(state):
    first = state("positive", None)
    assert state("negative", first.pk).supersedes == first


def test_who_says_the_same_is_not_told(state, own_film, site_administrator):
    first = state("positive", None)
    assert state("positive", None, by=site_administrator) == first
    assert own_film.truths.count() == 1


def test_the_same_attempt_twice_is_kept_once(state, own_film):
    state("positive", None)
    for _ in range(2):
        with pytest.raises(ChangedMeanwhile):
            state("negative", None)
    assert own_film.truths.count() == 2
    assert AuditEntry.objects.filter(subject="truth").count() == 2


def test_the_attempt_is_recorded_as_one_that_was_not_taken(state):
    state("positive", None)
    with pytest.raises(ChangedMeanwhile):
        state("negative", None)
    entry = AuditEntry.objects.filter(subject="truth").first()
    assert (entry.deed, entry.before["result"], entry.after["result"], entry.after["taken"]) == (
        "entered", "positive", "negative", False,
    )  # fmt: skip


def test_a_key_that_never_stood_overwrites_nothing(state, own_film):
    first = state("positive", None)
    with pytest.raises(ChangedMeanwhile):
        state("negative", uuid.uuid4())
    assert own_film.truths.current().get() == first


def test_of_several_targets_only_the_changed_one_is_kept_aside(own_film, doctor, covid):
    three = Target.objects.get(code="chest-three-classes")
    factories.state_truth(own_film, "positive", by=doctor)
    truths = [
        truth_given(target=covid, result="negative"), truth_given(target=three, result="normal"),
    ]  # fmt: skip
    with pytest.raises(ChangedMeanwhile) as told:
        record_truths(
            radiograph=own_film, truths=truths, entered_by=doctor,
            expected={covid.pk: None, three.pk: None},
        )  # fmt: skip
    assert len(told.value.pairs) == 1
    rows = own_film.truths.current().select_related("target", "target_class")
    assert {row.target.code: row.result for row in rows} == {
        "covid-19": "positive", "chest-three-classes": "normal",
    }  # fmt: skip


SEEDS = iter(range(1000, 2000))
# What a writer says, and how many statements ago they last looked.
MOVES = st.lists(st.tuples(st.sampled_from(RESULTS), st.integers(0, 2)), max_size=8)


@given(moves=MOVES)
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_one_current_and_nothing_lost(doctor, covid, moves):
    """Whatever writers had looked at: one row is current, and each attempt is in the history."""
    film = factories.make_radiograph(uploader=doctor, seed=next(SEEDS))
    stood = [None]
    for number, (result, ago) in enumerate(moves):
        said = truth_given(target=covid, result=result, kit=f"Kit {number}")
        seen = stood[max(len(stood) - 1 - ago, 0)]
        told = nullcontext() if seen == stood[-1] else pytest.raises(ChangedMeanwhile)
        with told:
            row = record_truth(
                radiograph=film, target=covid, target_class=said.target_class, tested_on=None,
                is_indeterminate=said.is_indeterminate, kit=said.kit, entered_by=doctor,
                expected=seen,
            )  # fmt: skip
            stood.append(row.pk)
    rows = GroundTruth.objects.filter(radiograph=film)
    assert rows.count() == len(moves)
    assert list(rows.current().values_list("pk", flat=True)) == stood[1:][-1:]
    taken = rows.filter(came_after=None).order_by("created_at")
    assert [row.supersedes_id for row in taken] == stood[:-1]
