"""POST /api/v1/batches/ and GET /api/v1/batches/{id}/"""

import uuid

import pytest

from images.models import UploadBatch
from tests.sending import BATCHES, Sender, film, work


def test_new_batch(health_worker, bearer):
    sender = Sender(bearer(health_worker))

    assert (sender.opened.status_code, sender.opened.json()["status"]) == (201, "open")
    assert (sender.batch.owner, sender.batch.site) == (health_worker, health_worker.site)


def test_location_leads_to_the_batch(health_worker, bearer):
    sender = Sender(bearer(health_worker))

    found = sender.client.get(sender.opened["Location"]).json()

    assert found == sender.opened.json()


def test_same_key_is_the_same_batch(health_worker, bearer):
    client, key = bearer(health_worker), str(uuid.uuid4())

    first, again = (Sender(client, client_key=key).opened for _ in range(2))

    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    assert UploadBatch.objects.count() == 1


def test_two_people_may_choose_the_same_key(health_worker, doctor, bearer):
    key = str(uuid.uuid4())

    batches = {
        Sender(bearer(person), client_key=key).opened.json()["id"]
        for person in (health_worker, doctor)
    }

    assert len(batches) == 2


def test_all_files_of_one_patient(health_worker, bearer):
    sender = Sender(bearer(health_worker), patient_rule="one", patient_code="P-7")

    assert (sender.batch.patient_rule, sender.batch.patient_code) == ("one", "P-7")


@pytest.mark.parametrize("code", ["", "Juan Pérez"])
def test_one_patient_needs_a_code(code, health_worker, bearer):
    opened = Sender(bearer(health_worker), patient_rule="one", patient_code=code).opened

    assert (opened.status_code, opened.json()["code"]) == (400, "bad-patient-code")


@pytest.mark.parametrize(
    "part", [{"client_key": "1"}, {"patient_rule": "guess"}, {"patient_code": "x" * 101}]
)
def test_bad_values_are_named(part, health_worker, bearer):
    opened = Sender(bearer(health_worker), **part).opened

    assert (opened.status_code, list(opened.json()["errors"])) == (400, list(part))


def test_administrator_of_the_platform_names_the_site(administrator, site, bearer):
    assert Sender(bearer(administrator), site=site.code).batch.site == site


@pytest.mark.parametrize("part", [{}, {"site": "nowhere"}])
def test_administrator_of_the_platform_without_a_site(part, administrator, bearer):
    opened = Sender(bearer(administrator), **part).opened

    assert (opened.status_code, list(opened.json()["errors"])) == (400, ["site"])


def test_another_site_is_refused(health_worker, other_site, bearer):
    assert Sender(bearer(health_worker), site=other_site.code).opened.status_code == 400


def test_a_reading_token_opens_nothing(health_worker, bearer):
    assert Sender(bearer(health_worker, "read")).opened.status_code == 403


def test_totals(health_worker, bearer):
    sender = Sender(bearer(health_worker))
    sender.send("a.png", film(1))
    work()
    sender.put(sender.announced("b.png", film(2)), film(2)[:100])
    sender.do("cancel", sender.announced("c.png", film(3)))

    seen = sender.look()

    assert {name: count for name, count in seen["counts"].items() if count} == {
        "done": 1, "receiving": 1, "cancelled": 1, "total": 3,
    }  # fmt: skip
    assert seen["bytes"] == {
        "received": len(film(1)) + 100, "total": len(film(1)) + len(film(2)),
    }  # fmt: skip


def test_duplicates_are_counted_apart(health_worker, bearer):
    sender = Sender(bearer(health_worker))
    sender.send("a.png", film(1))
    work()
    sender.announced("b.png", film(1))

    assert (sender.look()["counts"]["done"], sender.look()["counts"]["duplicate"]) == (1, 1)


def test_nobody_lists_batches(health_worker, bearer):
    assert bearer(health_worker).get(BATCHES).status_code == 405
