"""The task that keeps the index of similar cases up to date."""

import logging
import os
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone

from config.celery import app
from core.tasks import QUEUES
from images.models import Radiograph, Target
from images.services import delete_for_good, restore, trash
from images.services.quiet import LONGEST_WAIT
from inference.models import FeatureVector, Prediction
from inference.similar import refresh, upkeep
from inference.similar.case_index import read
from inference.similar.kinds import Kind
from inference.tasks import refresh_similar
from tests.factories import make_radiograph, state_truth
from tests.inference.similar_cases import (
    EXTRACTOR,
    PREPROCESSING,
    keep_features,
    make_case,
    pooled,
    serve,
)


@pytest.fixture
def served(target, site):
    return serve(target)


def rows() -> int:
    return len(read(Kind(EXTRACTOR, PREPROCESSING).path).vectors)


def files() -> set[str]:
    return {path.name for path in settings.SIMILAR_DIR.iterdir() if path.name != upkeep.LOCK}


def test_beat_rings_it_every_minute():
    entry = app.conf.beat_schedule["refresh-similar"]
    assert (entry["task"], entry["schedule"]) == (refresh_similar.name, 60.0)


def test_it_waits_in_the_queue_of_light_work():
    assert QUEUES[refresh_similar.name] == "default"


def test_it_writes_every_confirmed_case_with_features(served, site):
    make_case(10, seed=1, site=site)
    make_case(20, seed=2, site=site, rt_pcr="negative")
    make_case(30, seed=3, site=site, rt_pcr="")
    make_radiograph(site=site, seed=4, rt_pcr="positive")
    refresh_similar()
    assert rows() == 2


def test_more_cases_than_a_chunk(served, site, monkeypatch):
    monkeypatch.setattr(upkeep, "CHUNK", 2)
    for seed in range(5):
        make_case(10 * seed, seed=seed, site=site)
    refresh()
    assert rows() == 5


def test_one_vector_serves_the_same_pixels_of_two_institutions(served, site, other_site):
    make_case(10, seed=1, site=site)
    make_radiograph(site=other_site, seed=1, rt_pcr="positive")
    refresh()
    assert rows() == 2


def test_when_nothing_changed_nothing_is_written(served, site):
    make_case(10, seed=1, site=site)
    assert refresh() == 1
    assert refresh() == 0


def confirm(radiograph, doctor):
    state_truth(radiograph, "positive")


def withdraw(radiograph, doctor):
    state_truth(radiograph, "unknown")


def put_away(radiograph, doctor):
    trash(radiograph=radiograph, by=doctor)


def forget_features(radiograph, doctor):
    FeatureVector.objects.filter(pixel_sha256=radiograph.pixel_sha256).delete()


def stop_asking(radiograph, doctor):
    Target.objects.exclude(code="covid-19").update(is_active=False)
    target = Target.objects.exclude(code="covid-19").first()
    target.is_active = True
    target.save()


@pytest.mark.parametrize("change", [confirm, withdraw, put_away, forget_features, stop_asking])
def test_every_change_is_noticed(served, site, doctor, change):
    make_case(10, seed=1, site=site)
    case = make_case(20, seed=2, site=site, rt_pcr="" if change is confirm else "positive")
    refresh()
    change(case, doctor)
    assert refresh() == 1


def test_what_came_back_from_the_trash_is_noticed(served, site, doctor):
    case = make_case(10, seed=1, site=site)
    trash(radiograph=case, by=doctor)
    refresh()
    restore(radiograph=case)
    refresh()
    assert rows() == 1


def test_features_that_came_later_are_noticed(served, site):
    radiograph = make_radiograph(site=site, seed=1, rt_pcr="positive")
    refresh()
    keep_features(radiograph, pooled(10))
    refresh()
    assert rows() == 1


def test_a_case_deleted_for_good_leaves_the_file(served, site, doctor):
    case = make_case(10, seed=1, site=site)
    refresh()
    trash(radiograph=case, by=doctor)
    delete_for_good(radiograph=Radiograph.objects.get(pk=case.pk))
    refresh()
    assert rows() == 0


def test_a_damaged_index_is_written_anew(served, site):
    make_case(10, seed=1, site=site)
    refresh()
    path = Kind(EXTRACTOR, PREPROCESSING).path
    path.write_bytes(path.read_bytes()[:-1])
    assert refresh() == 1
    assert rows() == 1


def test_a_lost_index_is_written_anew(served, site):
    make_case(10, seed=1, site=site)
    refresh()
    Kind(EXTRACTOR, PREPROCESSING).path.unlink()
    assert refresh() == 1


def test_without_a_model_nothing_is_written(site):
    make_case(10, seed=1, site=site)
    assert refresh() == 0


def test_the_index_goes_when_nothing_serves_any_more(served, site, target):
    refresh()
    Target.objects.filter(pk=target.pk).update(is_active=False)
    refresh()
    assert files() == set()


def test_a_model_with_another_extractor_leaves_the_index(served, site, target):
    refresh()
    serve(target, extractor="resnet-50", version="2")
    refresh()
    assert files() == {f"{EXTRACTOR}.{PREPROCESSING}.index"}


def test_what_a_killed_refresh_left_behind_goes(served):
    settings.SIMILAR_DIR.mkdir(parents=True)
    (settings.SIMILAR_DIR / ".abc.part").write_bytes(b"vectors")
    refresh()
    assert files() == {f"{EXTRACTOR}.{PREPROCESSING}.index"}


def test_two_at_once_do_not_disturb_each_other(served, site):
    make_case(10, seed=1, site=site)
    with upkeep._only_one(settings.SIMILAR_DIR):
        assert refresh() == 0
    assert refresh() == 1


def test_a_full_disk_costs_the_index_and_not_the_worker(served, site, monkeypatch, caplog):
    def full(*_arguments, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(upkeep, "write", full)
    refresh_similar()
    assert "No space left on device" in caplog.text


def test_logs_tell_numbers_and_no_patients(served, site, caplog):
    caplog.set_level(logging.INFO, logger="inference")
    case = make_case(10, seed=1, site=site, patient_code="SECRET-1")
    refresh()
    assert "rows=1" in caplog.text
    assert not [
        word for word in ("SECRET-1", str(case.pk), case.pixel_sha256) if word in caplog.text
    ]


@pytest.fixture
def just_written(served, site):
    """An index without cases, and a case that is new; nobody waits for an answer."""
    refresh()
    make_case(10, seed=1, site=site)
    Prediction.objects.all().delete()


@pytest.fixture
def somebody_waits(just_written, target):
    Prediction.objects.create(radiograph=Radiograph.objects.get(), target=target)


def in_a_while(seconds: float):
    return time_machine.travel(timezone.now() + timedelta(seconds=seconds))


def test_where_nobody_waits_each_beat_refreshes(just_written):
    refresh_similar()
    assert rows() == 1


def test_it_leaves_the_processor_to_those_who_wait_for_an_answer(somebody_waits):
    refresh_similar()
    assert rows() == 0


def test_but_not_for_ever(somebody_waits):
    with in_a_while(LONGEST_WAIT.total_seconds() + 1):
        refresh_similar()
    assert rows() == 1


def test_an_index_that_needed_no_writing_counts_as_refreshed(somebody_waits):
    path = Kind(EXTRACTOR, PREPROCESSING).path
    os.utime(path, (0, 0))
    refresh_similar()
    assert rows() == 0


def test_a_clock_that_was_set_back_delays_nothing(somebody_waits):
    with in_a_while(-3600):
        refresh_similar()
    assert rows() == 1
