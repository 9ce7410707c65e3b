"""POST .../files/{id}/retry/ and POST /api/v1/batches/{id}/retry/"""

import pytest

from core.jobs import WORKER_DIED, JobStatus
from images import spool
from images.models import IncomingFile, Radiograph
from tests.sending import Sender, film, work


@pytest.fixture
def sender(health_worker, bearer) -> Sender:
    return Sender(bearer(health_worker))


def fail(key, code: str = WORKER_DIED) -> None:
    IncomingFile.objects.filter(pk=key).update(status=JobStatus.FAILED, error_code=code, attempts=3)


def test_file_that_failed_in_passing_needs_no_bytes(sender):
    key = sender.send("a.png", film(1)).pk
    fail(key)

    assert sender.do("retry", key).json()["state"] == "waiting"
    work()
    assert sender.row(key)["outcome"] == "created"


def test_file_whose_bytes_are_gone_is_sent_again(sender):
    key = sender.send("a.png", film(1)).pk
    fail(key)
    spool.drop(spool.path_of(sender.batch.pk, key))

    assert sender.do("retry", key).json()["state"] == "receiving"
    sender.put(key, film(1))
    work()
    assert sender.row(key)["outcome"] == "created"


def test_cancelled_file_begins_again(sender):
    key = sender.announced("a.png", film(1))
    sender.do("cancel", key)

    assert sender.do("retry", key).json()["state"] == "receiving"


def test_stored_file_stays_as_it_is(sender):
    key = sender.send("a.png", film(1)).pk
    work()

    assert sender.do("retry", key).json()["state"] == "done"
    assert Radiograph.objects.count() == 1


def test_cancelled_batch_retries_nothing(sender):
    key = sender.send("a.png", film(1)).pk
    sender.do("cancel")

    response = sender.do("retry", key)

    assert (response.status_code, response.json()["code"]) == (409, "batch-closed")


def test_all_that_failed_in_passing(sender):
    keys = [sender.send(f"{number}.png", film(number)).pk for number in range(3)]
    for key in keys[:2]:
        fail(key)

    assert sender.do("retry").json() == {"retried": 2}
    assert sender.look()["counts"]["waiting"] == 3


def test_what_was_refused_for_its_content_is_not_retried_with_all(sender):
    sender.send("a.txt", b"text")
    work()

    assert sender.do("retry").json() == {"retried": 0}


def test_what_was_refused_may_be_retried_alone(sender):
    key = sender.send("a.txt", b"text").pk
    work()

    assert sender.do("retry", key).json()["state"] == "receiving"


def test_second_time_changes_nothing(sender):
    fail(sender.send("a.png", film(1)).pk)
    sender.do("retry")

    assert sender.do("retry").json() == {"retried": 0}
