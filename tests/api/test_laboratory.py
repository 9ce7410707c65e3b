"""POST /api/v1/laboratory/: results of a laboratory as a dry run; GET it; POST apply."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import AuditEntry
from tests import factories
from tests.images.laboratory import HEADER, film_of
from tests.images.tables import csv_of

GOOD, UNKNOWN = ("P-1", "02/06/2020", "positivo"), ("P-9", "02/06/2020", "positivo")


@pytest.fixture
def film(doctor):
    return film_of(doctor, "P-1", 1)


@pytest.fixture
def send(bearer, doctor):
    def post(*rows, by=doctor, scope="write", content=None, slash="", **typed):
        content = csv_of([HEADER, *rows]) if content is None else content
        return bearer(by, scope).post(
            f"/api/v1/laboratory{slash}",
            {"file": SimpleUploadedFile("r.csv", content)} | typed,
            headers={"accept-language": "en"},
        )

    return post


@pytest.fixture
def apply(bearer, doctor):
    def post(table: str, by=doctor, scope="write", **asked):
        return bearer(by, scope).post(
            f"/api/v1/laboratory/{table}/apply/", asked, content_type="application/json",
            headers={"accept-language": "en"},
        )  # fmt: skip

    return post


def test_a_dry_run_says_what_each_row_would_do(send, film):
    answer = send(GOOD, UNKNOWN)
    body = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Location"].endswith(f"/api/v1/laboratory/{body['id']}")
    assert body["counts"] == {
        "refused": 1, "conflict": 0, "created": 1, "changed": 0, "unchanged": 0,
    }  # fmt: skip
    assert (body["page"], body["pages"]) == (1, 1)
    row, good = body["rows"]
    assert [film["radiograph"] for film in good["radiographs"]] == [str(film.pk)]
    assert (row["row"], row["name"], row["outcome"], row["says"]) == (
        3, "P-9", "refused", None,
    )  # fmt: skip
    assert row["problems"] == [
        {
            "field": "patient_code", "column": "Patient code", "code": "no-such-patient",
            "sentence": "The institution has no patient with this code.",
        }
    ]  # fmt: skip
    assert not film.truths.exists()


def test_a_row_with_its_radiograph(send, bearer, doctor, film):
    factories.state_truth(film, "negative", doctor, laboratory="Lab A")
    table = send(GOOD).json()["id"]
    body = bearer(doctor).get(f"/api/v1/laboratory/{table}?show=conflict").json()
    [row] = body["rows"]
    assert row["says"] == {
        "result": "positive", "sampled_on": "2020-06-02", "laboratory": "", "kit": "",
    }  # fmt: skip
    assert row["radiographs"] == [
        {
            "radiograph": str(film.pk), "outcome": "conflict", "days_apart": 1,
            "stands": {
                "result": "negative", "sampled_on": None, "laboratory": "Lab A", "kit": "",
            },
            "row_that_speaks": None,
        }
    ]  # fmt: skip


@pytest.mark.parametrize("page", ["2", "99", "x"])
def test_pages(send, bearer, doctor, film, page):
    table = send(*[UNKNOWN] * 101).json()["id"]
    body = bearer(doctor).get(f"/api/v1/laboratory/{table}/?page={page}").json()
    assert body["page"] == (1 if page == "x" else 2)


def test_apply_writes(send, apply, film):
    answer = apply(send(GOOD).json()["id"])
    body = answer.json()
    assert (answer.status_code, body["created"], body["refused"], body["left"]) == (200, 1, 0, 0)
    assert film.truths.count() == 1
    ways = AuditEntry.objects.filter(subject="laboratory-table").values_list("way", flat=True)
    assert set(ways) == {"api"}


def test_refused_rows_are_409_unless_asked(send, apply, film):
    table = send(GOOD, UNKNOWN).json()["id"]
    answer = apply(table)
    assert (answer.status_code, answer.json()["code"]) == (409, "rows-refused")
    assert not film.truths.exists()
    assert apply(table, write_rest=True).json()["created"] == 1


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({}, 409, "conflicts-open"),
        ({"conflicts": "correct"}, 400, "no-reason"),
        ({"conflicts": "perhaps"}, 400, "invalid"),
        ({"conflicts": "leave"}, 200, None),
        ({"conflicts": "correct", "reason": "list"}, 200, None),
    ],
)
def test_conflicts_are_decided_by_the_caller(send, apply, doctor, film, asked, status, code):
    factories.state_truth(film, "negative", doctor)
    answer = apply(send(GOOD).json()["id"], **asked)
    assert (answer.status_code, answer.json().get("code")) == (status, code)
    assert film.truths.count() == (2 if asked.get("reason") else 1)


def test_what_was_applied_is_gone(send, apply, bearer, doctor, film):
    table = send(GOOD).json()["id"]
    apply(table)
    for answer in (apply(table), bearer(doctor).get(f"/api/v1/laboratory/{table}")):
        assert (answer.status_code, answer.json()["code"]) == (409, "table-gone")


def test_what_came_second_is_told(send, apply, film, site_administrator):
    table = send(GOOD).json()["id"]
    factories.state_truth(film, "negative", site_administrator)
    body = apply(table).json()
    assert (body["created"], body["refused"]) == (0, 1)
    assert [problem["code"] for problem in body["rows"][0]["problems"]] == ["recorded-meanwhile"]


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"nothing;known\n1;2\n", 400, "no-known-columns"),
        (b"id paciente;fecha\nP-1;2\n", 400, "no-result-column"),
        (b"id paciente\n" + b"x" * 10 * 2**20, 413, "too-large-table"),
    ],
)
def test_a_bad_file_is_a_problem_with_a_code(send, content, status, code):
    answer = send(content=content)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_file_is_needed(bearer, doctor):
    answer = bearer(doctor).post("/api/v1/laboratory/", {})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_an_administrator_of_all_names_the_institution(send, film, site, administrator):
    assert send(GOOD, by=administrator).status_code == 400
    assert send(GOOD, by=administrator, site=str(site.pk)).json()["counts"]["created"] == 1


def test_takes_the_address_with_a_slash_too(send, film):
    assert send(GOOD, slash="/").status_code == 201


@pytest.mark.parametrize("scope", ["read"])
def test_a_token_that_only_reads(send, apply, film, scope):
    assert send(GOOD, scope=scope).status_code == 403
    assert apply(send(GOOD).json()["id"], scope=scope).status_code == 403


@pytest.mark.parametrize(
    ("who", "sends", "reads"),
    [
        ("doctor", 201, 200), ("site_administrator", 201, 404), ("administrator", 400, 404),
        ("health_worker", 403, 403), ("researcher", 403, 403), ("stranger", 403, 403),
        ("pending", 403, 403),
    ],
)  # fmt: skip
def test_who_gets_which_answer(send, apply, bearer, film, request, who, sends, reads):
    table = send(GOOD).json()["id"]
    person = request.getfixturevalue(who)
    assert send(GOOD, by=person).status_code == sends
    assert bearer(person).get(f"/api/v1/laboratory/{table}").status_code == reads
    assert apply(table, by=person).status_code == reads


def test_anonymous(client, film):
    assert client.post("/api/v1/laboratory/").status_code == 401
