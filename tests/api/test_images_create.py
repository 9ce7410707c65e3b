"""POST /api/v1/images/"""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Site
from images.models import Radiograph
from images.services import trash
from tests import factories

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def test_new_radiograph(upload, health_worker, bearer):
    response = upload(
        bearer(health_worker), patient_code="P-1", sex="F", age_years="47", view="AP",
        acquired_on="2020-04-01",
    )  # fmt: skip

    stored = Radiograph.objects.select_related("patient", "uploader").get()
    assert response.status_code == 201
    assert (response.json()["id"], response.json()["duplicate"]) == (str(stored.pk), False)
    assert (stored.patient.code, stored.patient.sex) == ("P-1", "F")
    assert (stored.age_years, stored.view, stored.acquired_on) == (47, "AP", date(2020, 4, 1))
    assert (stored.site, stored.uploader) == (health_worker.site, health_worker)


def test_location_leads_to_the_radiograph(upload, health_worker, bearer):
    client = bearer(health_worker)

    response = upload(client)

    assert client.get(response["Location"]).json()["id"] == response.json()["id"]


@pytest.mark.parametrize("said", [{}, {"rt_pcr": "positive", "tested_on": "2020-04-02"}])
def test_the_answer_says_what_is_stored(said, upload, doctor, bearer):
    client = bearer(doctor)

    answer = upload(client, sex="F", age_years="95", acquired_on="2020-04-01", **said)

    kept = client.get(answer["Location"]).json()
    del kept["history"]
    assert answer.json() == kept | {"duplicate": False}


def test_a_plain_upload_asks_the_database_little(
    upload, health_worker, bearer, django_assert_max_num_queries
):
    client = bearer(health_worker)
    upload(client, seed=1)

    with django_assert_max_num_queries(30):
        assert upload(client, seed=2).status_code == 201


def test_stored_pixels_are_those_sent(upload, health_worker, bearer):
    client = bearer(health_worker)
    picture = upload(client, seed=5).json()["picture"]

    assert b"".join(client.get(picture)) == factories.chest_png(5)


def test_same_pixels_again(upload, health_worker, doctor, bearer, stored_files):
    first = upload(bearer(health_worker), patient_code="P-1").json()
    files = stored_files()

    again = upload(bearer(doctor), patient_code="P-2", name="renamed.png")

    assert (again.status_code, again.json()["duplicate"]) == (200, True)
    assert (again.json()["id"], again.json()["patient_code"]) == (first["id"], "P-1")
    assert (Radiograph.objects.count(), stored_files()) == (1, files)


def test_same_pixels_in_the_trash_are_said_to_be_there(upload, radiograph, doctor, bearer):
    trash(radiograph=radiograph, by=doctor)

    again = upload(bearer(doctor), seed=0)

    assert (again.status_code, again.json()["status"]) == (200, "trashed")


def test_same_pixels_of_another_site_stay_unknown(upload, radiograph, stranger, bearer):
    response = upload(bearer(stranger), seed=0)

    assert (response.status_code, response.json()["duplicate"]) == (201, False)
    assert response.json()["id"] != str(radiograph.pk)


@pytest.mark.parametrize("person", ["health_worker", "doctor"])
@pytest.mark.parametrize("result", ["positive", "negative"])
def test_rt_pcr_with_the_upload(result, person, upload, request, bearer):
    sender = request.getfixturevalue(person)
    response = upload(bearer(sender), rt_pcr=result, tested_on="2020-04-02")

    truth = {"target": "covid-19", "result": result, "tested_on": "2020-04-02"}
    [found] = response.json()["truth"]
    assert found == found | truth


def test_unknown_rt_pcr_is_no_statement(upload, doctor, bearer):
    assert upload(bearer(doctor), rt_pcr="unknown").json()["truth"] == []


def test_administrator_of_the_platform_names_the_site(upload, administrator, site, bearer):
    response = upload(bearer(administrator), site="milagro")

    assert (response.status_code, response.json()["site"]) == (201, "milagro")


@pytest.mark.parametrize("part", [{}, {"site": "nowhere"}])
def test_administrator_of_the_platform_without_a_site(part, upload, administrator, bearer):
    response = upload(bearer(administrator), **part)

    assert (response.status_code, list(response.json()["errors"])) == (400, ["site"])


def test_another_site_is_not_confirmed(upload, health_worker, other_site: Site, bearer):
    theirs = upload(bearer(health_worker), site=other_site.code)
    nobodys = upload(bearer(health_worker), site="nowhere")

    assert (theirs.status_code, theirs.json()) == (400, nobodys.json())


@pytest.mark.parametrize(
    ("part", "field"),
    [
        ({"patient_code": ""}, "patient_code"),
        ({"sex": "X"}, "sex"),
        ({"age_years": "-1"}, "age_years"),
        ({"age_years": "131"}, "age_years"),
        ({"view": "sideways"}, "view"),
        ({"acquired_on": "01/04/2020"}, "acquired_on"),
        ({"rt_pcr": "maybe"}, "rt_pcr"),
        ({"tested_on": "soon"}, "tested_on"),
        ({"file": "text instead of a file"}, "file"),
    ],
)
def test_bad_values_are_named(part, field, upload, doctor, bearer, stored_files):
    response = upload(bearer(doctor), **part)

    assert (response.status_code, list(response.json()["errors"])) == (400, [field])
    assert (Radiograph.objects.count(), stored_files()) == (0, set())


@pytest.mark.parametrize(
    ("part", "code"),
    [
        ({"patient_code": "Juan Pérez"}, "bad-patient-code"),
        ({"acquired_on": "tomorrow"}, "film-in-future"),
        ({"tested_on": "tomorrow"}, "test-in-future"),
    ],
)
def test_rules_of_the_record(part, code, upload, doctor, bearer, stored_files):
    tomorrow = (timezone.localdate() + timedelta(days=1)).isoformat()
    part = {key: tomorrow if value == "tomorrow" else value for key, value in part.items()}

    response = upload(bearer(doctor), **part)

    assert (response.status_code, response.json()["code"]) == (400, code)
    assert (Radiograph.objects.count(), stored_files()) == (0, set())


def test_session_needs_the_csrf_token(upload, health_worker):
    client = Client(enforce_csrf_checks=True)
    client.force_login(health_worker, backend=BACKEND)

    response = upload(client)

    assert (response.status_code, response.json()["code"]) == (403, "csrf-failed")
    assert not Radiograph.objects.exists()


def test_session_with_the_csrf_token(upload, health_worker):
    client = Client(enforce_csrf_checks=True)
    client.force_login(health_worker, backend=BACKEND)
    client.cookies["csrftoken"] = secret = "a" * 32

    assert upload(client, csrfmiddlewaretoken=secret).status_code == 201


def test_json_is_no_upload(health_worker, bearer):
    response = bearer(health_worker).post(
        "/api/v1/images/", {"patient_code": "P-1"}, content_type="application/json"
    )

    assert (response.status_code, list(response.json()["errors"])) == (400, ["file"])
