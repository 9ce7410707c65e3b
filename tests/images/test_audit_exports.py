"""What leaves the house is recorded: how much, by which filters, of which institution."""

import uuid

import pytest

from accounts.models import AuditEntry
from accounts.roles import Role
from images.bulk import verbs
from images.models import Export
from images.services import bulk
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def shared(other_site):
    """A confirmed case of another institution, which shares with researchers."""
    other_site.shares_with_researchers = True
    other_site.save()
    return factories.make_radiograph(site=other_site, seed=5, rt_pcr="negative")


def exports() -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(deed="exported").order_by("created_at"))


@pytest.mark.parametrize("kind", ["csv", "zip"])
def test_a_download_of_cases(actor, film, researcher, kind):
    actor("researcher").get(f"/api/v1/cases.{kind}", {"rt_pcr": "positive"}).getvalue()
    (entry,) = exports()
    assert (entry.actor, entry.subject, entry.site) == (researcher, "export", film.site)
    assert (entry.way, entry.subject_id) == ("api", Export.objects.get().pk)
    assert entry.after == {"kind": kind, "filters": ["rt_pcr"], "cases": 1}


def test_each_institution_reads_of_its_own_cases(actor, film, shared, researcher):
    actor("researcher").get("/api/v1/cases.csv").getvalue()
    told = {entry.site: entry.after["cases"] for entry in exports()}
    assert told == {film.site: 1, shared.site: 1}


def test_an_empty_export_is_recorded_too(actor, researcher):
    actor("researcher").get("/api/v1/cases.csv").getvalue()
    (entry,) = exports()
    assert (entry.after["cases"], entry.site) == (0, researcher.site)


def test_of_the_filters_the_names_alone(actor, film):
    actor("doctor").get("/api/v1/cases.csv", {"patient": "P-0001", "q": "P-0001"}).getvalue()
    (entry,) = exports()
    assert entry.after["filters"] == ["patient", "q"]
    assert "P-0001" not in str(entry.after)


def test_a_head_request_leaves_no_trace(actor, film):
    actor("researcher").head("/api/v1/cases.csv")
    assert not exports()


def test_a_download_that_breaks_off_is_recorded(actor, film):
    answer = actor("researcher").get("/api/v1/cases.csv")
    pieces = iter(answer.streaming_content)
    assert next(pieces).startswith(b"filename")
    assert next(pieces)
    answer.close()
    assert len(exports()) == 1


@pytest.fixture
def archived(film, doctor) -> Export:
    key = uuid.uuid4()
    bulk.start(key=key, verb=verbs()["export"], parameters={}, asked_by=doctor, query="view=PA")
    bulk.start(key=uuid.uuid4(), verb=verbs()["export"], parameters={}, asked_by=doctor,
               keys=[film.pk])  # fmt: skip
    while bulk.work_on_bulk():
        pass
    return Export.objects.get()


def test_an_archive_made_for_many(archived, doctor, film):
    (entry,) = exports()
    assert (entry.actor, entry.way, entry.subject_id) == (doctor, "bulk", archived.pk)
    assert entry.after == {"kind": "zip", "filters": [], "cases": 1}


def test_fetching_it_is_recorded_once_for_all_its_parts(archived, actor):
    client = actor("doctor")
    address = f"/images/actions/archives/{archived.pk}.zip"
    for start in (0, 50):
        client.get(address, headers={"range": f"bytes={start}-{start + 49}"}).getvalue()
    (entry,) = AuditEntry.objects.filter(subject="archive")
    assert (entry.deed, entry.after) == ("exported", {"kind": "zip", "cases": 1})


def test_an_archive_of_somebody_else_leaves_nothing(archived, sign_in, site):
    other = factories.UserFactory(role=Role.DOCTOR, site=site)
    answer = sign_in(other).get(f"/images/actions/archives/{archived.pk}.zip")
    assert answer.status_code == 404
    assert not AuditEntry.objects.filter(subject="archive").exists()
