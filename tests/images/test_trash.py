"""Into the trash, and the list of what is in it."""

from django.urls import reverse

from images.services import trash
from tests import factories


def put_away(client, film):
    return client.post(reverse("images:trash_one", args=[film.pk]))


def rows(client) -> list:
    return [row.pk for row in client.get("/images/trash/").context["page"].object_list]


def test_puts_it_away(actor, film, doctor):
    put_away(actor("doctor"), film)
    film.refresh_from_db()
    assert film.is_trashed
    assert film.trashed_by == doctor
    assert film.trashed_at is not None


def test_keeps_the_files(actor, film):
    put_away(actor("doctor"), film)
    assert film.file.storage.exists(film.file.name)
    assert film.file.storage.exists(film.thumbnail.name)


def test_twice_remembers_the_first_time(actor, film, doctor):
    client = actor("doctor")
    put_away(client, film)
    film.refresh_from_db()
    first = film.trashed_at
    assert put_away(client, film).status_code == 302
    film.refresh_from_db()
    assert film.trashed_at == first


def test_lists_the_last_first(actor, film, own_film, doctor):
    trash(radiograph=own_film, by=doctor)
    trash(radiograph=film, by=doctor)
    assert rows(actor("doctor")) == [film.pk, own_film.pk]


def test_health_workers_find_their_own_uploads(actor, film, own_film, doctor):
    trash(radiograph=own_film, by=doctor)
    trash(radiograph=film, by=doctor)
    assert rows(actor("health_worker")) == [own_film.pk]


def test_other_institutions_find_nothing(actor, film, doctor):
    trash(radiograph=film, by=doctor)
    assert rows(actor("stranger")) == []


def test_a_health_worker_puts_away_an_own_upload(actor, own_film):
    assert put_away(actor("health_worker"), own_film).status_code == 302
    own_film.refresh_from_db()
    assert own_film.is_trashed


def test_says_so_when_it_is_empty(actor, site):
    assert 'class="empty"' in actor("doctor").get("/images/trash/").content.decode()


def test_many_go_on_a_second_page(actor, doctor):
    for seed in range(26):
        film = factories.make_radiograph(uploader=doctor, seed=seed)
        trash(radiograph=film, by=doctor)
    assert len(rows(actor("doctor"))) == 24
