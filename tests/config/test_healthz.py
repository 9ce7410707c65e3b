"""GET /healthz: the process serves, whatever the rest does."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_anybody_may_ask():
    response = Client().get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_a_probe_knows_no_host_name():
    assert Client().get("/healthz", headers={"host": "10.0.0.7"}).status_code == 200


def test_a_probe_speaks_no_tls(settings):
    settings.SECURE_SSL_REDIRECT = True
    assert Client().get("/healthz").status_code == 200


def test_it_answers_without_a_database(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert Client().get("/healthz").status_code == 200


def test_nobody_keeps_the_answer():
    assert Client().get("/healthz")["Cache-Control"] == "no-store"


def test_it_reads_only():
    assert Client().post("/healthz").status_code in {403, 404}
