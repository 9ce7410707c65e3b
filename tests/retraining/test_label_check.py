"""Searching labels for errors: the job, what it finds, and what becomes of a suspicion."""

from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.models import AuditEntry
from core.jobs import JobStatus
from images.models import Radiograph
from images.services import trash
from inference import features
from inference.models import DeployedModel
from retraining import reasons, services, tasks
from retraining.cohort import cohort_of
from retraining.models import (
    Division,
    LabelCheck,
    PatientSplit,
    SuspectedLabel,
    SuspectState,
    Suspicion,
)
from retraining.services import label_check
from tests.factories import make_radiograph, state_truth
from tests.retraining.cases import key_of, make_cases

WRONG = 4


@pytest.fixture
def cases(doctor, bells) -> list[Radiograph]:
    return make_cases(doctor, wrong={WRONG})


@pytest.fixture
def asked(covid, doctor, bells) -> LabelCheck:
    return services.request_label_check(target=covid, by=doctor)


@pytest.fixture
def live(covid) -> DeployedModel:
    return DeployedModel.objects.create(
        target=covid, version="1.0", threshold=0.5,
        extractor="vgg16-block5", preprocessing="xr-224-1",
    )  # fmt: skip


def by_loss():
    return SuspectedLabel.objects.filter(suspicion=Suspicion.LOSS)


def again(covid) -> LabelCheck:
    check = services.request_label_check(target=covid, by=None)
    services.work_on_label_check()
    check.refresh_from_db()
    return check


def test_a_wrong_label_is_found(cases, asked):
    assert not services.work_on_label_check()
    asked.refresh_from_db()
    assert (asked.status, asked.checked, asked.without_features) == (JobStatus.DONE, 56, 0)
    suspect = by_loss().first()
    assert suspect.radiograph == cases[WRONG]
    assert suspect.truth == cases[WRONG].truths.get(is_current=True)
    assert suspect.score > 2.3
    assert asked.found == SuspectedLabel.objects.count() <= 4


def test_a_label_is_suspected_once(cases, asked, covid):
    services.work_on_label_check()
    number = SuspectedLabel.objects.count()
    assert again(covid).found == 0
    assert SuspectedLabel.objects.count() == number


def test_a_label_that_stands_is_not_suspected_again(cases, asked, covid, doctor):
    services.work_on_label_check()
    services.judge_suspect(suspect=by_loss().first(), by=doctor, verdict=SuspectState.KEPT)
    again(covid)
    states = by_loss().filter(radiograph=cases[WRONG]).values_list("state", flat=True)
    assert list(states) == [SuspectState.KEPT]


def test_what_is_found_no_more_goes(cases, asked, covid):
    innocent = cases[1].truths.get()
    SuspectedLabel.objects.create(
        radiograph=cases[1], truth=innocent, suspicion=Suspicion.LOSS, score=3
    )
    services.work_on_label_check()
    assert not by_loss().filter(truth=innocent).exists()


def test_correcting_a_label_closes_its_suspicion(cases, asked, doctor):
    services.work_on_label_check()
    state_truth(cases[WRONG], "positive", by=doctor)
    suspect = by_loss().get(radiograph=cases[WRONG])
    assert (suspect.state, suspect.judged_by) == (SuspectState.CORRECTED, doctor)


def test_cases_without_features_are_counted(cases, asked, doctor):
    make_cases(doctor, 3, first=90, cached=False)
    services.work_on_label_check()
    asked.refresh_from_db()
    assert (asked.checked, asked.without_features) == (56, 3)


def test_what_may_not_train_is_not_judged(cases, covid, doctor):
    trash(radiograph=cases[0], by=doctor)
    state_truth(cases[1], "unknown", by=doctor)
    kept = {case.radiograph for case in cohort_of(covid).cases}
    assert kept == {case.pk for case in cases[2:]}


def test_groups_join_patients_of_copies(cases, covid):
    group = "5f0c3b0e-9b57-4d0c-9d5c-2d8c0b6d2f10"
    Radiograph.objects.filter(pk__in=[cases[0].pk, cases[1].pk]).update(copy_group=group)
    of = {case.radiograph: case.group for case in cohort_of(covid).cases}
    assert of[cases[0].pk] == of[cases[1].pk]
    assert len(set(of.values())) == 55


def test_patients_of_the_test_split_are_not_judged(cases, covid):
    """Their copies neither: patients whose radiographs are alike stand together."""
    group = "5f0c3b0e-9b57-4d0c-9d5c-2d8c0b6d2f10"
    Radiograph.objects.filter(pk__in=[cases[0].pk, cases[1].pk]).update(copy_group=group)
    division = Division.objects.current()
    for film, split in ((cases[0], "test"), (cases[2], "test"), (cases[3], "train")):
        key = film.patient.split_key.hex
        PatientSplit.objects.create(division=division, key=key, split=split)
    cohort = cohort_of(covid)
    assert {case.radiograph for case in cohort.cases} == {case.pk for case in cases[3:]}
    assert cohort.sealed == 3


def test_damaged_vectors_are_left_out(cases, covid):
    features.keep_many({key_of(cases[0]): features.read(key_of(cases[0]))})
    for row in (cases[2], cases[3]):
        features.forget(row.pixel_sha256)
    assert cohort_of(covid).without_features == 0  # their radiographs are still here
    Radiograph.objects.filter(pk=cases[3].pk).update(pixel_sha256="0" * 64)
    assert cohort_of(covid).without_features == 1


def test_too_few_cases_accuse_nobody_but_copies_are_compared(doctor, covid, bells):
    pair = make_cases(doctor, 2)
    Radiograph.objects.filter(pk__in=[film.pk for film in pair]).update(
        copy_group="5f0c3b0e-9b57-4d0c-9d5c-2d8c0b6d2f10"
    )
    check = again(covid)
    assert (check.status, check.error_code) == (JobStatus.FAILED, reasons.TOO_FEW)
    found = SuspectedLabel.objects.filter(suspicion=Suspicion.COPIES)
    assert {(row.radiograph, row.other) for row in found} == {
        (pair[0], pair[1]), (pair[1], pair[0]),
    }  # fmt: skip


def test_copies_that_agree_are_no_contradiction(doctor, covid, bells):
    films = [
        make_radiograph(uploader=doctor, seed=n, rt_pcr="positive", patient_code=f"A-{n}")
        for n in range(2)
    ]
    Radiograph.objects.update(copy_group="5f0c3b0e-9b57-4d0c-9d5c-2d8c0b6d2f10")
    again(covid)
    assert len(films) == 2
    assert not SuspectedLabel.objects.exists()


def test_a_label_changed_after_the_model_went_into_service(doctor, covid, live, bells):
    film, _other = make_cases(doctor, 2)
    state_truth(film, "negative", by=doctor)
    again(covid)
    suspect = SuspectedLabel.objects.get(suspicion=Suspicion.CHANGED)
    assert (suspect.radiograph, suspect.truth.result) == (film, "negative")


def test_a_first_label_or_an_earlier_change_is_no_reason(doctor, covid, bells):
    film = make_radiograph(uploader=doctor, seed=1, rt_pcr="positive")
    state_truth(film, "negative", by=doctor)
    DeployedModel.objects.create(target=covid, version="2.0", threshold=0.5)
    make_radiograph(uploader=doctor, seed=2, rt_pcr="positive")
    again(covid)
    assert not SuspectedLabel.objects.filter(suspicion=Suspicion.CHANGED).exists()


def test_asking_twice_is_asking_once(asked, covid, doctor):
    assert services.request_label_check(target=covid, by=doctor) == asked


@pytest.mark.parametrize("who", ["health_worker", "researcher"])
def test_others_may_not_ask(covid, request, who):
    with pytest.raises(PermissionDenied):
        services.request_label_check(target=covid, by=request.getfixturevalue(who))


def test_a_request_rings(covid, doctor, bells, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        services.request_label_check(target=covid, by=doctor)
    assert bells == ["check_labels_waiting"]


def test_a_lost_lease_writes_nothing(cases, asked, monkeypatch):
    real = label_check.cohort_of

    def meanwhile(target):
        LabelCheck.objects.cancel()
        return real(target)

    monkeypatch.setattr(label_check, "cohort_of", meanwhile)
    services.work_on_label_check()
    asked.refresh_from_db()
    assert asked.status == JobStatus.CANCELLED
    assert not SuspectedLabel.objects.exists()


def test_trouble_gives_the_check_back(asked, monkeypatch):
    def broken(target):
        raise OSError

    monkeypatch.setattr(label_check, "cohort_of", broken)
    services.work_on_label_check()
    asked.refresh_from_db()
    assert (asked.status, asked.error_code) == (JobStatus.QUEUED, reasons.STORAGE)


def test_the_reaper_rings_for_what_waits(asked, bells):
    tasks.reap()
    assert bells == ["check_labels_waiting"]


def test_checks_are_asked_for_once_a_week(cases, covid):
    assert services.request_due_checks() == 1
    assert services.request_due_checks() == 0
    with time_machine.travel(timezone.now() + timedelta(days=8), tick=False):
        assert services.request_due_checks() == 1


def test_without_labels_nothing_is_due(covid, bells):
    assert services.request_due_checks() == 0


def test_a_verdict_is_recorded(cases, asked, doctor):
    services.work_on_label_check()
    suspect = by_loss().first()
    assert services.judge_suspect(
        suspect=suspect, by=doctor, verdict=SuspectState.KEPT, note_text="Seen twice"
    )
    suspect.refresh_from_db()
    assert (suspect.judged_by, suspect.note) == (doctor, "Seen twice")
    entry = AuditEntry.objects.get(subject="suspicion")
    assert (entry.actor, entry.subject_id) == (doctor, suspect.pk)
    assert entry.after == {"state": "kept", "reason": "loss"}


def test_the_second_verdict_changes_nothing(cases, asked, doctor, administrator):
    services.work_on_label_check()
    suspect = by_loss().first()
    services.judge_suspect(suspect=suspect, by=doctor, verdict=SuspectState.KEPT)
    assert not services.judge_suspect(suspect=suspect, by=administrator, verdict=SuspectState.KEPT)
    assert AuditEntry.objects.filter(subject="suspicion").count() == 1


def test_corrected_is_not_claimed_of_a_label_that_stands(cases, asked, doctor):
    services.work_on_label_check()
    suspect = by_loss().first()
    assert not services.judge_suspect(suspect=suspect, by=doctor, verdict=SuspectState.CORRECTED)


def test_who_may_not_review_judges_nothing(cases, asked, health_worker):
    services.work_on_label_check()
    with pytest.raises(PermissionDenied):
        services.judge_suspect(
            suspect=by_loss().first(), by=health_worker, verdict=SuspectState.KEPT
        )
