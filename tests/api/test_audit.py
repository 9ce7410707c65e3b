"""GET /api/v1/audit/"""

import jsonschema
import pytest

from accounts.audit import Deed, note
from accounts.models import AuditEntry
from tests.api.test_schema import nullable

pytestmark = pytest.mark.django_db
URL = "/api/v1/audit/"


def test_one_deed(bearer, site_administrator, doctor, site):
    entry = note(
        actor=doctor, deed=Deed.CHANGED, subject="radiograph", before={"view": "PA"},
        after={"view": "AP"},
    )  # fmt: skip
    (row,) = bearer(site_administrator, "read").get(URL).json()["results"]
    assert row.pop("moment")
    assert row == {
        "id": str(entry.pk), "institution": "milagro", "person": str(doctor.pk),
        "name": "Diego Doctor", "role": "doctor", "deed": "changed", "subject": "radiograph",
        "subject_id": None, "patient_id": None, "before": {"view": "PA"}, "after": {"view": "AP"},
        "way": "page",
    }  # fmt: skip


def test_the_platforms_own_deeds_have_nobody(bearer, administrator):
    note(actor=None, deed=Deed.REMOVED, subject="radiograph")
    (row,) = bearer(administrator).get(URL).json()["results"]
    assert (row["person"], row["name"], row["institution"], row["way"]) == (
        None,
        None,
        None,
        "task",
    )


@pytest.mark.parametrize(("who", "number"), [("site_administrator", 1), ("administrator", 2)])
def test_whose_deeds(bearer, request, who, number, doctor, stranger):
    for person in (doctor, stranger):
        note(actor=person, deed=Deed.SAW, subject="patient")
    assert len(bearer(request.getfixturevalue(who)).get(URL).json()["results"]) == number


def test_pages(bearer, site_administrator, doctor):
    for _each in range(5):
        note(actor=doctor, deed=Deed.SAW, subject="patient")
    client, address, seen = bearer(site_administrator), f"{URL}?page_size=2", []
    while address:
        answer = client.get(address).json()
        seen += [row["id"] for row in answer["results"]]
        address = answer["next"]
    assert len(seen) == len(set(seen)) == 5


def test_the_number_of_queries_does_not_grow(
    bearer, site_administrator, doctor, django_assert_max_num_queries
):
    for _each in range(20):
        note(actor=doctor, deed=Deed.SAW, subject="patient")
    client = bearer(site_administrator)
    client.get(URL)
    with django_assert_max_num_queries(6):
        assert len(client.get(URL).json()["results"]) == 20


def test_one_deed_alone_has_no_address(bearer, administrator, doctor):
    entry = note(actor=doctor, deed=Deed.SAW, subject="patient")
    assert bearer(administrator).get(f"{URL}{entry.pk}/").status_code == 404


def test_what_programs_do_is_told_apart(bearer, site_administrator, radiograph):
    client = bearer(site_administrator)
    client.delete(f"/api/v1/images/{radiograph.pk}/")
    assert AuditEntry.objects.get(deed="changed", subject="radiograph").way == "api"


def test_it_is_as_described(bearer, administrator, doctor):
    note(actor=doctor, deed=Deed.SAW, subject="patient")
    note(actor=None, deed=Deed.REMOVED, subject="radiograph")
    client = bearer(administrator)
    schema = client.get("/api/v1/schema/?format=json").json()["components"]
    described = schema["schemas"]["PaginatedAuditEntryList"] | {"components": schema}
    jsonschema.validate(client.get(URL).json(), nullable(described))
