"""Back from the trash."""

import pytest
from django.urls import reverse

from images.services import restore, trash
from images.signals import images_ready


@pytest.fixture
def announced():
    """Keys of the radiographs that were announced since."""
    heard = []

    def listen(sender, radiographs, **kwargs):
        heard.extend(radiograph.pk for radiograph in radiographs)

    images_ready.connect(listen)
    yield heard
    images_ready.disconnect(listen)


def test_brings_it_back(actor, film, doctor):
    trash(radiograph=film, by=doctor)
    response = actor("doctor").post(reverse("images:restore", args=[film.pk]))
    assert response.headers["Location"] == film.get_absolute_url()
    film.refresh_from_db()
    assert (film.is_trashed, film.trashed_at, film.trashed_by) == (False, None, None)


def test_announces_it(film, doctor, announced):
    trash(radiograph=film, by=doctor)
    assert restore(radiograph=film)
    assert announced == [film.pk]


def test_what_was_never_away_is_not_announced(film, announced):
    assert not restore(radiograph=film)
    assert announced == []
