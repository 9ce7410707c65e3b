"""Near-duplicates are looked for while nobody brings radiographs, or when some waited long."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from config.celery import app
from core.tasks import QUEUES
from images.models import PictureSketch, Radiograph
from images.services import copies, quiet
from images.services.copies import waiting
from images.signals import pixels_replaced
from images.tasks import copies as task
from tests.images.copying import group_of, make_film, settle, two_copies
from tests.images.tables import add_file, make_batch


@pytest.fixture
def films(site):
    """Two copies."""
    return two_copies(site)


@pytest.fixture
def rung(monkeypatch):
    tasks = []
    monkeypatch.setattr(task, "ring", tasks.append)
    return tasks


def test_what_waits_is_compared_when_it_is_quiet(films):
    task.join_waiting()
    assert not waiting().exists()
    assert group_of(films[0]) == group_of(films[1]) is not None


def test_nothing_is_compared_while_radiographs_come(films, site):
    make_film("P-3", site=site, flipped=True)
    task.join_waiting()
    assert waiting().count() == 3


def test_nothing_is_compared_while_files_wait(films, doctor):
    add_file(make_batch(doctor), "film.png", received_at=timezone.now())
    task.join_waiting()
    assert waiting().count() == 2


def test_what_waited_long_is_compared_all_the_same(films, site):
    settle(*films, seconds=200)
    make_film("P-3", site=site, flipped=True)
    task.join_waiting()
    assert group_of(films[0]) == group_of(films[1]) is not None


def test_it_ends_when_a_radiograph_comes(films, site, monkeypatch):
    monkeypatch.setattr(quiet, "AT_ONCE", 1)
    join = copies.join_some

    def join_and_store(radiographs):
        join(radiographs)
        make_film("P-3", site=site, flipped=True)

    monkeypatch.setattr(copies, "join_some", join_and_store)
    task.join_waiting()
    assert PictureSketch.objects.count() == 1


def test_storing_rings_no_bell_for_it(site, monkeypatch, django_capture_on_commit_callbacks):
    rung = []
    monkeypatch.setattr(task.join_waiting, "apply_async", lambda **_options: rung.append(1))
    with django_capture_on_commit_callbacks(execute=True):
        make_film(site=site)
    assert not rung


def test_the_rest_is_rung_for_when_the_slice_is_over(films, rung, monkeypatch):
    monkeypatch.setattr(task, "SLICE_SECONDS", -1.0)
    monkeypatch.setattr(quiet, "AT_ONCE", 1)
    task.join_waiting()
    assert rung == [task.join_waiting]
    assert waiting().count() == 1


def test_where_it_is_never_quiet_the_rest_waits_for_the_next_beat(films, site, rung, monkeypatch):
    settle(*films, seconds=200)
    make_film("P-3", site=site, flipped=True)
    monkeypatch.setattr(task, "SLICE_SECONDS", -1.0)
    monkeypatch.setattr(quiet, "AT_ONCE", 1)
    task.join_waiting()
    assert not rung
    assert waiting().count() == 2


def test_what_came_after_all_was_compared_is_found(films, site):
    task.join_waiting()
    third = make_film("P-3", site=site, crop=0.03)
    settle(third, seconds=20)
    task.join_waiting()
    assert group_of(third) == group_of(films[0])


def test_not_all_are_gone_through_each_time(films):
    task.join_waiting()
    settle(films[0], seconds=3600)
    PictureSketch.objects.filter(radiograph=films[0]).delete()
    assert quiet.some_waiting() == []


def test_after_an_hour_all_are_gone_through(films, monkeypatch):
    task.join_waiting()
    settle(films[0], seconds=3600)
    PictureSketch.objects.filter(radiograph=films[0]).delete()
    later = timezone.now() + timedelta(hours=1)
    monkeypatch.setattr(quiet.timezone, "now", lambda: later)
    assert quiet.some_waiting() == [films[0]]


def test_an_old_picture_that_was_covered_is_compared_anew(
    films, django_capture_on_commit_callbacks
):
    task.join_waiting()
    settle(films[0], seconds=3600)
    with django_capture_on_commit_callbacks() as callbacks:
        pixels_replaced.send(sender=Radiograph, radiograph=films[0], pixels=None, before="0" * 64)
    assert quiet.look_through_all in callbacks
    quiet.look_through_all()
    assert quiet.some_waiting() == [films[0]]


def test_without_a_cache_all_are_gone_through(films, monkeypatch, caplog):
    def away(*_args, **_options):
        raise ConnectionError("secret address")

    for verb in ("get", "set", "delete"):
        monkeypatch.setattr(cache, verb, away)
    settle(films[0], seconds=3600)
    quiet.look_through_all()
    assert set(quiet.some_waiting()) == set(films)
    assert "secret address" not in caplog.text


def test_beat_asks_each_half_minute_on_the_queue_of_light_work():
    entry = app.conf.beat_schedule["join-copies"]
    assert (entry["task"], entry["schedule"]) == (task.join_waiting.name, 30.0)
    assert QUEUES[task.join_waiting.name] == "default"
