"""What forbids training with a list of cases, and what has to be known of it."""

from dataclasses import replace
from itertools import cycle

import pytest
from django.utils import translation

from images.models import Patient, Radiograph
from retraining.services.snapshots import SnapshotRefused, take_snapshot
from retraining.snapshots import planning
from retraining.snapshots import words as snapshot_words
from retraining.snapshots.counts import age_band
from retraining.snapshots.planning import plan_of
from retraining.snapshots.rules import leaks
from tests.factories import SiteFactory
from tests.retraining.lists import confirmed_cases, pixels_of


def codes(found) -> list[str]:
    return [each["code"] for each in found]


def facts(found, code) -> dict:
    return next(each["facts"] for each in found if each["code"] == code)


def test_no_labels(covid):
    assert codes(plan_of(covid).problems) == ["no-labels"]


def test_one_class(covid):
    confirmed_cases(60, classes=["covid-19"])
    problems = plan_of(covid).problems
    assert codes(problems) == ["one-class"]
    assert facts(problems, "one-class") == {"class": "covid-19", "cases": 60}


def test_all_images_of_one_patient(covid):
    films = confirmed_cases(60)
    Radiograph.objects.update(patient=films[0].patient)
    assert codes(plan_of(covid).problems) == ["one-patient"]


def test_three_patients(covid):
    confirmed_cases(3)
    problems = plan_of(covid).problems
    assert set(codes(problems)) == {"too-few-patients"}
    by_part = {
        (each["facts"]["class"], each["facts"]["split"]): each["facts"]["wanted"]
        for each in problems
    }
    assert by_part["covid-19", "train"] == 10
    assert by_part["no-covid-19", "test"] == 5
    assert len(by_part) == 6


def test_many_images_of_few_patients_are_too_few(covid):
    confirmed_cases(200, a_patient=50)
    problems = plan_of(covid).problems
    assert set(codes(problems)) == {"too-few-patients"}
    assert sum(each["facts"]["patients"] for each in problems) <= 4


def test_label_is_site(covid):
    confirmed_cases(100, site=SiteFactory(), classes=["covid-19"])
    confirmed_cases(100, site=SiteFactory(), classes=["no-covid-19"], first=100)
    plan = plan_of(covid)
    found = facts(plan.problems, "confounded-site")
    assert (found["v"], found["limit"], found["categories"]) == (1.0, 0.8, 2)
    assert plan.association["site"]["v"] == pytest.approx(1)


def test_two_sites_with_both_classes_are_not_confounded(covid):
    confirmed_cases(100, site=SiteFactory())
    confirmed_cases(100, site=SiteFactory(), first=100)
    plan = plan_of(covid)
    assert codes(plan.problems) == []
    assert plan.association["site"]["v"] == pytest.approx(0, abs=1e-9)


def test_one_patient_with_many_radiographs_does_not_confound(covid):
    """Counted by patient: 150 films of one negative patient in the other institution are one."""
    confirmed_cases(200, site=SiteFactory())
    confirmed_cases(150, site=SiteFactory(), classes=["no-covid-19"], first=500, a_patient=150)
    assert plan_of(covid).association["site"]["v"] < 0.1


@pytest.mark.parametrize(
    ("field", "code"), [("source", "confounded-source"), ("view", "confounded-view")]
)
def test_label_is_source_or_view(covid, site, field, code):
    confirmed_cases(100, site=site, classes=["covid-19"], **{field: "AP"})
    confirmed_cases(100, site=site, classes=["no-covid-19"], first=100, **{field: "PA"})
    plan = plan_of(covid)
    assert plan.is_usable
    assert facts(plan.flags, code)["v"] == 1.0


def test_patients_groups_and_pictures_on_both_sides_are_leaks(covid):
    confirmed_cases(60)
    cases = plan_of(covid).cases
    assert leaks(cases) == []
    moved = replace(cases[0], split="test" if cases[0].split != "test" else "train")
    [found] = leaks([*cases, moved])
    assert found == {"code": "leak", "facts": {"groups": 1, "patients": 1, "pictures": 1}}


@pytest.mark.parametrize("column", ["group", "patient", "pixel_sha256"])
def test_each_kind_of_leak_alone(covid, column):
    confirmed_cases(60)
    cases = plan_of(covid).cases
    train = next(case for case in cases if case.split == "train")
    test = next(case for case in cases if case.split == "test")
    moved = replace(test, **{column: getattr(train, column)})
    assert codes(leaks([train, moved])) == ["leak"]


def test_a_list_that_leaks_is_refused(covid, monkeypatch):
    """Whatever brings a patient into two splits: nothing is trained."""
    confirmed_cases(200, a_patient=2)
    real, turns = planning._planned, cycle(("train", "test"))
    monkeypatch.setattr(
        planning, "_planned", lambda row, joined: replace(real(row, joined), split=next(turns))
    )
    assert facts(plan_of(covid).problems, "leak")["patients"] > 0
    with pytest.raises(SnapshotRefused):
        take_snapshot(target=covid)


def test_flags_of_a_small_unequal_set(covid):
    classes = ["covid-19", *["no-covid-19"] * 7]
    confirmed_cases(160, classes=classes, is_compared=False)
    plan = plan_of(covid)
    found = codes(plan.flags)
    assert {"one-site", "imbalance", "small-validation", "small-test", "not-compared"} <= set(found)
    assert facts(plan.flags, "imbalance") == {"rho": 7.0, "mu": 0.5}
    assert facts(plan.flags, "not-compared") == {"cases": 160}


def test_equal_pictures_with_different_results_are_told(covid, other_site):
    films = confirmed_cases(200)
    patient = Patient.objects.create(site=other_site, code="X-1")
    Radiograph.objects.filter(pk=films[1].pk).update(
        pixel_sha256=pixels_of(0), site=other_site, patient=patient
    )
    assert facts(plan_of(covid).flags, "contradicting") == {"pictures": 1}


def test_everything_is_counted_by_split(covid, site):
    confirmed_cases(200, site=site, source="BIMCV")
    counts = plan_of(covid).counts
    assert set(counts) == {
        "splits", "patients", "classes", "class_patients", "sites", "views", "ages", "sexes",
        "sources",
    }  # fmt: skip
    for name in ("classes", "sites", "views", "ages", "sexes", "sources"):
        for split, number in counts["splits"].items():
            assert sum(counts[name][split].values()) == number, name
    assert counts["sites"]["train"] == {"milagro": counts["splits"]["train"]}


@pytest.mark.parametrize(
    ("age", "band"),
    [
        (None, ""),
        (0, "0-17"),
        (17, "0-17"),
        (18, "18-39"),
        (59, "40-59"),
        (60, "60-79"),
        (80, "80+"),
    ],
)
def test_age_bands(age, band):
    assert age_band(age) == band


@pytest.mark.parametrize("language", ["es", "en"])
def test_each_code_has_a_sentence(covid, language):
    facts_of_all = {
        "class": "covid-19", "cases": 2, "split": "test", "patients": 1, "wanted": 5, "groups": 1,
        "pictures": 1, "v": 0.91, "corrected": 0.9, "limit": 0.8, "categories": 2, "rho": 7.0,
        "mu": 0.5,
    }  # fmt: skip
    with translation.override(language):
        for code in snapshot_words.SENTENCES:
            sentence = snapshot_words.sentence_of(code, facts_of_all)
            assert sentence.endswith("."), code
            assert "%(" not in sentence
        for code in snapshot_words.REASONS:
            assert snapshot_words.reason_of(code) != code


def test_a_code_or_facts_of_another_version_are_shown_as_they_are():
    assert snapshot_words.sentence_of("from-the-future", {}) == "from-the-future"
    assert snapshot_words.sentence_of("leak", {}) == "leak"
    assert snapshot_words.reason_of("from-the-future") == "from-the-future"
