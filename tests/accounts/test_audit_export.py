"""GET /people/audit/export.csv and .jsonl"""

import csv
import io
import json

import pytest

from accounts import audit_export
from accounts.audit import Deed, note
from accounts.models import AuditEntry

pytestmark = pytest.mark.django_db
CSV, JSONL = "/people/audit/export.csv", "/people/audit/export.jsonl"


def rows_of(answer) -> list[dict]:
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode(), newline="")))


def test_csv_holds_what_was_noted(actor, doctor, site):
    entry = note(
        actor=doctor, deed=Deed.CHANGED, subject="radiograph", before={"view": "PA"},
        after={"view": "AP"},
    )  # fmt: skip
    answer = actor("site_administrator").get(CSV)
    (row,) = rows_of(answer)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].startswith('attachment; filename="covid-xr-audit-')
    assert (row["institution"], row["person"], row["name"]) == (
        site.code, doctor.email, "Diego Doctor",
    )  # fmt: skip
    assert (json.loads(row["before"]), json.loads(row["after"])) == ({"view": "PA"}, {"view": "AP"})
    assert (row["id"], row["moment"]) == (str(entry.pk), entry.created_at.isoformat())


def test_json_lines_hold_the_same(actor, doctor):
    note(actor=doctor, deed=Deed.CHANGED, subject="radiograph", after={"age_years": 61})
    client = actor("site_administrator")
    (line,) = client.get(JSONL).getvalue().decode().splitlines()
    (row,) = [row for row in rows_of(client.get(CSV)) if row["subject"] == "radiograph"]
    told = json.loads(line)
    assert told["after"] == {"age_years": 61}
    assert told | {"before": "{}", "after": '{"age_years": 61}'} == row


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "＝"])
def test_no_cell_is_a_formula(actor, doctor, start):
    doctor.full_name = f"{start}cmd()"
    doctor.save()
    note(actor=doctor, deed=Deed.SAW, subject="patient")
    assert rows_of(actor("site_administrator").get(CSV))[0]["name"] == f"'{start}cmd()"


def test_batches_follow_one_another_without_gap(actor, doctor, monkeypatch):
    monkeypatch.setattr(audit_export, "BATCH", 3)
    entries = [note(actor=doctor, deed=Deed.SAW, subject="patient") for _ in range(7)]
    rows = rows_of(actor("site_administrator").get(CSV))
    assert [row["id"] for row in rows] == [str(entry.pk) for entry in reversed(entries)]


def test_an_export_is_recorded_with_its_filters_and_number(actor, doctor, site_administrator):
    for _each in range(3):
        note(actor=doctor, deed=Deed.SAW, subject="patient")
    query = {"deed": "saw", "day_from": "2020-01-01"}
    actor("site_administrator").get(CSV, query).getvalue()
    entry = AuditEntry.objects.get(subject="audit")
    assert (entry.actor, entry.deed, entry.way) == (site_administrator, "exported", "page")
    assert entry.after == {"kind": "csv", "filters": ["day_from", "deed"], "rows": 3}


def test_its_own_row_is_not_in_it(actor, doctor):
    note(actor=doctor, deed=Deed.SAW, subject="patient")
    assert [row["subject"] for row in rows_of(actor("site_administrator").get(CSV))] == ["patient"]


def test_a_head_request_leaves_no_trace(actor, doctor):
    note(actor=doctor, deed=Deed.SAW, subject="patient")
    assert actor("site_administrator").head(CSV).status_code == 200
    assert not AuditEntry.objects.filter(subject="audit").exists()


def test_another_institutions_deeds_are_not_in_it(actor, doctor, stranger):
    note(actor=stranger, deed=Deed.SAW, subject="patient")
    assert rows_of(actor("site_administrator").get(CSV)) == []
