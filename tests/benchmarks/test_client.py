"""The uploading program against a live server."""

import pytest

from accounts.models import ApiToken
from benchmarks.client import NotTaken, Person
from images.models import IncomingFile
from tests.factories import chest_png

FILMS = 5


@pytest.fixture
def person(live_server, health_worker):
    secret = ApiToken.objects.create(user=health_worker, name="test", scope="write")[1]
    with Person(live_server.url, secret) as person:
        yield person


@pytest.fixture
def films(tmp_path):
    paths = [tmp_path / f"{seed}.png" for seed in range(FILMS)]
    for seed, path in enumerate(paths):
        path.write_bytes(chest_png(seed))
    return paths


@pytest.mark.django_db(transaction=True)
def test_batch_is_sent_in_bundles(person, films):
    sent = person.send_batch(films, at_once=2)

    assert len(sent) == FILMS
    assert len({each.began for each in sent}) == 3
    assert IncomingFile.objects.filter(received_at__isnull=False).count() == FILMS
    assert {each.batch for each in sent} == {str(IncomingFile.objects.first().batch_id)}


@pytest.mark.django_db(transaction=True)
def test_file_that_is_refused_is_no_result(person, films):
    films[0].write_bytes(b"")

    with pytest.raises(NotTaken, match="empty"):
        person.send_batch(films)
