"""Who may read the record of deeds, and whose."""

import pytest

from accounts.audit import Deed, note
from accounts.models import AuditEntry
from tests.accounts.test_access import TURNED_AWAY, outcome

pytestmark = pytest.mark.django_db

PAGE, CSV, JSONL = "/people/audit/", "/people/audit/export.csv", "/people/audit/export.jsonl"
API = "/api/v1/audit/"
OF_THE_API = {"anonymous": 401} | dict.fromkeys(
    ("pending", "health_worker", "doctor", "researcher", "stranger"), 403
)


@pytest.mark.parametrize("address", [PAGE, CSV, JSONL])
@pytest.mark.parametrize(("who", "expected"), TURNED_AWAY.items())
def test_closed(actor, address, who, expected):
    assert outcome(actor(who).get(address)) == expected


@pytest.mark.parametrize("address", [PAGE, CSV, JSONL, API])
@pytest.mark.parametrize("who", ["site_administrator", "administrator"])
def test_open_to_administrators(actor, address, who):
    assert actor(who).get(address).status_code == 200


@pytest.mark.parametrize(("who", "expected"), OF_THE_API.items())
def test_the_api_is_closed(actor, who, expected):
    assert actor(who).get(API).status_code == expected


@pytest.mark.parametrize("address", [PAGE, CSV, JSONL])
@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_nothing_is_written_here(actor, address, method):
    assert getattr(actor("administrator"), method)(address).status_code == 405


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_is_written_by_the_api(actor, method):
    assert getattr(actor("administrator"), method)(API).status_code == 405


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("doctor", []),
        ("researcher", []),
        ("site_administrator", ["patient"]),
        ("administrator", ["model", "patient", "site"]),
    ],
)
def test_whose_deeds(request, who, expected, doctor, stranger, administrator):
    note(actor=doctor, deed=Deed.SAW, subject="patient")
    note(actor=stranger, deed=Deed.SAW, subject="site")
    note(actor=administrator, deed=Deed.CHANGED, subject="model")
    seen = AuditEntry.objects.visible_to(request.getfixturevalue(who))
    assert sorted(entry.subject for entry in seen) == expected


def test_a_closed_account_reads_nothing(site_administrator, doctor):
    note(actor=doctor, deed=Deed.SAW, subject="patient")
    site_administrator.is_active = False
    assert not AuditEntry.objects.visible_to(site_administrator)


def test_another_kind_of_file_is_missing(actor):
    assert actor("administrator").get("/people/audit/export.xlsx").status_code == 404


@pytest.mark.parametrize(("who", "shown"), [("doctor", False), ("site_administrator", True)])
def test_the_menu_names_it_to_those_who_may(actor, who, shown):
    assert (f'href="{PAGE}"' in actor(who).get("/images/").content.decode()) == shown


@pytest.mark.parametrize(("who", "shown"), [("doctor", False), ("site_administrator", True)])
def test_a_radiograph_leads_to_its_record(actor, film, who, shown):
    page = actor(who).get(film.get_absolute_url()).content.decode()
    assert (f'href="{PAGE}?radiograph={film.pk}"' in page) == shown


@pytest.mark.parametrize(("who", "shown"), [("doctor", False), ("site_administrator", True)])
def test_a_patient_leads_to_its_record(actor, film, who, shown):
    page = actor(who).get(f"/images/patients/{film.patient_id}/").content.decode()
    assert (f'href="{PAGE}?patient={film.patient_id}"' in page) == shown
