"""GET /status/: for administrators; parts, queues, models, disk and versions."""

import pytest
from django.test import Client

from config import health, status
from tests import factories

URL = "/status/"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("anonymous", 302),
        ("pending", 302),
        ("health_worker", 403),
        ("doctor", 403),
        ("researcher", 403),
        ("stranger", 403),
        ("site_administrator", 200),
        ("administrator", 200),
    ],
)
@pytest.mark.django_db
def test_who_may_open_it(actor, name, code):
    assert actor(name).get(URL).status_code == code


def test_a_visitor_is_led_to_the_door(db):
    assert Client().get(URL).url.startswith("/account/login/")


def test_a_silent_worker_is_shown(sign_in, administrator):
    shown = sign_in(administrator).get(URL).context["status"]
    assert [str(part.name) for part in shown.parts if not part.works] == [
        str(status.PARTS["worker"])
    ]
    assert not shown.all_parts_work


def test_counts_are_of_what_the_person_sees(sign_in, site_administrator, stranger, other_site):
    factories.make_radiograph(site=other_site, uploader=stranger, seed=1)
    assert sign_in(site_administrator).get(URL).context["status"].radiographs == 0


def test_every_queue_has_a_length(sign_in, administrator):
    queues = sign_in(administrator).get(URL).context["status"].queues
    assert [(queue.name, queue.length) for queue in queues] == [
        ("default", 0), ("inference", 0), ("training", 0),
    ]  # fmt: skip


def test_the_page_opens_without_a_broker(sign_in, administrator, monkeypatch):
    def away():
        raise OSError

    monkeypatch.setitem(health.CHECKS, "broker", away)
    page = sign_in(administrator).get(URL)
    assert page.status_code == 200
    assert {queue.length for queue in page.context["status"].queues} == {None}


def test_versions_name_what_runs(sign_in, administrator):
    versions = dict(sign_in(administrator).get(URL).context["status"].versions)
    assert versions["torch"].startswith("2.13.0")
    assert versions["django"].startswith("5.2")
