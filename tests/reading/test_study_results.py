"""The figures of a study are those of the pure functions upon what the database holds."""

from datetime import timedelta
from itertools import combinations
from uuid import uuid4

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score, recall_score

from inference.models import Prediction
from reading.figures import FINDINGS, MODEL, CaseRow, ModelAnswer
from reading.models import CaseState, Finding
from reading.results import call_of, results_of
from reading.services.studies import close_study
from reading.statistics import cohen_kappa, table_of
from reading.study_rows import rows_of, study_results
from tests.factories import state_truth
from tests.reading.studies import (
    cases_of,
    doctor_of,
    films_of,
    model_of,
    predict,
    read,
    study_of,
)

TRUTHS = "ppppnnnn--"
#          what each of three readers found, case by case
LETTERS = ("ccnxnncvc-", "cccvnnnvcn", "ccccnncbnn")


@pytest.fixture
def readers(site, doctor):
    return [doctor, doctor_of(site, "Second"), doctor_of(site, "Third")]


@pytest.fixture
def films(site):
    return films_of(site, TRUTHS)


@pytest.fixture
def study(site_administrator, films, readers, site):
    return study_of(site_administrator, films, readers, doctor_of(site, "Judge"))


@pytest.fixture
def read_study(study, films, readers):
    for reader, letters in zip(readers, LETTERS, strict=True):
        for case, letter in zip(cases_of(study, films), letters, strict=True):
            read(case, reader, letter)
    return study


def test_findings_are_those_of_the_reading_page():
    assert list(FINDINGS) == Finding.values


def test_rows_say_what_everybody_said(read_study, films):
    rows = {row.radiograph: row for row in rows_of(read_study)}
    first, fourth, last = (rows[films[place].pk] for place in (0, 3, 9))

    assert first.findings == ("covid-19",) * 3
    assert fourth.findings == ("not-readable", "viral-pneumonia", "covid-19")
    assert (first.truth, rows[films[4].pk].truth, last.truth) == (True, False, None)
    assert last.findings[0] == ""


def test_sensitivity_and_specificity_of_a_reader(read_study):
    # Reader 1, c c n x | n n c v: 2 of 3 positives, one not readable; 3 of 4 negatives.
    first = study_results(read_study).readers[0]

    counts = (first.accuracy.tp, first.accuracy.fn, first.accuracy.tn, first.accuracy.fp)
    assert counts == (2, 1, 3, 1)
    assert (first.read, first.not_readable, first.without_truth) == (9, 1, 1)


def test_what_a_reader_changed_after_the_first_answer_is_counted(read_study, films, readers):
    first, second = cases_of(read_study, films)[:2]
    for case, letter in ((first, "n"), (first, "v"), (second, "c")):
        read(case, readers[0], letter, is_current=False)
    # Of the second case the same was said before: nothing changed.
    assert [each.corrected for each in study_results(read_study).readers] == [1, 0, 0]


def test_kappa_of_two_readers_upon_what_both_read(read_study):
    pair = study_results(read_study).pairs[0]
    both = [(one, other) for one, other in zip(*LETTERS[:2], strict=True) if one != "-"]

    assert (pair.first, pair.second, pair.findings.n) == (1, 2, 9)
    assert pair.findings.kappa.value == pytest.approx(cohen_kappa_score(*zip(*both, strict=True)))


def test_everybody_is_paired_with_everybody_and_with_the_model(read_study):
    pairs = [(pair.first, pair.second) for pair in study_results(read_study).pairs]
    assert pairs == [*combinations((1, 2, 3), 2), *((number, MODEL) for number in (1, 2, 3))]


def test_the_model_is_one_more_reader(read_study, films):
    model = model_of("2.1")
    for film, probability in zip(films, (0.9, 0.9, 0.1, 0.6, 0.1, 0.1, 0.9, None), strict=False):
        predict(film, model, probability)
    found = study_results(read_study)

    told = found.model
    assert (told.versions, told.answered, told.uncertain, told.abstained) == ({"2.1": 7}, 7, 1, 3)
    counts = (told.accuracy.tp, told.accuracy.fn, told.accuracy.tn, told.accuracy.fp)
    assert counts == (3, 1, 2, 1)
    with_model = next(pair for pair in found.pairs if pair.second == MODEL)
    # Reader 1 and the model both say one of the two in six cases.
    expected = cohen_kappa(
        table_of([*"ccn", *"nnc"], [*"ccn", *"nnc"], "cn")
    )  # fmt: skip
    assert with_model.calls.n == expected.n == 6
    assert with_model.calls.kappa.value == expected.kappa.value == 1.0
    assert with_model.findings is None


def test_the_newest_answer_of_the_model_counts(read_study, films):
    older, newer = model_of("1.0"), model_of("2.0")
    predict(films[0], older, 0.9)
    predict(films[0], newer, 0.1)
    assert study_results(read_study).model.versions == {"2.0": 1}


def test_a_failure_after_an_answer_is_no_answer(read_study, films):
    model = model_of()
    predict(films[0], model, 0.9)
    predict(films[0], model, None)
    assert study_results(read_study).model.answered == 0


def test_after_closing_the_model_stays_what_it_was(read_study, films, site_administrator):
    predict(films[0], model_of("1.0"), 0.9)
    close_study(study=read_study, by=site_administrator)
    read_study.refresh_from_db()
    later = predict(films[0], model_of("2.0"), 0.1)
    Prediction.objects.filter(pk=later.pk).update(finished_at=timezone.now() + timedelta(hours=1))

    assert study_results(read_study).model.versions == {"1.0": 1}


def test_a_corrected_truth_counts_at_once(read_study, films):
    before = study_results(read_study)
    state_truth(films[0], "negative")
    after = study_results(read_study)
    assert (before.positives, after.positives) == (4, 3)


def test_an_indeterminate_result_is_no_truth(read_study, films):
    state_truth(films[0], "indeterminate")
    assert study_results(read_study).positives == 3


def test_only_current_readings_count(study, films, readers):
    case = cases_of(study, films)[0]
    first = read(case, readers[0], "n", is_current=False)
    read(case, readers[0], "c", supersedes=first)
    assert rows_of(study)[case.position - 1].findings[0] == "covid-19"


def test_what_was_taken_back_is_not_read(study, films, readers):
    case = cases_of(study, films)[0]
    first = read(case, readers[0], "n", is_current=False)
    case.readings.create(radiograph=films[0], reader=readers[0], finding="", supersedes=first)
    assert study_results(study).readers[0].read == 0


def test_consensus_is_the_common_finding_or_the_adjudicators(read_study, films):
    judge = read_study.parts.get(part="adjudicator").reader
    decided = cases_of(read_study, films)[2]
    read(decided, judge, "c", is_adjudication=True)
    found = study_results(read_study).consensus

    # All three agree about cases 1, 2, 5 and 6; case 3 was decided.
    assert (found.agreed, found.adjudicated, found.open) == (4, 1, 5)
    assert (found.accuracy.tp, found.accuracy.tn, found.accuracy.n) == (3, 2, 5)


def test_disagreements_are_named(read_study, films):
    places = {row.radiograph for row in study_results(read_study).disagreements}
    assert places == {films[place].pk for place in (2, 3, 6, 7, 8)}


def test_withdrawn_cases_do_not_count(read_study, films):
    films[0].patient.consent_withdrawn_at = timezone.now()
    films[0].patient.save()
    cases = cases_of(read_study, films)
    cases[1].state = CaseState.WITHDRAWN
    cases[1].save()

    assert study_results(read_study).cases == 8


def test_a_study_costs_as_many_queries_whatever_its_size(read_study, django_assert_max_num_queries):
    with django_assert_max_num_queries(8):
        study_results(read_study)


letters = st.sampled_from(["", *FINDINGS])


@st.composite
def rows(draw, readers=3):
    findings = draw(st.lists(st.tuples(*[letters] * readers), max_size=40))
    answers = st.sampled_from([True, False, None])
    return [
        CaseRow(
            key=uuid4(), radiograph=uuid4(), position=place, findings=case, truth=draw(answers),
            model=ModelAnswer(draw(answers), "1.0"),
        )
        for place, case in enumerate(findings)
    ]  # fmt: skip


@given(rows())
def test_every_pair_is_what_scikit_learn_says(cases):
    for pair in results_of(cases, 3).pairs[:3]:
        both = [
            (case.findings[pair.first - 1], case.findings[pair.second - 1])
            for case in cases
            if case.findings[pair.first - 1] and case.findings[pair.second - 1]
        ]
        assert pair.findings.n == len(both)
        if pair.findings.kappa.value is not None:
            expected = cohen_kappa_score(*zip(*both, strict=True))
            assert pair.findings.kappa.value == pytest.approx(expected, abs=1e-12)


@given(rows())
def test_every_reader_is_what_scikit_learn_says(cases):
    for place, reader in enumerate(results_of(cases, 3).readers):
        known = [
            (case.truth, call_of(case.findings[place]))
            for case in cases
            if case.truth is not None and call_of(case.findings[place]) is not None
        ]
        assert reader.accuracy.n == len(known)
        if reader.accuracy.sensitivity.value is not None:
            truth, called = zip(*known, strict=True)
            assert reader.accuracy.sensitivity.value == pytest.approx(recall_score(truth, called))


@given(rows())
def test_nothing_is_counted_twice_or_lost(cases):
    found = results_of(cases, 3)
    for reader in found.readers:
        assert reader.accuracy.n + reader.not_readable + reader.without_truth == reader.read
    model, both = found.model, found.consensus
    assert model.answered + model.abstained == len(cases)
    assert model.accuracy.n + model.without_truth == model.answered
    assert both.agreed + both.adjudicated + both.open == len(cases)
