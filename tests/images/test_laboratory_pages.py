"""The pages of a laboratory's results: sent, looked at, written or thrown away."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from images.models import GroundTruth, MetadataTable
from images.services.dry_runs import ROWS_OF_PART, dry_run_of
from images.services.tables import path_of
from images.tables.laboratory import SHEET
from images.tables.template import csv_template
from tests import factories
from tests.images.conftest import files_below
from tests.images.laboratory import HEADER, film_of, received
from tests.images.tables import csv_of, xlsx_of

NEW = "/images/laboratory/"
GOOD, UNKNOWN = ("P-1", "02/06/2020", "positivo"), ("P-9", "02/06/2020", "positivo")


@pytest.fixture
def film(doctor):
    return film_of(doctor, "P-1", 1)


@pytest.fixture
def reader(sign_in, doctor):
    client = sign_in(doctor)
    client.headers = {"accept-language": "en"}
    return client


def get(client, address: str):
    return client.get(address, headers={"accept-language": "en"})


def sent(*rows, content: bytes | None = None, **typed) -> dict:
    content = csv_of([HEADER, *rows]) if content is None else content
    return {"file": SimpleUploadedFile("results.csv", content)} | typed


def place_of(table, name: str = "table") -> str:
    return reverse(f"images:laboratory_{name}", args=[table.pk])


def test_a_sent_table_becomes_a_dry_run(reader, film, doctor):
    answer = reader.post(NEW, sent(GOOD))
    table = MetadataTable.objects.get()
    assert answer.headers["Location"] == place_of(table)
    assert (table.owner, table.kind, table.applied_at) == (doctor, "laboratory", None)
    assert not GroundTruth.objects.exists()


@pytest.mark.parametrize("make", [csv_of, xlsx_of])
def test_csv_and_xlsx_are_told_by_their_content(reader, film, make):
    assert reader.post(NEW, sent(content=make([HEADER, GOOD]))).status_code == 302
    assert dry_run_of(MetadataTable.objects.get()).counts["created"] == 1


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400), (b"a;b\n1;2\n", 400), (b"fecha;resultado\n1;2\n", 400),
        (b"id paciente;fecha\nP-1;2\n", 400), (b"\x89PNG\r\n\x1a\n\0\0", 400),
        (b"id paciente\n" + b"x" * 10 * 2**20, 413),
    ],
    ids=["empty", "unknown columns", "no patient", "no result", "png", "large"],
)  # fmt: skip
def test_bad_files_are_refused_with_a_sentence(reader, settings, content, status):
    answer = reader.post(NEW, sent(content=content))
    assert answer.status_code == status
    assert answer.context["form"].errors["file"]
    assert not MetadataTable.objects.exists()
    assert files_below(settings.INTAKE_DIR) == []


def test_the_page_says_how_many_days(reader, site):
    site.truth_days = 9
    site.save()
    assert "within 9 days" in get(reader, NEW).content.decode()


def test_an_administrator_of_all_chooses_the_institution(actor, film, site):
    client = actor("administrator")
    assert client.get(NEW).status_code == 200
    assert client.post(NEW, sent(GOOD)).status_code == 400
    assert client.post(NEW, sent(GOOD, site=str(site.pk))).status_code == 302


def test_the_dry_run_names_row_column_and_reason(reader, doctor, film):
    page = get(reader, place_of(received(doctor, GOOD, UNKNOWN))).content.decode()
    assert "The institution has no patient with this code." in page
    assert "Patient code:" in page
    assert film.get_absolute_url() in page


def test_refused_rows_and_conflicts_come_first(reader, doctor, film):
    factories.state_truth(film, "negative", doctor)
    film_of(doctor, "P-2", 2)
    table = received(doctor, ("P-2", "02/06/2020", "positivo"), GOOD, UNKNOWN)
    rows = get(reader, place_of(table)).context["rows"]
    assert [row.outcome for row in rows] == ["refused", "conflict", "created"]


def test_a_conflict_shows_what_stands_and_what_the_table_says(reader, doctor, film):
    factories.state_truth(film, "negative", doctor, laboratory="Lab A")
    page = get(reader, place_of(received(doctor, GOOD))).content.decode()
    assert "Negative · Lab A" in page
    assert "Positive · " in page


def test_no_page_has_more_rows_than_one_part(reader, doctor, film):
    table = received(doctor, *[UNKNOWN] * (ROWS_OF_PART + 1), GOOD)
    rows = [len(get(reader, f"{place_of(table)}?page={n}").context["rows"]) for n in (1, 2)]
    assert rows == [ROWS_OF_PART, 2]


@pytest.mark.parametrize(
    ("show", "number"), [("refused", 1), ("created", 1), ("conflict", 0), ("x", 2)]
)
def test_rows_of_one_kind(reader, doctor, film, show, number):
    table = received(doctor, GOOD, UNKNOWN)
    assert len(get(reader, f"{place_of(table)}?show={show}").context["rows"]) == number


def test_names_of_unknown_columns_are_shown_and_their_cells_are_not(reader, doctor, film):
    table = received(doctor, (*GOOD, "Juana"), header=(*HEADER, "Nombre"))
    page = get(reader, place_of(table)).content.decode()
    assert "Nombre" in page
    assert "Juana" not in page


def test_a_clean_table_is_written_at_once(reader, doctor, film):
    table = received(doctor, GOOD)
    answer = reader.post(place_of(table, "apply"))
    table.refresh_from_db()
    assert (answer.status_code, table.created_count, table.refused_count) == (200, 1, 0)
    assert not path_of(table).exists()


def test_refused_rows_stop_it_with_a_sentence(reader, doctor, film):
    table = received(doctor, GOOD, UNKNOWN)
    answer = reader.post(place_of(table, "apply"), headers={"accept-language": "en"})
    assert answer.status_code == 409
    assert "Nothing was written" in answer.content.decode()
    assert not GroundTruth.objects.exists()


def test_ticked_the_rest_is_written(reader, doctor, film):
    table = received(doctor, GOOD, UNKNOWN)
    assert reader.post(place_of(table, "apply"), {"writes_rest": "on"}).status_code == 200
    assert film.truths.count() == 1


@pytest.mark.parametrize(
    ("typed", "status"),
    [
        ({}, 409), ({"conflicts": "perhaps"}, 400), ({"conflicts": "correct"}, 400),
        ({"conflicts": "correct", "reason": "x" * 301}, 400),
        ({"conflicts": "leave"}, 200), ({"conflicts": "correct", "reason": "list"}, 200),
    ],
)  # fmt: skip
def test_a_conflict_is_decided_by_the_person(reader, doctor, film, typed, status):
    factories.state_truth(film, "negative", doctor)
    answer = reader.post(place_of(received(doctor, GOOD), "apply"), typed)
    assert answer.status_code == status
    corrected = status == 200 and typed["conflicts"] == "correct"
    assert film.truths.count() == (2 if corrected else 1)


def test_the_sentence_stands_at_the_field(reader, doctor, film):
    factories.state_truth(film, "negative", doctor)
    answer = reader.post(place_of(received(doctor, GOOD), "apply"), {"conflicts": "correct"})
    assert answer.context["form"].errors["reason"]


def test_nothing_is_ticked_before(reader, doctor, film):
    factories.state_truth(film, "negative", doctor)
    page = get(reader, place_of(received(doctor, GOOD, UNKNOWN))).content.decode()
    assert "checked" not in page


def test_what_came_second_is_listed(reader, doctor, film, site_administrator):
    table = received(doctor, GOOD)
    factories.state_truth(film, "negative", site_administrator)
    answer = reader.post(place_of(table, "apply"), headers={"accept-language": "en"})
    assert "Somebody recorded another result after the dry run" in answer.content.decode()


def test_a_long_table_asks_to_go_on_with_the_same_choices(reader, doctor, film, monkeypatch):
    monkeypatch.setattr("images.services.laboratory_writing.APPLY_SECONDS", -1.0)
    table = received(doctor, GOOD, UNKNOWN)
    answer = reader.post(place_of(table, "apply"), {"writes_rest": "on"})
    assert answer.context["left"] == 1
    assert 'name="writes_rest" value="on"' in answer.content.decode()
    assert path_of(table).exists()


def test_applying_twice_leads_back(reader, doctor, film):
    table = received(doctor, GOOD)
    reader.post(place_of(table, "apply"))
    assert reader.post(place_of(table, "apply")).headers["Location"] == place_of(table)
    assert reader.get(place_of(table)).status_code == 200


def test_discarding_leaves_nothing(reader, doctor, film, settings):
    table = received(doctor, GOOD)
    assert reader.post(place_of(table, "discard")).headers["Location"] == NEW
    assert not MetadataTable.objects.exists()
    assert files_below(settings.INTAKE_DIR) == []


def test_a_seal_of_another_key_reads_as_expired(reader, doctor, film, settings):
    table = received(doctor, GOOD)
    settings.IDENTITY_KEY = "another"
    assert reader.get(place_of(table)).status_code == 200
    assert "dry_run" not in reader.get(place_of(table)).context


@pytest.mark.parametrize("language", ["es", "en"])
def test_the_template_speaks_the_language_of_the_person(reader, language):
    url = reverse("images:laboratory_template", args=["csv"])
    answer = reader.get(url, headers={"accept-language": language})
    assert answer.content == csv_template(language, SHEET)
    assert "attachment" in answer.headers["Content-Disposition"]


@pytest.mark.parametrize(("kind", "status"), [("xlsx", 200), ("csv", 200), ("xlsm", 404)])
def test_kinds_of_templates(reader, kind, status):
    address = reverse("images:laboratory_template", args=[kind])
    assert reader.get(address).status_code == status


def test_the_number_of_queries_does_not_grow_with_the_rows(
    reader, doctor, django_assert_max_num_queries
):
    for seed in range(30):
        film_of(doctor, f"P-{seed}", seed + 1)
    rows = [(f"P-{seed}", "02/06/2020", "positivo") for seed in range(30)]
    with django_assert_max_num_queries(25):
        reader.post(NEW, sent(*rows))
    with django_assert_max_num_queries(15):
        reader.get(place_of(MetadataTable.objects.get()))
