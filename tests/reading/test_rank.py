"""What is worth a doctor's time first."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from images.models import Radiograph
from inference.models import StandingOf
from reading.models import CaseState, ListCase, Rank
from reading.services import next_turn, rank_cases
from reading.services.ranking import NO_ANSWER, Facts, rank_of
from tests import factories
from tests.reading import makers
from tests.reading.makers import cases_of, stand

DAY = date(1970, 1, 11)

facts = st.builds(
    Facts,
    day=st.dates(date(1970, 1, 1), date(2100, 1, 1)),
    rt_pcr=st.sampled_from(["", "positive", "negative", "indeterminate"]),
    standing=st.sampled_from(StandingOf.values),
    is_uncertain=st.booleans(),
    doubt=st.none() | st.floats(0, 50),
)


@pytest.mark.parametrize(
    ("facts", "place"),
    [
        (Facts(DAY, "", "positive", True, 0.4), (Rank.UNCERTAIN, 0.4)),
        (Facts(DAY, "negative", "positive", True, 0.4), (Rank.UNCERTAIN, 0.4)),
        (Facts(DAY, "", "failed"), (Rank.UNCERTAIN, NO_ANSWER + 10)),
        (Facts(DAY, "positive", "none"), (Rank.UNCERTAIN, NO_ANSWER + 10)),
        (Facts(DAY, "negative", "positive", False, 3.0), (Rank.CONTRADICTED, 10)),
        (Facts(DAY, "positive", "negative", False, 3.0), (Rank.CONTRADICTED, 10)),
        (Facts(DAY, "positive", "positive", False, 3.0), (Rank.REST, 10)),
        (Facts(DAY, "indeterminate", "positive", False, 3.0), (Rank.REST, 10)),
        (Facts(DAY, "", "negative", False, 3.0), (Rank.REST, 10)),
        (Facts(DAY, "positive", "waiting"), (Rank.REST, 10)),
    ],
)
def test_rank_and_value(facts, place):
    assert rank_of(facts) == place


@given(facts, st.integers(1, 1000))
def test_an_older_radiograph_never_comes_later(newer, days):
    older = Facts(
        newer.day - timedelta(days=days), newer.rt_pcr, newer.standing, newer.is_uncertain,
        newer.doubt,
    )  # fmt: skip
    assert rank_of(older) <= rank_of(newer)


@given(facts, facts)
def test_the_uncertain_come_before_those_without_an_answer(uncertain, other):
    if uncertain.is_uncertain and other.standing in ("failed", "none") and not other.is_uncertain:
        assert rank_of(uncertain) < rank_of(other)


def test_ranking_again_reorders_the_list(doctor, worklist):
    first, second, third = cases_of(worklist)
    stand(first.radiograph, StandingOf.POSITIVE, doubt=3.0)
    stand(second.radiograph, StandingOf.NEGATIVE, doubt=3.0)
    Radiograph.objects.filter(pk=second.radiograph_id).update(rt_pcr="positive")
    stand(third.radiograph, StandingOf.NEGATIVE, doubt=0.1, is_uncertain=True)
    rank_cases([case.radiograph_id for case in (first, second, third)])
    assert list(worklist.cases.order_by("rank", "value")) == [third, second, first]
    assert next_turn(reader=doctor, reading_list=worklist).case == third


def test_only_what_moved_is_counted(worklist):
    keys = [case.radiograph_id for case in cases_of(worklist)]
    assert rank_cases(keys) == 3
    assert rank_cases(keys) == 0


def test_the_result_of_another_question_contradicts_nothing(site, doctor, worklist):
    case = cases_of(worklist)[0]
    stand(case.radiograph, StandingOf.NEGATIVE, doubt=3.0)
    Radiograph.objects.filter(pk=case.radiograph_id).update(rt_pcr="positive")
    worklist.target.code = "tuberculosis"
    worklist.target.save()
    rank_cases([case.radiograph_id])
    case.refresh_from_db()
    assert case.rank == Rank.REST


def test_studies_keep_their_order(study):
    keys = [case.radiograph_id for case in cases_of(study)]
    assert rank_cases(keys) == 0


@pytest.mark.parametrize("state", [CaseState.DONE, CaseState.WITHDRAWN])
def test_what_nobody_reads_keeps_its_place(worklist, state):
    ListCase.objects.update(state=state)
    assert rank_cases([case.radiograph_id for case in cases_of(worklist)]) == 0


def test_a_new_answer_of_the_model_moves_the_case(worklist):
    case = cases_of(worklist)[2]
    stand(case.radiograph, StandingOf.POSITIVE, doubt=0.2, is_uncertain=True)
    makers.follow()
    case.refresh_from_db()
    assert (case.rank, case.value) == (Rank.UNCERTAIN, 0.2)


def test_a_new_result_of_the_test_moves_the_case(
    site, doctor, worklist, django_capture_on_commit_callbacks
):
    film = factories.make_radiograph(uploader=doctor, seed=1)
    stand(film, StandingOf.NEGATIVE, doubt=3.0)
    [case] = makers.add_cases(worklist, [film])
    with django_capture_on_commit_callbacks(execute=True):
        factories.state_truth(film, "positive")
    case.refresh_from_db()
    assert case.rank == Rank.CONTRADICTED


def test_many_results_of_one_transaction_are_one_round(
    doctor, worklist, monkeypatch, django_capture_on_commit_callbacks
):
    from reading.later import to_rank

    rounds = []
    monkeypatch.setattr(to_rank, "_work", rounds.append)
    films = [case.radiograph for case in cases_of(worklist)]
    with django_capture_on_commit_callbacks(execute=True):
        for film in films:
            factories.state_truth(film, "positive")
    assert [set(keys) for keys in rounds] == [{film.pk for film in films}]
