"""A frozen list of cases: what stands in it, when it is stored, and what happens to it later."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEntry
from images.models import Patient, Radiograph, TextState
from images.services import trash, withdraw_consent
from retraining.models import DatasetSnapshot, Division, PatientSplit, PromotionRules, SnapshotCase
from retraining.services.snapshots import Changes, SnapshotRefused, take_snapshot, what_changed
from retraining.snapshots.planning import plan_of
from tests.factories import state_truth
from tests.images.copying import make_film
from tests.retraining.lists import confirmed_cases


@pytest.fixture
def films(covid, site) -> list[Radiograph]:
    return confirmed_cases(200, site=site)


@pytest.fixture
def snapshot(films, covid) -> DatasetSnapshot:
    return take_snapshot(target=covid)


def splits() -> dict[str, str]:
    return dict(PatientSplit.objects.values_list("key", "split"))


def test_a_plan_writes_nothing_but_the_division(films, covid):
    plan = plan_of(covid)
    assert len(plan.cases) == 200
    assert len(plan.new_splits) == 400  # of patients and of pictures
    assert Division.objects.count() == 1
    assert not PatientSplit.objects.exists()
    assert not DatasetSnapshot.objects.exists()


def test_two_plans_of_the_same_data_are_equal(films, covid):
    assert plan_of(covid) == plan_of(covid)


def test_rows_are_those_of_the_plan(films, covid):
    plan = plan_of(covid)
    snapshot = take_snapshot(target=covid)
    assert (snapshot.sha256, snapshot.size, snapshot.counts) == (plan.sha256, 200, plan.counts)
    stored = {
        row.radiograph_id: (row.truth_id, row.target_class.code, row.group, row.split, row.site_id)
        for row in SnapshotCase.objects.select_related("target_class")
    }
    assert stored == {
        case.radiograph: (case.truth, case.class_code, case.group, case.split, case.site)
        for case in plan.cases
    }
    assert splits() == plan.new_splits


def test_a_split_is_about_seven_one_two(snapshot):
    numbers = snapshot.counts["splits"]
    assert sum(numbers.values()) == 200
    assert 115 <= numbers["train"] <= 165
    assert 5 <= numbers["validation"] <= 38
    assert 20 <= numbers["test"] <= 62


def test_another_installation_divides_otherwise(films, covid):
    before = {case.radiograph: case.split for case in plan_of(covid).cases}
    Division.objects.update(salt="another secret")
    assert before != {case.radiograph: case.split for case in plan_of(covid).cases}


def test_an_equal_list_is_not_stored_again(snapshot, covid):
    assert take_snapshot(target=covid) == snapshot
    assert DatasetSnapshot.objects.count() == 1
    assert SnapshotCase.objects.count() == 200


def test_a_corrected_label_makes_another_list(snapshot, covid, films):
    state_truth(films[0], "negative")
    assert take_snapshot(target=covid).sha256 != snapshot.sha256


def test_a_split_that_is_fixed_is_not_hashed_anew(films, covid):
    key = films[0].patient.split_key.hex
    planned = {case.radiograph: case.split for case in plan_of(covid).cases}[films[0].pk]
    other = "test" if planned != "test" else "train"
    PatientSplit.objects.create(division=Division.objects.current(), key=key, split=other)
    found = {case.radiograph: case.split for case in plan_of(covid).cases}
    assert found[films[0].pk] == other


def pair_across(covid, films) -> tuple[Radiograph, Radiograph]:
    """Two radiographs of patients in training and in test."""
    by_split = {case.split: case.radiograph for case in plan_of(covid).cases}
    rows = {film.pk: film for film in films}
    return rows[by_split["train"]], rows[by_split["test"]]


def joined(*films: Radiograph) -> None:
    keys = [film.pk for film in films]
    Radiograph.objects.filter(pk__in=keys).update(copy_group="5f0c3b0e-9b57-4d0c-9d5c-2d8c0b6d2f10")


def test_copies_joined_before_the_first_list_share_a_split(films, covid):
    pair = pair_across(covid, films)
    joined(*pair)
    plan = plan_of(covid)
    found = [case for case in plan.cases if case.radiograph in {film.pk for film in pair}]
    assert len({case.split for case in found}) == 1 == len({case.group for case in found})
    assert len(plan.cases) == 200


def test_patients_joined_across_splits_are_set_aside(snapshot, films, covid):
    before = splits()
    pair = pair_across(covid, films)
    joined(*pair)
    later = take_snapshot(target=covid)
    assert later.size == 198
    assert later.set_aside == {"split-conflict": 2}
    assert {"code": "set-aside", "facts": {"cases": 2}} in later.flags
    assert splits() == before


def test_equal_pixels_join_before_a_worker_compared_them(films, covid, other_site):
    first, second = pair_across(covid, films)
    # At another institution, where the same picture may be stored once more.
    patient = Patient.objects.create(site=other_site, code="X-1")
    Radiograph.objects.filter(pk=second.pk).update(
        pixel_sha256=first.pixel_sha256, site=other_site, patient=patient
    )
    found = {case.radiograph: case for case in plan_of(covid).cases}
    assert found[first.pk].split == found[second.pk].split
    assert found[first.pk].group == found[second.pk].group


def test_a_common_key_joins_after_the_copy_is_gone(films, covid):
    """A patient took over another one's key by a copy that was deleted since."""
    first, second = pair_across(covid, films)
    key = first.patient.split_key
    Patient.objects.filter(pk=second.patient_id).update(
        split_key=key, former_split_keys=[second.patient.split_key.hex]
    )
    found = {case.radiograph: case for case in plan_of(covid).cases}
    assert found[first.pk].split == found[second.pk].split


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"is_synthetic": True}, "synthetic"),
        ({"view": "L"}, "lateral"),
        ({"status": "trashed"}, "trashed"),
        ({"text_state": TextState.SUSPECTED}, "writing-suspected"),
    ],
)
def test_what_is_set_aside_is_counted(films, covid, change, reason):
    Radiograph.objects.filter(pk=films[0].pk).update(**change)
    plan = plan_of(covid)
    assert plan.set_aside == {reason: 1}
    assert films[0].pk not in {case.radiograph for case in plan.cases}


def test_radiographs_without_any_statement_are_counted(films, covid, doctor):
    confirmed_cases(3, first=900, site=doctor.site, target=covid, classes=["covid-19"])
    Radiograph.objects.get(pk=films[0].pk).truths.all()._raw_delete("default")
    assert plan_of(covid).set_aside == {"no-class": 1}


def test_a_refused_list_leaves_nothing_behind(covid, site):
    confirmed_cases(3, site=site)
    with pytest.raises(SnapshotRefused) as refused:
        take_snapshot(target=covid)
    assert {problem["code"] for problem in refused.value.plan.problems} == {"too-few-patients"}
    assert not DatasetSnapshot.objects.exists()
    assert not PatientSplit.objects.exists()


def test_who_freezes_a_list_is_noted(films, covid, administrator):
    snapshot = take_snapshot(target=covid, by=administrator)
    entry = AuditEntry.objects.get(subject="snapshot")
    assert (entry.actor, entry.subject_id) == (administrator, snapshot.pk)
    assert entry.after == {"target": "covid-19", "cases": 200}
    take_snapshot(target=covid, by=administrator)
    assert AuditEntry.objects.filter(subject="snapshot").count() == 1


def test_nothing_changed(snapshot):
    assert what_changed(snapshot) == Changes(deleted=0, withdrawn=0, relabelled=0, redrawn=0)


def test_what_became_of_its_cases(snapshot, films, doctor):
    films[0].delete()
    trash(radiograph=films[1], by=doctor)
    withdraw_consent(patient=films[2].patient, by=doctor)
    Radiograph.objects.filter(pk=films[3].pk).update(text_state=TextState.SUSPECTED)
    state_truth(films[4], "negative")
    state_truth(films[5], "unknown")
    Radiograph.objects.filter(pk=films[6].pk).update(pixel_sha256="f" * 64)
    changes = what_changed(snapshot)
    assert changes == Changes(deleted=1, withdrawn=3, relabelled=2, redrawn=1)
    assert (changes.total, changes.may_not_train) == (7, 4)


def test_a_correction_that_says_the_same_changes_nothing(snapshot, films):
    state_truth(films[0], "positive", laboratory="InDRE")
    assert what_changed(snapshot).total == 0


def test_rules_of_the_target_decide(films, covid):
    PromotionRules.objects.create(target=covid, min_patients=5000)
    assert not plan_of(covid).is_usable


def test_what_nobody_compared_is_compared_before(covid, site):
    """Two copies that came under two patient codes are of one group from their first list on."""
    confirmed_cases(200, site=site)
    one = make_film("P-1", site=site, rt_pcr="positive")
    other = make_film("P-2", site=site, crop=0.05, rt_pcr="positive")
    snapshot = take_snapshot(target=covid)
    rows = SnapshotCase.objects.filter(snapshot=snapshot, radiograph__in=[one, other])
    assert rows.count() == 2
    assert len({(row.group, row.split) for row in rows}) == 1
    assert "not-compared" not in {flag["code"] for flag in snapshot.flags}


def test_more_cases_take_more_rows_a_statement_not_more_statements(covid, site):
    """How long ten thousand take is measured by the benchmark `retrain`."""

    def statements() -> int:
        with CaptureQueriesContext(connection) as asked:
            take_snapshot(target=covid)
        return len(asked)

    confirmed_cases(200, site=site)
    few = statements()
    confirmed_cases(1000, site=site, first=200)
    assert statements() < few + 1000 // 10
