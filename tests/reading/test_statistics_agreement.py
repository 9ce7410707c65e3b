"""Kappa: published worked examples, other people's computations, and tables without a kappa."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from reading.statistics import (
    Undefined,
    bootstrap_interval,
    cohen_kappa,
    counts_of,
    fleiss_kappa,
    table_of,
)

# Cohen 1960, "A coefficient of agreement for nominal scales", Educ Psychol Meas 20:37-46: two
# judges put 200 people into three categories; p_o = .70, p_c = .41, kappa = .492.
COHEN_1960 = [[88, 14, 18], [10, 40, 10], [2, 6, 12]]
# Fleiss, Levin and Paik 2003, "Statistical methods for rates and proportions", section 18.1: 100
# people, diagnosed as psychotic, neurotic or organic; p_o = .89, p_e = .66, kappa = .68.
FLEISS_LEVIN_PAIK = [[75, 1, 4], [5, 4, 1], [0, 0, 10]]
# Fleiss 1971, "Measuring nominal scale agreement among many raters", Psychol Bull 76:378-382,
# table 1: 6 psychiatrists each put 30 patients into one of 5 diagnoses; kappa = .430.
FLEISS_1971 = [
    [0, 0, 0, 6, 0], [0, 3, 0, 0, 3], [0, 1, 4, 0, 1], [0, 0, 0, 0, 6], [0, 3, 0, 3, 0],
    [2, 0, 4, 0, 0], [0, 0, 4, 0, 2], [2, 0, 3, 1, 0], [2, 0, 0, 4, 0], [0, 0, 0, 0, 6],
    [1, 0, 0, 5, 0], [1, 1, 0, 4, 0], [0, 3, 3, 0, 0], [1, 0, 0, 5, 0], [0, 2, 0, 3, 1],
    [0, 0, 5, 0, 1], [3, 0, 0, 1, 2], [5, 1, 0, 0, 0], [0, 2, 0, 4, 0], [1, 0, 2, 0, 3],
    [0, 0, 0, 0, 6], [0, 1, 0, 5, 0], [0, 2, 0, 1, 3], [2, 0, 0, 4, 0], [1, 0, 0, 4, 1],
    [0, 5, 0, 1, 0], [4, 0, 0, 0, 2], [0, 2, 0, 4, 0], [1, 0, 5, 0, 0], [0, 0, 0, 0, 6],
]  # fmt: skip
# The worked example of the article "Fleiss' kappa" of Wikipedia: 14 raters, 10 subjects; 0.210.
TEN_SUBJECTS = [
    [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
]  # fmt: skip

tables = st.integers(2, 6).flatmap(
    lambda k: st.lists(st.lists(st.integers(0, 40), min_size=k, max_size=k), min_size=k, max_size=k)
)
WORDS = "abcd"


def answers_of(readers):
    case = st.lists(st.sampled_from(WORDS), min_size=readers, max_size=readers)
    return st.lists(case, min_size=1, max_size=60)


many_answers = st.integers(2, 6).flatmap(answers_of)


def listed(table):
    """The pairs of answers that make a table."""
    pairs = [
        (row, column)
        for row, cells in enumerate(table)
        for column, number in enumerate(cells)
        for _ in range(number)
    ]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def test_worked_example_of_cohen_1960():
    found = cohen_kappa(COHEN_1960)

    assert (found.n, found.observed.value, found.expected) == (200, 0.70, pytest.approx(0.41))
    assert found.kappa.value == pytest.approx(0.492, abs=0.0005)


def test_worked_example_of_fleiss_levin_and_paik():
    found = cohen_kappa(FLEISS_LEVIN_PAIK)

    assert (found.observed.value, found.expected) == (0.89, pytest.approx(0.66))
    assert found.kappa.value == pytest.approx(0.68, abs=0.005)


def test_interval_is_the_one_sas_prints():
    # SAS, PROC FREQ with AGREE: kappa 0.4842, ASE 0.1380, limits 0.2137 and 0.7547 (the printout
    # that statsmodels' own tests of cohens_kappa hold).
    found = cohen_kappa([[0, 4, 1], [0, 8, 0], [0, 1, 5]])

    figures = (found.kappa.value, found.standard_error, found.kappa.low, found.kappa.high)
    assert figures == pytest.approx((0.4842, 0.1380, 0.2137, 0.7547), abs=5e-5)


def test_table_of_fleiss_1971_adds_up():
    # The totals that Fleiss prints below his table.
    assert np.sum(FLEISS_1971, axis=0).tolist() == [26, 26, 30, 55, 43]
    assert set(np.sum(FLEISS_1971, axis=1)) == {6}


def test_worked_example_of_fleiss_1971():
    found = fleiss_kappa(FLEISS_1971)

    assert (found.n, found.raters) == (30, 6)
    assert found.kappa.value == pytest.approx(0.430, abs=0.0005)
    assert found.observed.value == pytest.approx(0.5556, abs=5e-5)
    assert found.expected == pytest.approx(0.2199, abs=5e-5)


def test_test_against_chance_is_that_of_fleiss_nee_and_landis():
    # kappam.fleiss of R's package irr, on the same 30 patients: z = 17.65183.
    assert fleiss_kappa(FLEISS_1971).z == pytest.approx(17.65183, abs=5e-6)


def test_worked_example_of_ten_subjects():
    assert fleiss_kappa(TEN_SUBJECTS).kappa.value == pytest.approx(0.210, abs=0.0005)


@given(tables)
def test_cohen_is_what_scikit_learn_says(table):
    found = cohen_kappa(table)
    first, second = listed(table)
    if found.kappa.value is None:
        assert len({*first, *second}) <= 1
        return

    assert found.kappa.value == pytest.approx(cohen_kappa_score(first, second), abs=1e-12)


@given(tables)
def test_cohen_does_not_ask_who_is_first(table):
    one, other = cohen_kappa(table), cohen_kappa(np.transpose(table))
    assert one.kappa.value == pytest.approx(other.kappa.value, abs=1e-12)
    assert one.standard_error == pytest.approx(other.standard_error, abs=1e-9)


@given(tables)
def test_cohen_has_an_interval_around_it_or_says_why_not(table):
    found = cohen_kappa(table)
    kappa = found.kappa
    if found.undefined:
        assert kappa.low is kappa.high is found.standard_error is None
        return
    assert -1 <= kappa.low <= kappa.value <= kappa.high <= 1
    assert all(map(math.isfinite, (kappa.low, kappa.value, kappa.high)))


def slow_fleiss(answers):
    """Fleiss 1971 word by word: agreeing pairs of readers, and pairs of answers drawn blindly."""
    pairs = [one == other for case in answers for one, other in combinations(case, 2)]
    drawn = [answer for case in answers for answer in case]
    chance = sum((drawn.count(word) / len(drawn)) ** 2 for word in WORDS)
    return (sum(pairs) / len(pairs) - chance) / (1 - chance)


@given(many_answers)
def test_fleiss_is_what_counting_pairs_gives(answers):
    found = fleiss_kappa(counts_of(answers, WORDS))
    if found.kappa.value is None:
        assert len({answer for case in answers for answer in case}) == 1
        return

    assert found.kappa.value == pytest.approx(slow_fleiss(answers), abs=1e-9)


@given(answers_of(2))
def test_fleiss_of_two_is_scotts_pi(answers):
    # Scott 1955: chance by the shares of both readers together.
    table = table_of(*zip(*answers, strict=True), WORDS) / len(answers)
    both = (table.sum(axis=0) + table.sum(axis=1)) / 2
    assume(both.max() < 1)
    scott = (np.trace(table) - both @ both) / (1 - both @ both)

    found = fleiss_kappa(counts_of(answers, WORDS))

    assert found.kappa.value == pytest.approx(scott, abs=1e-9)


@given(many_answers)
def test_fleiss_has_an_interval_around_it_or_says_why_not(answers):
    found = fleiss_kappa(counts_of(answers, WORDS))
    kappa = found.kappa
    if found.undefined:
        assert kappa.low is kappa.high is found.standard_error is None
        return
    assert -1 <= kappa.low <= kappa.value <= kappa.high <= 1


def simulated(n, readers, right, seed):
    """Readers who are right with a chance of `right` and guess otherwise, three categories."""
    random = np.random.default_rng(seed)
    truth, guesses = random.integers(0, 3, n), random.integers(0, 3, (n, readers))
    knows = random.random((n, readers)) < right
    return np.where(knows, truth[:, None], guesses)


@pytest.mark.parametrize("readers", [2, 4])
def test_ninety_five_intervals_of_a_hundred_hold_the_kappa(readers):
    # Uniform guesses: two readers agree beyond chance with a chance of right^2, which is kappa.
    kappa, held = 0.8**2, 0
    for seed in range(400):
        answers = [["abc"[each] for each in case] for case in simulated(150, readers, 0.8, seed)]
        if readers == 2:
            found = cohen_kappa(table_of(*zip(*answers, strict=True), "abc"))
        else:
            found = fleiss_kappa(counts_of(answers, "abc"))
        held += found.kappa.low <= kappa <= found.kappa.high

    assert 0.91 <= held / 400 <= 0.98


@pytest.mark.parametrize("readers", [2, 5])
def test_drawing_cases_again_gives_much_the_same_interval(readers):
    answers = [["abc"[each] for each in case] for case in simulated(300, readers, 0.8, 1)]
    drawn = bootstrap_interval(answers, "abc", seed=1)
    found = (
        cohen_kappa(table_of(*zip(*answers, strict=True), "abc"))
        if readers == 2
        else fleiss_kappa(counts_of(answers, "abc"))
    )

    assert drawn.value == found.kappa.value
    ends = (drawn.low, drawn.high)
    assert ends == pytest.approx((found.kappa.low, found.kappa.high), abs=0.02)


@settings(max_examples=20)
@given(answers_of(3), st.integers(0, 2**31))
def test_the_same_seed_draws_the_same_interval(answers, seed):
    once, again = (bootstrap_interval(answers, WORDS, draws=50, seed=seed) for _ in range(2))
    assert once == again


@pytest.mark.parametrize("kappa", [cohen_kappa([[7, 0], [0, 0]]), fleiss_kappa([[3, 0], [3, 0]])])
def test_all_in_one_category_has_no_kappa(kappa):
    assert kappa.kappa.value is None
    assert kappa.undefined is Undefined.ONE_CATEGORY
    assert kappa.observed.value == 1.0


@pytest.mark.parametrize(
    "kappa", [cohen_kappa([[0, 0], [0, 0]]), fleiss_kappa(np.zeros((0, 2), int))]
)
def test_no_cases_have_no_kappa(kappa):
    assert (kappa.n, kappa.kappa.value, kappa.observed.value) == (0, None, None)
    assert kappa.undefined is Undefined.NO_CASES


@pytest.mark.parametrize("kappa", [cohen_kappa([[7, 0], [0, 3]]), fleiss_kappa([[3, 0], [0, 3]])])
def test_where_all_agree_no_interval_is_pretended(kappa):
    assert (kappa.kappa.value, kappa.kappa.low, kappa.kappa.high) == (1.0, None, None)
    assert kappa.undefined is Undefined.NO_VARIANCE


def test_nothing_drawn_from_nothing():
    assert bootstrap_interval([], WORDS).value is None
    assert bootstrap_interval([["a", "a"]] * 4, WORDS).value is None


@pytest.mark.parametrize("table", [[[1, 2, 3], [4, 5, 6]], [[1, -1], [0, 2]]])
def test_what_is_no_table_of_two_readers_is_refused(table):
    with pytest.raises(ValueError, match="square"):
        cohen_kappa(table)


@pytest.mark.parametrize("counts", [[[2, 1], [1, 1]], [[1, 0], [0, 1]]])
def test_cases_with_fewer_readers_than_others_are_refused(counts):
    with pytest.raises(ValueError, match="same readers"):
        fleiss_kappa(counts)
