"""Every address of laboratories' results, asked for by everybody."""

import pytest
from django.urls import reverse

from images.services.tables import receive_table
from tests.images.conftest import SIGN_IN, WAITING, answer_of
from tests.images.laboratory import film_of, received
from tests.images.tables import csv_of

PEOPLE = (
    "anonymous", "pending", "health_worker", "doctor", "researcher", "administrator",
    "site_administrator", "stranger",
)  # fmt: skip
# The table is the doctor's: nobody else sees what is in it.
ANSWERS = {
    #                 anonymous  pending  worker doctor research. admin site adm. stranger
    "GET new":       (SIGN_IN, WAITING, 403, 200, 403, 200, 200, 403),
    "GET template":  (SIGN_IN, WAITING, 403, 200, 403, 200, 200, 403),
    "GET table":     (SIGN_IN, WAITING, 403, 200, 403, 404, 404, 403),
    "POST apply":    (SIGN_IN, WAITING, 403, 200, 403, 404, 404, 403),
    "POST discard":  (SIGN_IN, WAITING, 403, 302, 403, 404, 404, 403),
    "POST new":      (SIGN_IN, WAITING, 403, 400, 403, 400, 400, 403),
}  # fmt: skip


@pytest.fixture
def places(doctor):
    film_of(doctor, "P-1", 1)
    table = received(doctor, ("P-1", "02/06/2020", "positivo"))
    return {
        "new": reverse("images:laboratory"),
        "template": reverse("images:laboratory_template", args=["xlsx"]),
        "table": reverse("images:laboratory_table", args=[table.pk]),
        "apply": reverse("images:laboratory_apply", args=[table.pk]),
        "discard": reverse("images:laboratory_discard", args=[table.pk]),
    }


@pytest.mark.parametrize(
    ("asked", "who", "expected"),
    [
        pytest.param(asked, who, expected, id=f"{asked}-{who}")
        for asked, row in ANSWERS.items()
        for who, expected in zip(PEOPLE, row, strict=True)
    ],
)
def test_who_gets_which_answer(actor, places, asked, who, expected):
    method, name = asked.split()
    client = actor(who)
    answer = client.get(places[name]) if method == "GET" else client.post(places[name])
    assert answer_of(answer) == expected


@pytest.mark.parametrize("name", ["apply", "discard"])
def test_reading_changes_nothing(actor, places, name):
    assert actor("doctor").get(places[name]).status_code == 405


def test_a_table_of_metadata_is_none_of_these_and_the_other_way_round(actor, doctor, places):
    content = csv_of([["id", "vista"], ["", "AP"]])
    other = receive_table(content=content, by=doctor, site=doctor.site)
    client = actor("doctor")
    assert client.get(reverse("images:laboratory_table", args=[other.pk])).status_code == 404
    own = places["table"].rstrip("/").rpartition("/")[2]
    assert client.get(reverse("images:table", args=[own])).status_code == 404


def test_who_became_a_health_worker_sees_the_table_no_more(actor, doctor, places):
    doctor.role = "health_worker"
    doctor.save()
    assert actor("doctor").get(places["table"]).status_code == 403


@pytest.mark.parametrize(("who", "sees"), [("doctor", True), ("health_worker", False)])
def test_the_menu_offers_it_to_those_who_may(actor, doctor, who, sees):
    page = actor(who).get(reverse("images:list")).content.decode()
    assert (reverse("images:laboratory") in page) == sees
