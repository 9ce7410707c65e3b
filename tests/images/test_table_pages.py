"""The pages of a table of metadata: sent, looked at, applied or thrown away."""

from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from images.models import MetadataTable
from images.services.tables import PURPOSE, forget_old_tables, path_of, receive_table
from images.tables.reasons import MAX_BYTES
from images.tables.template import csv_template
from tests import factories
from tests.images.conftest import SIGN_IN, WAITING, answer_of, files_below
from tests.images.tables import add_file, csv_of, make_batch, xlsx_of

NEW = "/images/tables/new/"
ROWS = [["archivo", "sexo", "Nombre"], ["a.png", "F", "Juana Molina"], ["b.png", "Z", "x"]]
PEOPLE = (
    "anonymous", "pending", "health_worker", "doctor", "researcher", "administrator",
    "site_administrator", "stranger",
)  # fmt: skip
# Batch and table are the health worker's: nobody else sees what is in them.
ANSWERS = {
    #                 anonymous  pending  worker doctor research. admin site adm. stranger
    "GET new":       (SIGN_IN, WAITING, 200, 200, 403, 200, 200, 200),
    "GET template":  (SIGN_IN, WAITING, 200, 200, 403, 200, 200, 200),
    "GET of batch":  (SIGN_IN, WAITING, 200, 404, 403, 404, 404, 404),
    "POST of batch": (SIGN_IN, WAITING, 302, 404, 403, 404, 404, 404),
    "GET table":     (SIGN_IN, WAITING, 200, 404, 403, 404, 404, 404),
    "POST apply":    (SIGN_IN, WAITING, 200, 404, 403, 404, 404, 404),
    "POST discard":  (SIGN_IN, WAITING, 302, 404, 403, 404, 404, 404),
}  # fmt: skip


def sent(content: bytes | None = None, name: str = "table.csv", **typed) -> dict:
    content = csv_of(ROWS) if content is None else content
    return {"file": SimpleUploadedFile(name, content)} | typed


@pytest.fixture
def batch(health_worker):
    batch = make_batch(health_worker)
    add_file(batch, "a.png")
    return batch


@pytest.fixture
def table(health_worker, batch):
    content = csv_of(ROWS)
    return receive_table(content=content, by=health_worker, site=batch.site, batch=batch)


@pytest.fixture
def worker(sign_in, health_worker):
    client = sign_in(health_worker)
    client.headers = {"accept-language": "en"}
    return client


@pytest.fixture
def places(table, batch):
    return {
        "new": NEW,
        "template": reverse("images:table_template", args=["csv"]),
        "of batch": f"{NEW}?batch={batch.pk}",
        "table": reverse("images:table", args=[table.pk]),
        "apply": reverse("images:table_apply", args=[table.pk]),
        "discard": reverse("images:table_discard", args=[table.pk]),
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
    method, _space, name = asked.partition(" ")
    client = actor(who)
    if method == "GET":
        assert answer_of(client.get(places[name])) == expected
    else:
        assert answer_of(client.post(places[name], sent())) == expected


@pytest.mark.parametrize("name", ["apply", "discard"])
def test_reading_changes_nothing(worker, places, name):
    assert worker.get(places[name]).status_code == 405


def test_a_sent_table_waits_sealed(worker, batch, settings):
    answer = worker.post(f"{NEW}?batch={batch.pk}", sent())
    table = MetadataTable.objects.get()
    assert answer.headers["Location"] == reverse("images:table", args=[table.pk])
    assert b"Juana" not in path_of(table).read_bytes()
    assert (table.owner, table.batch, table.applied_at) == (batch.owner, batch, None)


def test_the_dry_run_names_row_and_column(worker, places):
    page = worker.get(places["table"], headers={"accept-language": "en"}).content.decode()
    assert "The sex is not F, M or O" in page
    assert "Write 1 row" in page
    assert "Female" in page


def test_names_of_unknown_columns_are_shown_and_their_cells_are_not(worker, places):
    page = worker.get(places["table"]).content.decode()
    assert "Nombre" in page
    assert "Juana" not in page


@pytest.mark.parametrize(
    ("show", "number"), [("refused", 1), ("created", 1), ("changed", 0), ("x", 2)]
)
def test_rows_of_one_kind(worker, places, show, number):
    page = worker.get(f"{places['table']}?show={show}").context["page"]
    assert len(page.object_list) == number


def test_files_that_the_table_forgets_are_listed(worker, places, batch):
    add_file(batch, "carpeta/c.png")
    assert "carpeta/c.png" in worker.get(places["table"]).content.decode()


def test_applying_writes_counts_and_removes_the_file(worker, places, table, batch):
    worker.post(places["apply"])
    table.refresh_from_db()
    assert (table.created_count, table.changed_count, table.refused_count) == (1, 0, 1)
    assert table.applied_at is not None
    assert not path_of(table).exists()
    assert batch.files.get().facts == {"sex": "F"}


def test_the_answer_lists_what_was_refused(worker, places):
    rows = worker.post(places["apply"]).context["rows"]
    assert [row.number for row in rows] == [3]


def test_applying_twice_leads_back(worker, places):
    worker.post(places["apply"])
    assert worker.post(places["apply"]).headers["Location"] == places["table"]
    assert worker.get(places["table"]).status_code == 200


def test_a_table_that_time_did_not_suffice_for_waits(worker, places, table, monkeypatch):
    monkeypatch.setattr("images.services.tables.APPLY_SECONDS", -1.0)
    answer = worker.post(places["apply"])
    table.refresh_from_db()
    assert (answer.context["left"], table.applied_at) == (1, None)
    assert path_of(table).exists()


def test_discarding_leaves_nothing(worker, places, batch, settings):
    assert worker.post(places["discard"]).headers["Location"] == batch.get_absolute_url()
    assert not MetadataTable.objects.exists()
    assert files_below(settings.INTAKE_DIR) == []
    assert batch.files.get().facts == {}


def test_a_table_whose_batch_was_deleted_says_so(worker, places, batch):
    batch.delete()
    assert worker.get(places["table"]).status_code == 400
    assert worker.post(places["apply"]).status_code == 302


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b"a;b\n1;2\n", 400),
        (b"archivo;sexo\n", 400),
        (b"sexo\nF\n", 400),
        (b"\x89PNG\r\n\x1a\n\0\0", 400),
        (b"PK\x03\x04", 400),
        (b"archivo\n" + b"x" * MAX_BYTES, 413),
    ],
    ids=["empty", "unknown columns", "no rows", "no file column", "png", "zip", "large"],
)
def test_bad_files_are_refused_with_a_sentence(worker, batch, settings, content, status):
    answer = worker.post(f"{NEW}?batch={batch.pk}", sent(content))
    assert answer.status_code == status
    assert answer.context["form"].errors["file"]
    assert not MetadataTable.objects.exists()
    assert files_below(settings.INTAKE_DIR) == []


@pytest.mark.parametrize("query", ["?batch=17", "?batch=00000000-0000-4000-8000-000000000000"])
def test_a_batch_that_is_not_there(worker, query):
    assert worker.get(NEW + query).status_code == 404


def test_nothing_sent_is_refused(worker):
    assert worker.post(NEW).status_code == 400


def test_an_administrator_of_all_chooses_the_institution(actor, site):
    client = actor("administrator")
    content = csv_of([["id", "sexo"], ["", "F"]])
    assert client.post(NEW, sent(content)).status_code == 400
    assert client.post(NEW, sent(content, site=str(site.pk))).status_code == 302
    assert MetadataTable.objects.get().site == site


def test_xlsx_is_told_by_its_content(worker, batch):
    answer = worker.post(f"{NEW}?batch={batch.pk}", sent(xlsx_of(ROWS), name="a.csv"))
    assert answer.status_code == 302


@pytest.mark.parametrize("language", ["es", "en"])
def test_the_template_speaks_the_language_of_the_person(worker, language):
    url = reverse("images:table_template", args=["csv"])
    answer = worker.get(url, headers={"accept-language": language})
    assert answer.content == csv_template(language)
    assert "attachment" in answer.headers["Content-Disposition"]


@pytest.mark.parametrize(("kind", "status"), [("xlsx", 200), ("csv", 200), ("xlsm", 404)])
def test_kinds_of_templates(worker, kind, status):
    assert worker.get(reverse("images:table_template", args=[kind])).status_code == status


def test_what_nobody_decided_about_is_forgotten_after_a_day(table, settings):
    assert forget_old_tables() == 0
    with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1)):
        assert forget_old_tables() == 1
    assert not MetadataTable.objects.exists()
    assert files_below(settings.INTAKE_DIR) == []


def test_the_counts_of_an_applied_table_are_kept(worker, places, table):
    worker.post(places["apply"])
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        forget_old_tables()
    assert MetadataTable.objects.filter(pk=table.pk).exists()


def test_a_seal_of_another_key_reads_as_expired(worker, places, table, settings):
    settings.IDENTITY_KEY = "another"
    assert worker.get(places["table"]).status_code == 200
    assert PURPOSE not in worker.get(places["table"]).content.decode()


def test_a_full_disk_keeps_nothing(worker, batch, settings, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("images.services.tables.write_whole", full)
    assert worker.post(f"{NEW}?batch={batch.pk}", sent()).status_code == 507
    assert not MetadataTable.objects.exists()


def test_the_number_of_queries_does_not_grow_with_the_rows(
    worker, places, batch, health_worker, django_assert_max_num_queries
):
    for number in range(30):
        film = factories.make_radiograph(uploader=health_worker, seed=100 + number)
        add_file(batch, f"{number}.png", film=film)
    rows = [[f"{number}.png", "F"] for number in range(30)]
    table = receive_table(
        content=csv_of([["archivo", "sexo"], *rows]), by=health_worker, site=batch.site, batch=batch
    )
    with django_assert_max_num_queries(25):
        worker.get(reverse("images:table", args=[table.pk]))
