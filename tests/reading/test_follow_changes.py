"""Worklists follow, some seconds later, what was stored and what was answered."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from core.tasks import QUEUES
from images.models import Radiograph
from images.services import restore, trash
from images.services.truth import truth_given
from inference.models import Standing, StandingOf
from inference.signals import standings_changed
from reading.later import to_rank
from reading.models import CaseState, ListCase, Rank
from reading.services import following, worklist_of
from reading.tasks import upkeep
from reading.tasks.upkeep import follow_changes
from tests import factories
from tests.reading import makers
from tests.reading.makers import cases_of, follow, stand


@pytest.fixture
def rung(monkeypatch):
    """Tasks that were rung for."""
    tasks = []
    monkeypatch.setattr("reading.later.ring_soon", tasks.append)
    return tasks


def listed():
    return set(ListCase.objects.values_list("radiograph", flat=True))


def long_ago(rows, moment):
    rows.update(**{moment: timezone.now() - timedelta(days=1)})


def test_a_new_radiograph_is_placed(site, doctor):
    film = factories.make_radiograph(uploader=doctor, seed=3)
    follow()
    assert listed() == {film.pk}


def test_each_is_placed_at_its_own_institution(doctor, other_site):
    theirs = makers.bare_film(other_site, makers.doctor_of(other_site))
    own = makers.bare_film(doctor.site, doctor)
    follow()
    assert cases_of(worklist_of(doctor.site))[0].radiograph == own
    assert cases_of(worklist_of(other_site))[0].radiograph == theirs


def test_it_is_placed_by_its_answer(doctor):
    film = makers.bare_film(doctor.site, doctor)
    stand(film, StandingOf.POSITIVE, doubt=0.2, is_uncertain=True)
    follow()
    assert ListCase.objects.get().rank == Rank.UNCERTAIN


def test_it_is_placed_by_what_its_uploader_stated(doctor):
    film = factories.make_radiograph(uploader=doctor, seed=3, rt_pcr="positive")
    stand(film, StandingOf.NEGATIVE, doubt=3.0)
    follow()
    assert ListCase.objects.get().rank == Rank.CONTRADICTED


def test_what_its_uploader_stated_ranks_nothing_before(
    doctor, monkeypatch, django_capture_on_commit_callbacks
):
    ranked: set[UUID] = set()
    monkeypatch.setattr(to_rank, "_work", ranked.update)
    truth = truth_given(target=makers.covid(), result="positive")
    with django_capture_on_commit_callbacks(execute=True):
        film = factories.make_radiograph(uploader=doctor, seed=3, truths=[truth])
    assert film.pk not in ranked


def test_trash_is_not_placed(doctor):
    film = factories.make_radiograph(uploader=doctor, seed=3)
    trash(radiograph=film, by=doctor)
    follow()
    assert not listed()


def test_an_answer_moves_an_old_case(worklist):
    case = cases_of(worklist)[2]
    long_ago(Radiograph.objects, "created_at")
    stand(case.radiograph, StandingOf.POSITIVE, doubt=0.2, is_uncertain=True)
    follow()
    case.refresh_from_db()
    assert (case.rank, case.value) == (Rank.UNCERTAIN, 0.2)


def test_what_is_older_than_the_last_look_is_left_alone(worklist, doctor):
    follow()
    makers.bare_film(doctor.site, doctor)
    stand(cases_of(worklist)[0].radiograph, StandingOf.POSITIVE, doubt=0.2, is_uncertain=True)
    long_ago(Radiograph.objects, "created_at")
    long_ago(Standing.objects, "updated_at")
    follow()
    assert worklist.cases.count() == 3
    assert set(worklist.cases.values_list("rank", flat=True)) == {Rank.REST}


def test_what_was_seen_by_nobody_for_days_is_followed(worklist, doctor):
    """The worker was away: the mark is old, and so is what came since."""
    two_days_ago = timezone.now() - timedelta(days=2)
    following._note(following.NEW, two_days_ago)
    film = makers.bare_film(doctor.site, doctor)
    long_ago(Radiograph.objects, "created_at")
    follow()
    assert film.pk in listed()


def test_a_clock_that_was_put_back_hides_nothing(doctor):
    following._note(following.NEW, timezone.now() + timedelta(days=1))
    film = makers.bare_film(doctor.site, doctor)
    follow()
    assert listed() == {film.pk}


def test_many_are_followed_in_parts(doctor, monkeypatch):
    monkeypatch.setattr(following, "AT_ONCE", 2)
    films = makers.make_films(doctor.site, doctor, range(5))
    # All of one moment: the second part begins within it.
    Radiograph.objects.update(created_at=timezone.now())
    follow()
    assert listed() == {film.pk for film in films}


def test_the_rest_is_rung_for_when_the_slice_is_over(doctor, monkeypatch):
    rung = []
    monkeypatch.setattr(upkeep, "SLICE_SECONDS", -1.0)
    monkeypatch.setattr(upkeep, "ring", rung.append)
    monkeypatch.setattr(following, "AT_ONCE", 2)
    makers.make_films(doctor.site, doctor, range(3))
    follow()
    assert rung == [follow_changes]
    assert len(listed()) == 2


def test_without_a_cache_the_last_minutes_are_followed(doctor, monkeypatch, caplog):
    def away(*_args, **_options):
        raise ConnectionError("secret address")

    monkeypatch.setattr(cache, "get", away)
    monkeypatch.setattr(cache, "set", away)
    film = makers.bare_film(doctor.site, doctor)
    follow()
    assert listed() == {film.pk}
    assert "secret address" not in caplog.text


def test_following_twice_places_once(doctor):
    makers.make_films(doctor.site, doctor, range(3))
    follow()
    follow()
    assert ListCase.objects.count() == 3


def test_storing_rings(doctor, rung, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        factories.make_radiograph(uploader=doctor, seed=3)
    assert follow_changes in rung


def test_storing_waits_for_no_worklist(doctor, rung, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        factories.make_radiograph(uploader=doctor, seed=3)
    assert not listed()


def test_a_bell_that_cannot_be_rung_fails_no_upload(
    doctor, monkeypatch, django_capture_on_commit_callbacks
):
    def fail(_task):
        raise ArithmeticError

    monkeypatch.setattr("reading.later.ring_soon", fail)
    with django_capture_on_commit_callbacks(execute=True):
        film = factories.make_radiograph(uploader=doctor, seed=3)
    assert Radiograph.objects.get() == film


def test_an_answer_rings(rung, db, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        standings_changed.send(sender=None, radiographs=[])
    assert rung == [follow_changes]


def test_what_comes_back_from_the_trash_does_not_wait(
    doctor, worklist, rung, django_capture_on_commit_callbacks
):
    film = factories.make_radiograph(uploader=doctor, seed=3)
    makers.add_cases(worklist, [film])
    trash(radiograph=film, by=doctor)
    ListCase.objects.update(state=CaseState.WITHDRAWN)
    with django_capture_on_commit_callbacks(execute=True):
        restore(radiograph=film)
    assert ListCase.objects.get(radiograph=film).state == CaseState.OPEN


def test_beat_looks_for_lost_bells_each_minute():
    entry = settings.CELERY_BEAT_SCHEDULE["follow-changes"]
    assert (entry["task"], entry["schedule"]) == (follow_changes.name, 60.0)
    assert QUEUES[follow_changes.name] == "default"
