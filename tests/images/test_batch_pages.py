"""The pages of batches, asked for by everybody."""

import uuid

import pytest
from django.urls import reverse

from images.models import FileOutcome, IncomingFile, UploadBatch
from tests.images.conftest import SIGN_IN, WAITING, answer_of

PEOPLE = (
    "anonymous", "pending", "health_worker", "doctor", "researcher", "administrator",
    "site_administrator", "stranger",
)  # fmt: skip
# The batch is the health worker's; administrators look on, and only the sender deletes it.
PAGES = {
    #                anonymous  pending  worker doctor research. admin site adm. stranger
    "batches":      (SIGN_IN, WAITING, 200, 200, 403, 200, 200, 200),
    "batch_new":    (SIGN_IN, WAITING, 200, 200, 403, 200, 200, 200),
    "batch":        (SIGN_IN, WAITING, 200, 404, 403, 200, 200, 404),
    "batch_delete": (SIGN_IN, WAITING, 200, 404, 403, 404, 404, 404),
}  # fmt: skip
DELETING = (SIGN_IN, WAITING, 302, 404, 403, 404, 404, 404)


@pytest.fixture
def batch(health_worker) -> UploadBatch:
    return UploadBatch.objects.create(
        site=health_worker.site, owner=health_worker, client_key=uuid.uuid4()
    )


def add_file(batch: UploadBatch, position: int, **facts) -> IncomingFile:
    return IncomingFile.objects.create(
        batch=batch, position=position, name_key=f"{position:064d}", sha256="0" * 64, size=10,
        **facts,
    )  # fmt: skip


def address(name: str, batch: UploadBatch) -> str:
    return reverse(f"images:{name}", args=[batch.pk] if name in {"batch", "batch_delete"} else [])


def cells():
    for name, row in PAGES.items():
        for who, expected in zip(PEOPLE, row, strict=True):
            yield pytest.param(name, who, expected, id=f"{name}-{who}")


@pytest.mark.parametrize(("name", "who", "expected"), list(cells()))
def test_page(actor, batch, name, who, expected):
    assert answer_of(actor(who).get(address(name, batch))) == expected


@pytest.mark.parametrize(("who", "expected"), list(zip(PEOPLE, DELETING, strict=True)))
def test_deleting(actor, batch, who, expected):
    assert answer_of(actor(who).post(address("batch_delete", batch))) == expected
    assert UploadBatch.objects.filter(pk=batch.pk).exists() == (expected != 302)


def test_the_list_counts_the_files(actor, batch):
    add_file(batch, 0, status="done", outcome=FileOutcome.CREATED)
    add_file(batch, 1, status="failed", error_code="not-an-image")
    add_file(batch, 2)
    (row,) = actor("health_worker").get(reverse("images:batches")).context["page"]
    counts = (row.files_count, row.done_count, row.failed_count, row.open_count)
    assert counts == (3, 1, 1, 1)


def test_the_list_holds_own_batches_only(actor, batch):
    assert list(actor("doctor").get(reverse("images:batches")).context["page"]) == []


def test_the_newest_batch_comes_first(actor, batch, health_worker):
    newer = UploadBatch.objects.create(
        site=health_worker.site, owner=health_worker, client_key=uuid.uuid4()
    )
    page = actor("health_worker").get(reverse("images:batches")).context["page"]
    assert list(page) == [newer, batch]


def test_the_number_of_queries_of_the_list_is_constant(actor, batch, django_assert_max_num_queries):
    client = actor("health_worker")
    for position in range(5):
        add_file(batch, position)
    client.get(reverse("images:batches"))
    with django_assert_max_num_queries(8):
        client.get(reverse("images:batches"))


def test_people_of_the_whole_platform_choose_the_institution(actor, batch):
    html = actor("administrator").get(reverse("images:batch_new")).content.decode()
    assert f'<option value="{batch.site.code}">' in html


def test_others_are_not_asked_for_one(actor, site):
    html = actor("health_worker").get(reverse("images:batch_new")).content.decode()
    assert 'name="site"' not in html


def test_a_look_at_anothers_batch_takes_no_files(actor, batch):
    response = actor("site_administrator").get(address("batch", batch))
    assert response.context["config"]["isOwn"] is False
    assert "data-choose" not in response.content.decode()


def test_a_cancelled_batch_takes_no_files(actor, batch):
    UploadBatch.objects.update(status="cancelled")
    assert "data-choose" not in actor("health_worker").get(address("batch", batch)).content.decode()


def test_the_page_works_without_the_rooms_that_may_be_absent(actor, batch, monkeypatch):
    monkeypatch.setattr("images.views.batches._address", lambda name: "")
    response = actor("health_worker").get(address("batch", batch))
    assert response.context["config"]["states"] == ""
    assert "data-table-link" not in response.content.decode()
