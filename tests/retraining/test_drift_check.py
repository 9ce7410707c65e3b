"""Looking for drift: what is compared, what is found, and the job around it."""

from datetime import timedelta

import numpy as np
import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry
from core.http import STOP_POLLING
from core.jobs import JobStatus
from images.models import Radiograph
from inference import features
from inference.features import FeatureKey
from inference.ml.extractor import VGG16_BLOCK5
from inference.models import DeployedModel, Prediction
from retraining import reasons, services
from retraining.drift import words as drift_words
from retraining.models import DriftCheck, DriftReport, TrainingRun
from retraining.services.snapshots import take_snapshot
from tests.images.conftest import SIGN_IN, WAITING, answer_of
from tests.retraining.lists import confirmed_cases, pixels_of
from tests.retraining.versions import make_version, serve

pytestmark = pytest.mark.django_db
FILMS = 60


@pytest.fixture
def live(covid) -> DeployedModel:
    """Taken in from elsewhere: its training set is not here."""
    return serve(make_version(covid, 1))


@pytest.fixture
def read_here(live, site):
    """`read_here(first, ...)`: radiographs that the model answered for, with features."""

    def make(first: int, *, days_ago: float, share=0.3, shift=0.0, count=FILMS, at=site):
        films = confirmed_cases(count, site=at, first=first)
        answered(films, live, share, first)
        cache(films, shift, first)
        moment = timezone.now() - timedelta(days=days_ago)
        Radiograph.objects.filter(pk__in=[film.pk for film in films]).update(created_at=moment)
        return films

    return make


def answered(films, model, share: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    positive = random.random(len(films)) < share
    scores = np.where(positive, random.beta(8, 2, len(films)), random.beta(2, 8, len(films)))
    classes = {row.is_positive: row for row in model.target.classes.all()}
    Prediction.objects.bulk_create(
        Prediction(
            radiograph=film, target=model.target, model=model, status=JobStatus.DONE,
            probability=float(score), predicted_class=classes[bool(score >= 0.5)],
        )
        for film, score in zip(films, scores, strict=True)
    )  # fmt: skip


def cache(films, shift: float, seed: int) -> None:
    random, spec = np.random.default_rng(seed), VGG16_BLOCK5
    features.keep_many(
        {
            FeatureKey(film.pixel_sha256, spec.code, spec.preprocessing_version): (
                random.normal(1 + shift, 1, (spec.shape[0], 1)).repeat(49, axis=1).reshape(-1)
            ).astype(np.float16)
            for film in films
        }
    )


def look(covid) -> DriftCheck:
    check = services.request_drift_check(target=covid, by=None)
    services.work_on_drift_check()
    check.refresh_from_db()
    return check


def test_nothing_changed(covid, read_here):
    read_here(0, days_ago=90, count=300)
    read_here(1000, days_ago=3)
    assert look(covid).status == JobStatus.DONE
    report = DriftReport.objects.get()
    assert (report.cases, report.alerts) == (FILMS, [])
    assert report.score_shift is not None
    assert report.feature_distance <= report.feature_limit
    assert drift_words.alerts_of(report) == []


def test_scores_that_moved(covid, read_here):
    read_here(0, days_ago=90, count=300)
    read_here(1000, days_ago=3, share=0.95)
    look(covid)
    report = DriftReport.objects.get()
    assert report.alerts == [reasons.SCORES_MOVED]
    assert report.score_shift > report.facts["score_limit"] >= 0.25


def test_pictures_that_look_different(covid, read_here):
    read_here(0, days_ago=90, count=100)
    read_here(1000, days_ago=3, shift=0.5)
    look(covid)
    report = DriftReport.objects.get()
    assert report.alerts == [reasons.FEATURES_MOVED]
    assert report.feature_distance > report.feature_limit


def test_each_institution_by_itself(covid, read_here, site, other_site):
    read_here(0, days_ago=90, count=300)
    read_here(1000, days_ago=3)
    read_here(2000, days_ago=3, share=0.95, at=other_site)
    look(covid)
    found = {report.site: report.alerts for report in DriftReport.objects.all()}
    assert found == {site: [], other_site: [reasons.SCORES_MOVED]}


def test_few_radiographs_say_nothing(covid, read_here):
    read_here(0, days_ago=90, count=100)
    read_here(1000, days_ago=3, share=1.0, shift=3.0, count=20)
    look(covid)
    report = DriftReport.objects.get()
    assert (report.cases, report.alerts, report.score_shift) == (20, [], None)
    [line] = drift_words.lines_of([report])
    assert "30" in line.note


def test_without_anything_earlier_nothing_is_compared(covid, read_here):
    read_here(0, days_ago=3)
    assert look(covid).status == JobStatus.DONE
    report = DriftReport.objects.get()
    assert (report.alerts, report.score_shift, report.prevalence) == ([], None, None)
    assert drift_words.lines_of([report])[0].note


def test_what_is_synthetic_or_in_the_trash_is_left_out(covid, read_here):
    read_here(0, days_ago=90, count=100)
    films = read_here(1000, days_ago=3)
    Radiograph.objects.filter(pk=films[0].pk).update(is_synthetic=True)
    Radiograph.objects.filter(pk=films[1].pk).update(status="trashed")
    look(covid)
    assert DriftReport.objects.get().cases == FILMS - 2


def test_a_model_of_this_place_is_compared_with_its_own_list(covid, site):
    """Held-out patients for the scores, trained ones for the features and the share."""
    films = confirmed_cases(300, site=site, target=covid)
    cache(films, 0.0, 7)
    snapshot = take_snapshot(target=covid)
    run = TrainingRun.objects.create(
        target=covid, architecture="logistic", status=JobStatus.DONE, snapshot=snapshot
    )
    version = make_version(covid, 1, run=run)
    version.snapshot = snapshot
    version.save()
    model = serve(version)
    fresh = confirmed_cases(FILMS, site=site, target=covid, first=5000)
    answered([*films[:50], *fresh], model, 0.5, 3)
    cache(fresh, 0.8, 8)
    assert look(covid).status == JobStatus.DONE
    report = DriftReport.objects.get()
    held_out = snapshot.cases.exclude(split="train").count()
    assert (report.cases, report.facts["reference"]) == (FILMS, "snapshot")
    assert report.facts["reference_cases"] == held_out
    assert report.facts["trained_prevalence"] == pytest.approx(0.5, abs=0.05)
    assert reasons.FEATURES_MOVED in report.alerts
    assert 0 <= report.facts["prevalence_low"] <= report.prevalence <= 1
    assert all(drift_words.alerts_of(report))


def test_a_target_without_a_model(covid):
    check = look(covid)
    assert (check.status, check.error_code) == (JobStatus.FAILED, reasons.NO_MODEL)


def test_trouble_gives_the_check_back(covid, read_here, monkeypatch):
    def broken(*args):
        raise OSError

    read_here(0, days_ago=3, count=2)
    monkeypatch.setattr("retraining.drift.data.reference_of", broken)
    check = look(covid)
    assert (check.status, check.error_code) == (JobStatus.QUEUED, reasons.STORAGE)


def test_a_lost_lease_writes_nothing(covid, read_here, monkeypatch):
    from retraining.drift import data as drift_data

    real = drift_data.reference_of

    def meanwhile(*args):
        DriftCheck.objects.cancel()
        return real(*args)

    read_here(0, days_ago=3, count=2)
    monkeypatch.setattr(drift_data, "reference_of", meanwhile)
    assert look(covid).status == JobStatus.CANCELLED
    assert not DriftReport.objects.exists()


def test_once_a_week(live):
    assert services.request_due_drift_checks() == 1
    assert services.request_due_drift_checks() == 0
    with time_machine.travel(timezone.now() + timedelta(days=8), tick=False):
        assert services.request_due_drift_checks() == 1


def test_asking_twice_is_asking_once(covid, administrator, doctor):
    first = services.request_drift_check(target=covid, by=administrator)
    assert services.request_drift_check(target=covid, by=administrator) == first
    assert AuditEntry.objects.filter(subject="drift-check").count() == 1
    with pytest.raises(PermissionDenied):
        services.request_drift_check(target=covid, by=doctor)


ACCESS = {
    "anonymous": SIGN_IN, "pending": WAITING, "health_worker": 403, "doctor": 403,
    "researcher": 403, "site_administrator": 403, "administrator": 200,
}  # fmt: skip


@pytest.mark.parametrize(("who", "expected"), ACCESS.items())
def test_who_may_see_it(actor, covid, who, expected):
    assert answer_of(actor(who).get(reverse("retraining:drift", args=[covid.code]))) == expected


@pytest.mark.parametrize(("who", "expected"), (ACCESS | {"administrator": 302}).items())
def test_who_may_ask(actor, covid, who, expected):
    place = reverse("retraining:drift_check", args=[covid.code])
    assert answer_of(actor(who).post(place)) == expected
    assert DriftCheck.objects.exists() == (expected == 302)
    if expected == 302:
        assert actor(who).get(place).status_code == 405


def test_the_page_tells_what_was_found(actor, covid, read_here):
    read_here(0, days_ago=90, count=300)
    read_here(1000, days_ago=3, share=0.95)
    look(covid)
    place = reverse("retraining:drift", args=[covid.code])
    page = actor("administrator").get(place)
    [alert] = drift_words.alerts_of(DriftReport.objects.get())
    assert alert in page.content.decode()
    assert pixels_of(1000) not in page.content.decode()


def test_the_piece_asks_until_the_check_ended(actor, covid, live):
    place = reverse("retraining:drift", args=[covid.code])
    client = actor("administrator")
    services.request_drift_check(target=covid, by=None)
    answer = client.get(place, headers={"hx-request": "true"})
    assert answer.status_code == 200
    assert f'hx-get="{place}"' in answer.content.decode()
    assert "<html" not in answer.content.decode()
    services.work_on_drift_check()
    answer = client.get(place, headers={"hx-request": "true"})
    assert answer.status_code == STOP_POLLING
    assert "hx-get" not in answer.content.decode()
