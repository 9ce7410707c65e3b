"""A picture that was tested with is never trained on, whatever became of its radiograph."""

import importlib

import pytest
from django.apps import apps

from images.models import Patient, PictureSketch, Radiograph, Redaction
from images.services import delete_for_good, merge_patients, trash
from retraining.models import PatientSplit, PromotionRules, SnapshotCase
from retraining.services.snapshots import take_snapshot
from retraining.snapshots import division
from retraining.snapshots.planning import plan_of
from tests.factories import state_truth
from tests.retraining.lists import confirmed_cases


@pytest.fixture
def films(covid, site) -> list[Radiograph]:
    """Two radiographs of each of a hundred patients."""
    PromotionRules.objects.create(target=covid, min_patients=2)
    return confirmed_cases(200, site=site, a_patient=2)


def placed(covid) -> dict:
    return {case.radiograph: case.split for case in plan_of(covid).cases}


def of_split(covid, split: str) -> Radiograph:
    """The first radiograph of a patient in that split."""
    found = [key for key, now in placed(covid).items() if now == split]
    rows = Radiograph.objects.filter(pk__in=found).order_by("patient__code", "pixel_sha256")
    return rows.select_related("patient").first()


@pytest.fixture
def tested(films, covid) -> Radiograph:
    """Of a patient whom a list has put into the test split."""
    take_snapshot(target=covid)
    return of_split(covid, "test")


@pytest.fixture
def newcomer(tested, covid, other_site) -> Radiograph:
    """Of another institution, of a patient whom nothing but equal pixels keeps out of training."""
    confirmed_cases(20, site=other_site, first=5_000)
    places = placed(covid)
    [film, *_] = [
        film
        for film in Radiograph.objects.filter(site=other_site).order_by("patient__code")
        if places[film.pk] == "train"
    ]
    return film


def show_the_same(newcomer: Radiograph, pixels: str) -> None:
    Radiograph.objects.filter(pk=newcomer.pk).update(pixel_sha256=pixels)


def test_a_picture_in_the_trash_keeps_its_patient_out_of_training(tested, newcomer, covid, doctor):
    show_the_same(newcomer, tested.pixel_sha256)
    trash(radiograph=tested, by=doctor)
    assert placed(covid)[newcomer.pk] == "test"


def test_a_picture_that_is_gone_keeps_its_split(tested, newcomer, covid, doctor):
    trash(radiograph=tested, by=doctor)
    assert delete_for_good(radiograph=Radiograph.objects.get(pk=tested.pk))
    show_the_same(newcomer, tested.pixel_sha256)
    assert placed(covid)[newcomer.pk] == "test"


def test_a_picture_of_patients_set_aside_does_not_come_back(tested, newcomer, covid, doctor):
    """Of a patient merged with one who was trained on; then the picture goes to the trash."""
    trained = of_split(covid, "train")
    merge_patients(kept=trained.patient, absorbed=tested.patient, merged_by=doctor, sex="F")
    show_the_same(newcomer, tested.pixel_sha256)
    trash(radiograph=tested, by=doctor)
    assert newcomer.pk not in placed(covid)


def test_a_picture_without_a_result_joins_too(tested, newcomer, covid):
    """It may be tested with for another question, or its patient is."""
    state_truth(tested, "unknown")
    show_the_same(newcomer, tested.pixel_sha256)
    assert placed(covid)[newcomer.pk] == "test"
    assert newcomer.patient_id in division.tested_patients()


def test_a_picture_that_never_was_in_a_list_joins_its_patients(tested, newcomer, covid, doctor):
    [fresh] = confirmed_cases(1, site=tested.site, first=9_000)
    Radiograph.objects.filter(pk=fresh.pk).update(patient=tested.patient)
    trash(radiograph=fresh, by=doctor)
    show_the_same(newcomer, fresh.pixel_sha256)
    assert placed(covid)[newcomer.pk] == "test"


def test_a_picture_joins_by_what_was_covered_in_it(tested, newcomer, covid, doctor):
    """The same film came uncovered to the other institution, never compared with it."""
    Redaction.objects.create(radiograph=tested, made_by=doctor, pixel_sha256_before="c" * 64)
    show_the_same(newcomer, "c" * 64)
    assert placed(covid)[newcomer.pk] == "test"


def test_a_picture_given_to_a_trained_patient_is_set_aside(tested, covid):
    trained = of_split(covid, "train")
    Radiograph.objects.filter(pk=tested.pk).update(patient=trained.patient)
    now = placed(covid)
    assert tested.pk not in now
    assert trained.pk not in now


def test_drawn_pictures_join_nobody(tested, newcomer, covid):
    [drawn] = confirmed_cases(1, site=tested.site, first=9_000)
    Radiograph.objects.filter(pk=drawn.pk).update(patient=tested.patient, is_synthetic=True)
    show_the_same(newcomer, drawn.pixel_sha256)
    assert placed(covid)[newcomer.pk] == "train"


def test_equal_pixels_join_for_ever_without_a_sketch(tested, newcomer, covid, doctor):
    """Flat pictures, lost thumbnails: what joins them may be deleted after one list."""
    [fresh] = confirmed_cases(1, site=tested.site, first=9_000)
    Radiograph.objects.filter(pk=fresh.pk).update(patient=tested.patient)
    trash(radiograph=fresh, by=doctor)
    show_the_same(newcomer, fresh.pixel_sha256)
    PictureSketch.objects.filter(radiograph=newcomer).delete()
    take_snapshot(target=covid)
    assert Patient.objects.get(pk=newcomer.patient_id).split_key == tested.patient.split_key


def keys_of_pictures() -> dict[str, str]:
    patients = [key.hex for key in Patient.objects.values_list("split_key", flat=True)]
    return dict(PatientSplit.objects.exclude(key__in=patients).values_list("key", "split"))


def test_no_hash_of_pixels_outlives_its_picture(tested):
    kept = keys_of_pictures()
    assert len(kept) == 200
    hashes = SnapshotCase.objects.values_list("pixel_sha256", flat=True)
    assert not [pixels for pixels in hashes if any(key in pixels for key in kept)]


def test_pictures_of_older_lists_are_fixed_by_the_migration(tested):
    before = keys_of_pictures()
    PatientSplit.objects.filter(key__in=before).delete()
    step = importlib.import_module("retraining.migrations.0003_pictures_keep_splits")
    step.fix_pictures(apps, None)
    assert keys_of_pictures() == before
