"""POST /api/v1/batches/<id>/table: a table of metadata as a dry run, or applied."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.images.tables import add_file, csv_of, make_batch

ROWS = [["archivo", "edad", "Nombre"], ["a.png", "61", "Juana"], ["b.png", "200", "x"]]


@pytest.fixture
def batch(health_worker):
    batch = make_batch(health_worker)
    for name in ("a.png", "c.png"):
        add_file(batch, name)
    return batch


@pytest.fixture
def send(bearer, health_worker, batch):
    def post(by=health_worker, query="", content=None, scope="write", slash=""):
        content = csv_of(ROWS) if content is None else content
        return bearer(by, scope).post(
            f"/api/v1/batches/{batch.pk}/table{slash}{query}",
            {"file": SimpleUploadedFile("t.csv", content)},
            headers={"accept-language": "en"},
        )

    return post


@pytest.mark.parametrize("query", ["", "?apply=false"])
def test_a_dry_run_writes_nothing(send, batch, query):
    body = send(query=query).json()
    assert (body["applied"], body["left"]) == (False, 0)
    assert [file.facts for file in batch.files.all()] == [{}, {}]


def test_says_what_each_row_would_do(send):
    body = send().json()
    assert body["counts"] == {"created": 1, "changed": 0, "unchanged": 0, "refused": 1}
    assert body["ignored_columns"] == ["Nombre"]
    assert body["missing_files"] == ["c.png"]
    assert body["rows"][0] == {
        "row": 2, "name": "a.png", "outcome": "created", "problems": [],
        "changes": [{"field": "age_years", "column": "Age in years", "old": None, "new": 61}],
    }  # fmt: skip


def test_names_row_and_column_of_a_refusal(send):
    [problem] = send().json()["rows"][1]["problems"][1:]
    assert (problem["field"], problem["code"]) == ("age_years", "bad-age")


def test_applies(send, batch):
    body = send(query="?apply=true").json()
    assert body["applied"] is True
    assert batch.files.get(position=1).facts == {"age_years": 61}


def test_takes_the_address_with_a_slash_too(send):
    assert send(slash="/").status_code == 200


def test_what_apply_means_must_be_clear(send):
    assert send(query="?apply=perhaps").status_code == 400


def test_a_bad_file_is_a_problem_with_a_code(send):
    answer = send(content=b"nothing;known\n1;2\n")
    assert (answer.status_code, answer.json()["code"]) == (400, "no-known-columns")


def test_a_large_file(send):
    answer = send(content=b"archivo\n" + b"x" * 10 * 2**20)
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large-table")


def test_a_file_is_needed(bearer, health_worker, batch):
    answer = bearer(health_worker).post(f"/api/v1/batches/{batch.pk}/table", {})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_a_token_that_only_reads(send):
    assert send(scope="read").status_code == 403


@pytest.mark.parametrize(
    ("who", "status"),
    [("stranger", 404), ("doctor", 404), ("site_administrator", 404), ("administrator", 404),
     ("researcher", 403), ("health_worker", 200)],
)  # fmt: skip
def test_who_gets_which_answer(send, request, who, status):
    assert send(by=request.getfixturevalue(who)).status_code == status


def test_a_missing_batch_looks_like_another_persons(bearer, health_worker, batch, send, doctor):
    missing = "00000000-0000-4000-8000-000000000000"
    answer = bearer(health_worker).post(f"/api/v1/batches/{missing}/table", {})
    assert answer.json() == send(by=doctor).json() | {"detail": answer.json()["detail"]}


def test_anonymous(client, batch):
    assert client.post(f"/api/v1/batches/{batch.pk}/table").status_code == 401
