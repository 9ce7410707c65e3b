"""How failures look: a code for programs, a sentence in the reader's language."""

import pytest
from django.core.cache import cache
from redis.exceptions import ConnectionError as RedisDown

from config import problems

IMAGES = "/api/v1/images/"


@pytest.mark.parametrize(
    ("language", "answered"), [("", "es"), ("es", "es"), ("en", "en"), ("fr", "es")]
)
def test_language(language, answered, db, client):
    response = client.get(IMAGES, headers={"accept-language": language})

    assert response["Content-Language"] == answered
    assert response.json()["code"] == "not-authenticated"


def test_refused_file_is_explained_in_english(upload, doctor, bearer):
    client = bearer(doctor)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"

    response = upload(client, content=b"")

    assert response.json() == {"code": "empty", "detail": "The file is empty."}


def test_every_sentence_of_ours_differs():
    sentences = [str(sentence) for _, sentence in problems.WORDS.values()]

    assert len(set(sentences)) == len(sentences)


@pytest.mark.parametrize("accept", ["text/html", "application/json", "*/*"])
def test_unknown_address_answers_in_json(accept, db, client):
    response = client.get("/api/v1/nowhere/else", headers={"accept": accept})

    assert (response.status_code, response.json()["code"]) == (404, "not-found")


@pytest.mark.parametrize("place", ["cases.csv", "cases.zip", "images/1/picture/"])
def test_file_addresses_fail_in_json(place, db, client):
    response = client.get(f"/api/v1/{place}", headers={"accept": "text/csv"})

    assert (response.status_code, response.json()["code"]) == (401, "not-authenticated")


def test_too_many_requests(doctor, bearer, settings):
    settings.API_REQUESTS_PER_MINUTE = 3
    client = bearer(doctor)

    answers = [client.get(IMAGES) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[-1].json()["code"] == "throttled"
    assert 1 <= int(answers[-1]["Retry-After"]) <= 60


def test_people_do_not_share_their_limit(doctor, health_worker, bearer, settings):
    settings.API_REQUESTS_PER_MINUTE = 1

    statuses = [bearer(person).get(IMAGES).status_code for person in (doctor, health_worker)]

    assert statuses == [200, 200]


def test_lost_cache_limits_nobody(doctor, bearer, monkeypatch):
    def down(*args, **kwargs):
        raise RedisDown

    monkeypatch.setattr(type(cache._connections["default"]), "add", down)

    assert bearer(doctor).get(IMAGES).status_code == 200
