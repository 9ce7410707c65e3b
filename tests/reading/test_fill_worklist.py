"""The worklist of an institution holds what nobody has read."""

import pytest
from django.conf import settings

from images.models import Patient, Radiograph
from images.services import restore, trash
from reading.models import CaseState, ListCase, ListKind, Rank, ReadingList
from reading.services import fill_worklist, place, worklist_of
from reading.tasks.upkeep import keep_worklists, rank_worklists
from tests import factories
from tests.reading import makers
from tests.reading.makers import cases_of, stand


@pytest.fixture
def films(site, doctor):
    return makers.make_films(site, doctor, range(3))


@pytest.fixture
def worklist(site) -> ReadingList:
    return worklist_of(site)


def listed(reading_list):
    return set(reading_list.cases.values_list("radiograph", flat=True))


def keys(films):
    return {film.pk for film in films}


def test_a_site_has_one_worklist(site, worklist):
    assert worklist_of(site) == worklist == ReadingList.objects.get()
    assert (worklist.kind, worklist.target) == (ListKind.WORKLIST, makers.covid())


def test_each_site_has_its_own(other_site, worklist):
    assert worklist_of(other_site) != worklist


def test_it_holds_the_radiographs_of_the_site(films, worklist, other_site):
    stranger = makers.doctor_of(other_site)
    makers.bare_film(other_site, stranger)
    assert fill_worklist(worklist) == 3
    assert listed(worklist) == keys(films)


def test_filling_again_adds_nothing(films, worklist):
    fill_worklist(worklist)
    assert fill_worklist(worklist) == 0


def test_filling_again_asks_once(films, worklist, django_assert_num_queries):
    fill_worklist(worklist)
    with django_assert_num_queries(1):
        fill_worklist(worklist)


def test_it_is_filled_in_parts(films, worklist):
    assert [fill_worklist(worklist, limit=2) for _ in range(3)] == [2, 1, 0]


def test_it_is_ranked_from_the_start(films, worklist):
    stand(films[1], "positive", doubt=0.1, is_uncertain=True)
    fill_worklist(worklist)
    assert ListCase.objects.get(radiograph=films[1]).rank == Rank.UNCERTAIN


def test_trash_is_not_on_it(films, worklist, doctor):
    trash(radiograph=films[0], by=doctor)
    fill_worklist(worklist)
    assert listed(worklist) == keys(films[1:])


def test_withdrawn_consent_is_not_on_it(films, worklist):
    Patient.objects.filter(pk=films[0].patient_id).update(consent_withdrawn_at="2026-01-01T00:00Z")
    fill_worklist(worklist)
    assert listed(worklist) == keys(films[1:])


def test_what_was_read_elsewhere_is_not_on_it(site, doctor, films, worklist, read_by):
    study = makers.make_study(site, doctor, [doctor], cases=1)
    [case] = cases_of(study)
    read_by(doctor, case)
    fill_worklist(worklist)
    assert listed(worklist) == keys(films)


def test_a_worklist_that_cannot_be_written_fails_no_restoring(
    doctor, monkeypatch, django_capture_on_commit_callbacks
):
    from reading.later import to_place

    def fail(_keys):
        raise ArithmeticError

    film = factories.make_radiograph(uploader=doctor, seed=3)
    trash(radiograph=film, by=doctor)
    monkeypatch.setattr(to_place, "_work", fail)
    with django_capture_on_commit_callbacks(execute=True):
        restore(radiograph=film)
    assert Radiograph.objects.kept().get() == film
    assert not ListCase.objects.exists()


def test_what_comes_back_from_the_trash_is_read_again(
    doctor, worklist, django_capture_on_commit_callbacks
):
    film = factories.make_radiograph(uploader=doctor, seed=3)
    [case] = makers.add_cases(worklist, [film])
    ListCase.objects.update(state=CaseState.WITHDRAWN)
    trash(radiograph=film, by=doctor)
    with django_capture_on_commit_callbacks(execute=True):
        restore(radiograph=film)
    case.refresh_from_db()
    assert case.state == CaseState.OPEN


def test_placing_twice_places_once(films):
    assert [place(keys(films)), place(keys(films))] == [3, 0]


def test_upkeep_fills_every_site(site, other_site, films):
    theirs = makers.bare_film(other_site, makers.doctor_of(other_site))
    keep_worklists()
    assert listed(worklist_of(site)) == keys(films)
    assert listed(worklist_of(other_site)) == {theirs.pk}


def test_upkeep_ranks_what_a_signal_missed(films, worklist):
    fill_worklist(worklist)
    for film in films:
        stand(film, "positive", doubt=2.0)
    rank_worklists()
    assert set(worklist.cases.values_list("rank", flat=True)) == {Rank.REST}


@pytest.mark.parametrize("task", [keep_worklists, rank_worklists], ids=lambda task: task.name)
def test_upkeep_is_on_the_schedule(task):
    assert task.name in {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
