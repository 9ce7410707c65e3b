"""A patient keeps one split for ever; no test figure is earned by recognising a patient."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retraining.ml.split import FRACTIONS, TEST, TRAIN, VALIDATION, fold_of, split_of

patients = st.text(min_size=1, max_size=20)


@given(cases=st.lists(patients, min_size=1), salt=st.text(max_size=10))
def test_no_patient_is_in_two_splits(cases, salt):
    places = {(patient, split_of(patient, salt)) for patient in cases * 2}
    assert len(places) == len(set(cases))


@given(before=st.sets(patients), added=st.sets(patients), salt=st.text(max_size=10))
def test_added_data_move_nobody(before, added, salt):
    def division(people):
        return {patient: split_of(patient, salt) for patient in sorted(people)}

    assert division(before).items() <= division(before | added).items()


@pytest.mark.parametrize("salt", ["a", "b", "covid-xr-baseline-1"])
def test_fractions_are_about_right(salt):
    splits = [split_of(f"patient-{i}", salt) for i in range(20_000)]
    for name, fraction in FRACTIONS:
        assert splits.count(name) / len(splits) == pytest.approx(fraction, abs=0.012)


def test_another_salt_is_another_division():
    people = [f"patient-{i}" for i in range(200)]
    assert [split_of(p, "a") for p in people] != [split_of(p, "b") for p in people]


def test_known_places_stay():
    """Written down once: a change would let test patients into the training of shipped models."""
    places = [split_of(f"patient-{i}", "covid-xr-baseline-1") for i in range(8)]
    assert places == ["train", "train", "train", "train", "train", "train", "test", "train"]


@given(patient=patients)
def test_a_split_may_be_switched_off(patient):
    assert split_of(patient, "s", ((TRAIN, 0.0), (VALIDATION, 0.0), (TEST, 1.0))) == TEST
    assert split_of(patient, "s", ((TRAIN, 1.0), (VALIDATION, 0.0), (TEST, 0.0))) == TRAIN


def test_a_case_without_a_patient_is_refused():
    with pytest.raises(ValueError, match="patient group"):
        split_of("", "salt")


@pytest.mark.parametrize("shares", [(), (0.5, 0.4), (1.5, -0.5), (0.7, 0.7)])
def test_impossible_fractions_are_refused(shares):
    with pytest.raises(ValueError, match="add up to 1"):
        split_of("p", "salt", tuple((f"s{i}", share) for i, share in enumerate(shares)))


@given(patient=patients, folds=st.integers(2, 20))
def test_folds_are_stable_and_in_range(patient, folds):
    fold = fold_of(patient, "salt", folds)
    assert 0 <= fold < folds
    assert fold == fold_of(patient, "salt", folds)


def test_folds_do_not_follow_the_splits():
    trained = [f"p{i}" for i in range(5000) if split_of(f"p{i}", "s") == TRAIN]
    counts = [sum(fold_of(p, "s", 5) == fold for p in trained) for fold in range(5)]
    assert min(counts) / max(counts) > 0.85


def test_one_fold_is_no_cross_validation():
    with pytest.raises(ValueError, match="two folds"):
        fold_of("p", "salt", 1)
