"""Where the answer for a radiograph stands: kept through all that changes predictions."""

import importlib
from datetime import timedelta

import pytest
from django.apps import apps
from django.utils import timezone

from core.jobs import MAX_ATTEMPTS, JobStatus
from images.models import Radiograph
from images.services import cover
from inference import services
from inference.models import Prediction, Standing
from inference.panels import badges_of
from inference.signals import standings_changed
from tests.factories import make_radiograph


def standing(radiograph) -> Standing:
    return Standing.objects.get(radiograph=radiograph, target__code="covid-19")


@pytest.fixture
def told():
    """Keys that the rooms above were told of."""
    keys = []

    def note(radiographs, **_details):
        keys.extend(radiographs)

    standings_changed.connect(note)
    yield keys
    standings_changed.disconnect(note)


def test_without_a_model_nothing_was_asked(radiograph):
    assert (standing(radiograph).standing, standing(radiograph).prediction) == ("none", None)


def test_with_a_model_it_waits(model, radiograph):
    assert standing(radiograph).standing == "waiting"
    assert standing(radiograph).prediction.radiograph == radiograph


@pytest.mark.usefixtures("small_engine")
def test_an_answer_is_noted_with_its_doubt(model, radiograph):
    services.work_next()
    row, answer = standing(radiograph), Prediction.objects.get()
    assert row.standing == ("positive" if answer.predicted_class.is_positive else "negative")
    assert row.prediction == answer
    assert row.doubt >= 0


@pytest.mark.parametrize(
    ("probability", "word", "is_uncertain"),
    [(0.9, "positive", False), (0.55, "positive", True), (0.45, "negative", True),
     (0.01, "negative", False)],
)  # fmt: skip
def test_near_the_threshold_is_uncertain(
    radiograph, paper_model, predicted, probability, word, is_uncertain
):
    predicted(radiograph, probability, paper_model)
    services.note_standings([radiograph.pk])
    row = standing(radiograph)
    assert (row.standing, row.is_uncertain) == (word, is_uncertain)


def test_doubt_is_the_distance_of_the_odds(radiograph, paper_model, predicted):
    predicted(radiograph, 0.75, paper_model)  # odds of 3 against a threshold's odds of 1
    services.note_standings([radiograph.pk])
    assert standing(radiograph).doubt == pytest.approx(1.0986, abs=1e-4)


def test_a_failure_is_noted(model, radiograph, monkeypatch):
    Prediction.objects.update(status=JobStatus.RUNNING, attempts=MAX_ATTEMPTS,
                              lease_until=timezone.now() - timedelta(minutes=1))  # fmt: skip
    assert services.bury_exhausted() == 1
    assert standing(radiograph).standing == "failed"


def test_asking_again_waits_again(model, radiograph, doctor):
    Prediction.objects.update(status=JobStatus.FAILED)
    services.retry(prediction=Prediction.objects.get(), by=doctor)
    assert standing(radiograph).standing == "waiting"


def test_a_covered_picture_has_no_answer_any_more(radiograph, paper_model, predicted, doctor):
    predicted(radiograph, 0.9, paper_model)
    services.note_standings([radiograph.pk])
    paper_model.target.is_active = False
    paper_model.target.save()
    cover(radiograph=radiograph, boxes=[[10, 10, 20, 20]], by=doctor)
    assert standing(radiograph).standing == "none"


def test_a_deleted_radiograph_has_no_standing(radiograph):
    key = radiograph.pk
    Radiograph.objects.filter(pk=key).delete()
    services.note_standings([key])
    assert not Standing.objects.exists()


def test_what_was_written_beside_is_mended(radiograph, paper_model, predicted):
    predicted(radiograph, 0.9, paper_model)
    services.mend_standings()
    assert standing(radiograph).standing == "positive"


def test_a_radiograph_without_a_standing_gets_one(radiograph):
    Standing.objects.all().delete()
    services.mend_standings()
    assert standing(radiograph).standing == "none"


def test_other_rooms_are_told_after_the_commit(
    radiograph, told, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        services.note_standings([radiograph.pk])
        assert told == []
    assert told == [radiograph.pk]


@pytest.mark.django_db(transaction=True)
def test_a_room_above_that_fails_keeps_nothing_from_being_stored(radiograph):
    def fail(**_details):
        raise OSError

    standings_changed.connect(fail)
    try:
        services.note_standings([radiograph.pk])
    finally:
        standings_changed.disconnect(fail)
    assert standing(radiograph).standing == "none"


def test_the_list_is_filtered_by_what_its_badges_show(
    doctor, site, sign_in, paper_model, predicted, failed
):
    rows = [make_radiograph(uploader=doctor, seed=seed) for seed in range(5)]
    Prediction.objects.all().delete()
    predicted(rows[0], 0.9, paper_model)
    predicted(rows[1], 0.1, paper_model)
    failed(rows[2])
    Prediction.objects.create(radiograph=rows[3], target=paper_model.target)
    services.note_standings(row.pk for row in rows)
    client = sign_in(doctor)
    for word in ("positive", "negative", "failed", "waiting", "none"):
        shown = client.get("/images/", {"prediction": word}).context["page"].rows
        assert [row.pk for row in shown] == [rows[ORDER.index(word)].pk]
    states = [badge.reading and badge.reading.state for badge in badges_of(rows)]
    assert states == ["positive", "negative", "failed", "pending", None]


ORDER = ["positive", "negative", "failed", "waiting", "none"]


def test_the_migration_finds_what_the_service_finds(
    doctor, site, paper_model, predicted, failed, django_assert_max_num_queries
):
    rows = [make_radiograph(uploader=doctor, seed=seed) for seed in range(3)]
    Prediction.objects.all().delete()
    predicted(rows[0], 0.55, paper_model)
    failed(rows[1])
    services.note_standings(row.pk for row in rows)
    facts = ("radiograph", "target", "standing", "prediction", "doubt", "is_uncertain")
    expected = set(Standing.objects.values_list(*facts))
    Standing.objects.all().delete()
    importlib.import_module("inference.migrations.0004_fill_standings").fill(apps, None)
    assert set(Standing.objects.values_list(*facts)) == expected
