"""GET /api/v1/batches/{id}/files/ and GET /api/v1/batches/{id}/files/{id}/"""

from datetime import timedelta

import pytest
from django.utils import timezone

from images import api_batches
from images.models import IncomingFile
from tests.sending import Sender, film, work


@pytest.fixture
def sender(health_worker, bearer) -> Sender:
    return Sender(bearer(health_worker))


def test_stored_file(sender):
    key = sender.send("a.png", film(1)).pk
    work()

    row = sender.row(key)

    assert (row["state"], row["outcome"], row["code"]) == ("done", "created", "")
    assert row["radiograph"] == str(IncomingFile.objects.get().radiograph_id)


def test_refused_file_says_why(sender):
    key = sender.send("a.txt", b"Dear doctor").pk
    work()

    row = sender.client.get(
        f"{sender.address}files/{key}/", headers={"accept-language": "en"}
    ).json()

    assert (row["state"], row["code"]) == ("failed", "not-an-image")
    assert row["sentence"] == "This file is not a PNG, JPEG or DICOM picture."


def test_rows_by_position(sender):
    for number in range(3):
        sender.announced(f"{number}.png", film(number))

    assert [row["position"] for row in sender.rows()] == [0, 1, 2]
    assert [row["position"] for row in sender.rows(after=1)] == [2]


def test_pages(sender, monkeypatch):
    monkeypatch.setattr(api_batches, "ROWS_AT_ONCE", 2)
    for number in range(3):
        sender.announced(f"{number}.png", film(number))

    first = sender.client.get(f"{sender.address}files/").json()
    second = sender.client.get(f"{sender.address}files/", {"after": first["after"]}).json()

    assert (len(first["files"]), first["after"]) == (2, 1)
    assert (len(second["files"]), second["after"]) == (1, None)


def test_only_what_changed(sender):
    old, new = (sender.announced(f"{number}.png", film(number)) for number in range(2))
    asked_at = sender.client.get(f"{sender.address}files/").json()["asked_at"]
    long_ago = timezone.now() - timedelta(hours=1)
    IncomingFile.objects.filter(pk=old).update(updated_at=long_ago)

    assert [row["id"] for row in sender.rows(changed_since=asked_at)] == [new]


@pytest.mark.parametrize(
    ("state", "names"),
    [
        ("receiving", ["r.png"]),
        ("waiting", ["w.png"]),
        ("checking", ["c.png"]),
        ("done", ["d.png"]),
        ("failed", ["f.txt"]),
        ("cancelled", ["x.png"]),
    ],
)
def test_rows_of_a_state(state, names, sender):
    sender.send("d.png", film(1))
    sender.send("f.txt", b"text")
    work()
    sender.announced("r.png", film(2))
    sender.send("w.png", film(3))
    IncomingFile.objects.claim(sender.send("c.png", film(4)).pk)
    sender.do("cancel", sender.announced("x.png", film(5)))

    rows = sender.rows(state=state)

    assert [(row["name"], row["state"]) for row in rows] == [(name, state) for name in names]


def test_unknown_state(sender):
    response = sender.client.get(f"{sender.address}files/", {"state": "lost"})

    assert (response.status_code, list(response.json()["errors"])) == (400, ["state"])


def test_administrator_of_the_site_sees_no_names(sender, site_administrator, bearer):
    sender.announced("Juan.png", film(1))
    sender.client = bearer(site_administrator)

    assert [row["name"] for row in sender.rows()] == [""]


def test_code_of_a_try_that_was_given_back_is_not_shown(sender):
    key = sender.send("a.png", film(1)).pk
    owner = IncomingFile.objects.claim(key)
    IncomingFile.objects.release(owner, "storage")

    assert (sender.row(key)["state"], sender.row(key)["code"]) == ("waiting", "")


def test_rows_take_the_same_number_of_queries(sender, django_assert_max_num_queries):
    for number in range(10):
        sender.announced(f"{number}.png", film(number))

    with django_assert_max_num_queries(12):
        sender.rows()
