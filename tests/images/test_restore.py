"""Back from the trash."""

import pytest
from django.urls import reverse

from images.services import restore, trash
from images.signals import image_ready


@pytest.fixture
def announced():
    """Keys of the radiographs that were announced since."""
    heard = []

    def listen(sender, radiograph, **kwargs):
        heard.append(radiograph.pk)

    image_ready.connect(listen)
    yield heard
    image_ready.disconnect(listen)


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
