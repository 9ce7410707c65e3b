"""The filters of the record: the same for the page, the API and the export."""

import csv
import io
import json
import uuid
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.utils import timezone

from accounts.audit import Deed, Way, note
from accounts.audit_filters import AuditFilter
from accounts.models import AuditEntry

pytestmark = pytest.mark.django_db

FILM, PATIENT = uuid.UUID(int=1), uuid.UUID(int=2)


def dated(entry: AuditEntry, moment: datetime) -> AuditEntry:
    """As if it had been noted then: only the database can say so."""
    with connection.cursor() as cursor:
        table = connection.ops.quote_name(AuditEntry._meta.db_table)
        adapted = connection.ops.adapt_datetimefield_value(moment)
        key = AuditEntry._meta.pk.get_db_prep_value(entry.pk, connection)
        cursor.execute(f"UPDATE {table} SET created_at = %s WHERE id = %s", [adapted, key])
    return entry


@pytest.fixture
def record(doctor, health_worker, stranger):
    """Four deeds, told apart by their subjects."""
    note(actor=doctor, deed=Deed.SAW, subject="radiograph", subject_id=FILM, patient_id=PATIENT)
    note(
        actor=health_worker, deed=Deed.ENTERED, subject="batch", way=Way.API,
        after={"patient_rule": "each"},
    )  # fmt: skip
    note(actor=doctor, deed=Deed.CHANGED, subject="patient", subject_id=PATIENT, patient_id=PATIENT)
    note(actor=stranger, deed=Deed.EXPORTED, subject="export", after={"cases": 3})
    return AuditEntry.objects.all()


def subjects(content: bytes) -> set[str]:
    return {row["subject"] for row in csv.DictReader(io.StringIO(content.decode()))}


CASES = [
    ({}, {"radiograph", "batch", "patient", "export"}),
    ({"deed": "saw"}, {"radiograph"}),
    ({"subject": "batch"}, {"batch"}),
    ({"way": "api"}, {"batch"}),
    ({"radiograph": FILM}, {"radiograph"}),
    ({"patient": PATIENT}, {"radiograph", "patient"}),
    ({"patient": PATIENT, "deed": "changed"}, {"patient"}),
    ({"site": "oaxaca"}, {"export"}),
    ({"deed": "removed"}, set()),
]


@pytest.mark.parametrize(("query", "expected"), CASES)
def test_page_api_and_export_find_the_same(actor, record, query, expected):
    client = actor("administrator")
    page = client.get("/people/audit/", query)
    api = client.get("/api/v1/audit/", query).json()["results"]
    lines = client.get("/people/audit/export.jsonl", query).getvalue().decode().splitlines()
    # The two exports themselves are in the record by the time of the second.
    table = client.get("/people/audit/export.csv", query).getvalue()
    assert {row.entry.subject for row in page.context["rows"]} == expected
    assert {row["subject"] for row in api} == expected
    assert {json.loads(line)["subject"] for line in lines} == expected
    assert subjects(table) - {"audit"} == expected


def test_by_person(actor, record, doctor):
    rows = actor("administrator").get("/api/v1/audit/", {"person": doctor.pk}).json()["results"]
    assert {row["subject"] for row in rows} == {"radiograph", "patient"}


def test_a_person_of_another_institution_cannot_be_asked_for(actor, record, stranger):
    answer = actor("site_administrator").get("/api/v1/audit/", {"person": stranger.pk})
    assert answer.status_code == 400


def test_people_of_the_whole_platform_can_be_asked_for(actor, administrator, site):
    note(actor=administrator, deed=Deed.SAW, subject="patient", site=site)
    client = actor("site_administrator")
    rows = client.get("/api/v1/audit/", {"person": administrator.pk}).json()["results"]
    assert [row["subject"] for row in rows] == ["patient"]


def test_who_waits_is_nobody_to_ask_for(actor, record, pending):
    answer = actor("administrator").get("/api/v1/audit/", {"person": pending.pk})
    assert answer.status_code == 400


def test_institutions_are_for_those_who_keep_several(rf, site_administrator, administrator):
    for person, offered in ((site_administrator, False), (administrator, True)):
        request = rf.get("/")
        request.user = person
        assert ("site" in AuditFilter({}, request=request).filters) == offered


def test_days_are_those_of_the_place(actor, doctor, settings):
    place = ZoneInfo(settings.TIME_ZONE)
    late = datetime(2026, 3, 9, 23, 59, 30, tzinfo=place)
    dated(note(actor=doctor, deed=Deed.SAW, subject="patient"), late)
    dated(note(actor=doctor, deed=Deed.SAW, subject="radiograph"), late + timedelta(minutes=1))

    def found(**days):
        rows = actor("administrator").get("/api/v1/audit/", days).json()["results"]
        return [row["subject"] for row in rows]

    assert found(day_from=date(2026, 3, 9), day_to=date(2026, 3, 9)) == ["patient"]
    assert found(day_from=date(2026, 3, 10)) == ["radiograph"]
    assert found(day_to=date(2026, 3, 8)) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("deed", "stole"),
        ("subject", "nothing"),
        ("way", "window"),
        ("person", "me"),
        ("day_from", "yesterday"),
        ("day_to", "0001-01-01"),
        ("radiograph", "1234"),
        ("patient", "P-0001"),
    ],
)
def test_what_cannot_be_read_is_refused(actor, record, name, value):
    client = actor("administrator")
    assert client.get("/people/audit/", {name: value}).status_code == 400
    assert client.get("/people/audit/export.csv", {name: value}).status_code == 400
    answer = client.get("/api/v1/audit/", {name: value})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [name])


def test_a_last_day_before_the_first_is_refused(actor, record):
    days = {"day_from": "2026-02-02", "day_to": "2026-02-01"}
    answer = actor("administrator").get("/api/v1/audit/", days)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["day_to"])


def test_newest_first(actor, doctor):
    start = timezone.now() - timedelta(days=1)
    for minutes in (3, 1, 2):
        entry = note(actor=doctor, deed=Deed.SAW, subject="patient")
        dated(entry, start + timedelta(minutes=minutes))
    rows = actor("administrator").get("/api/v1/audit/").json()["results"]
    moments = [row["moment"] for row in rows]
    assert all(newer > older for newer, older in pairwise(moments))
