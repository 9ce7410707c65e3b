"""Writing a micro-batch's answers: together, and yet each row for itself."""

import pytest
from django.db import IntegrityError, OperationalError, connection
from django.test.utils import CaptureQueriesContext

from images.models import Radiograph
from inference import batch, reasons
from inference.models import Prediction, StageTimings, Standing
from inference.services import storing, work
from tests.factories import UserFactory, make_radiograph

pytestmark = pytest.mark.usefixtures("small_engine")


@pytest.fixture
def rows(queued) -> list[Prediction]:
    """Four that make one micro-batch."""
    return queued(4)


@pytest.fixture
def running(rows) -> work.Running:
    """The four, claimed and begun; the test concludes them."""
    begun = work.begin(work.claim_next())
    assert begun is not None
    yield begun
    begun.heart.close()


def statuses() -> list[str]:
    return list(Prediction.objects.order_by("created_at").values_list("status", flat=True))


def words() -> set[str]:
    return set(Standing.objects.values_list("standing", flat=True))


def test_all_of_a_micro_batch_is_written(running):
    work.conclude(running)
    assert statuses() == ["done"] * 4
    assert not Prediction.objects.exclude(owner="", lease_until=None).exists()
    assert Prediction.objects.filter(finished_at=None).count() == 0
    assert words() <= {"positive", "negative"}


def test_what_was_known_before_the_answer_stays(rows, running):
    work.conclude(running)
    found = Prediction.objects.order_by("created_at")
    assert [row.created_at for row in found] == [row.created_at for row in rows]
    assert [row.radiograph_id for row in found] == [row.radiograph_id for row in rows]
    assert [row.requested_by_id for row in found] == [row.requested_by_id for row in rows]
    assert {row.attempts for row in found} == {1}


def test_a_cancelled_row_is_left_as_it_is(rows, running):
    Prediction.objects.filter(pk=rows[1].pk).cancel()
    work.conclude(running)
    assert statuses() == ["done", "cancelled", "done", "done"]
    assert Prediction.objects.get(pk=rows[1].pk).probability is None
    assert StageTimings.objects.count() == 3


def test_a_deleted_row_does_not_come_back(rows, running):
    Radiograph.objects.filter(pk=rows[1].radiograph_id).delete()
    work.conclude(running)
    assert statuses() == ["done"] * 3


def test_a_row_that_another_worker_took_is_left_to_it(rows, running):
    Prediction.objects.filter(pk=rows[1].pk).update(owner="another")
    work.conclude(running)
    assert statuses() == ["done", "running", "done", "done"]


def test_an_answer_given_already_costs_its_neighbours_nothing(rows, running, predicted, model):
    predicted(rows[1].radiograph, 0.9, model)
    work.conclude(running)
    found = [Prediction.objects.get(pk=row.pk).status for row in rows]
    assert found == ["done", "cancelled", "done", "done"]


def test_a_failure_of_the_whole_gives_all_rows_back(running, monkeypatch, caplog):
    def fail(_begun):
        raise OSError(2, "no", "/secret/path")

    monkeypatch.setattr(batch, "answer", fail)
    work.conclude(running)
    assert statuses() == ["queued"] * 4
    assert set(Prediction.objects.values_list("error_code", flat=True)) == {reasons.STORAGE}
    assert words() == {"waiting"}
    assert "/secret/path" not in caplog.text


def test_nothing_of_a_transaction_that_fails_is_written(running, monkeypatch):
    monkeypatch.setattr(storing, "note_standings", _refuse)
    work.conclude(running)
    assert statuses() == ["queued"] * 4
    assert not Prediction.objects.exclude(probability=None).exists()


def test_rows_written_one_by_one_are_those_written_together(running, monkeypatch):
    monkeypatch.setattr(storing, "rewrite", _conflict)
    work.conclude(running)
    assert statuses() == ["done"] * 4
    assert StageTimings.objects.count() == 4


def test_four_cost_as_many_statements_as_one(running, site):
    work.conclude(running)
    assert statements_for(site, range(10, 14)) == statements_for(site, [20])


def statements_for(site, seeds) -> int:
    for seed in seeds:
        make_radiograph(site=site, seed=seed)
    begun = work.begin(work.claim_next())
    with CaptureQueriesContext(connection) as asked:
        work.conclude(begun)
    return len(asked)


def test_what_is_not_kept_yet_is_not_made_again(running, small_engine):
    make_radiograph(uploader=UserFactory(), seed=0)  # the pixels of the first of the four
    work.begin(work.claim_next(), running.begun.makings).heart.close()
    assert small_engine.batches == [4]


def _refuse(_keys):
    raise OperationalError


def _conflict(_rows, _fields):
    raise IntegrityError
