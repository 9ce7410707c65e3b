"""Near-duplicates leave the processor to predictions that are open, but not for ever."""

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from core.jobs import REST, JobStatus
from images.models import PictureSketch, Radiograph
from images.services import copies, quiet
from images.services.copies import waiting
from images.signals import waiting_asked
from images.tasks import copies as task
from inference.models import Prediction, Urgency
from tests.images.copying import group_of, make_film, settle, two_copies


@pytest.fixture
def films(site):
    """Two copies; nobody asked for a prediction of them."""
    return two_copies(site)


@pytest.fixture
def rung(monkeypatch):
    tasks = []
    monkeypatch.setattr(task, "ring", tasks.append)
    return tasks


@pytest.fixture
def ask(films, target):
    """`ask(**facts) -> Prediction` of the first film."""

    def make(**facts) -> Prediction:
        return Prediction.objects.create(radiograph=films[0], target=target, **facts)

    return make


@pytest.fixture
def unreachable():
    """Somebody answers whose database is away."""

    def fail(**_details):
        raise OperationalError("secret address")

    waiting_asked.connect(fail)
    yield
    waiting_asked.disconnect(fail)


def test_nothing_is_compared_while_a_prediction_waits(ask):
    ask()
    task.join_waiting()
    assert waiting().count() == 2


def test_nor_while_a_worker_has_one(ask):
    assert Prediction.objects.claim(ask().pk)
    task.join_waiting()
    assert waiting().count() == 2


def test_nor_while_one_rests_before_its_next_try(ask):
    ask(lease_until=timezone.now() + REST, attempts=1, error_code="storage")
    task.join_waiting()
    assert waiting().count() == 2


def test_nor_while_a_new_model_answers_again(ask):
    ask(urgency=Urgency.BACKGROUND)
    task.join_waiting()
    assert waiting().count() == 2


@pytest.mark.parametrize("status", [JobStatus.FAILED, JobStatus.CANCELLED])
def test_what_ended_without_an_answer_keeps_nobody_waiting(ask, films, status):
    ask(status=status)
    task.join_waiting()
    assert group_of(films[0]) == group_of(films[1]) is not None


def test_once_it_is_answered_they_are_compared(ask, films, target, paper_model):
    owner = Prediction.objects.claim(ask().pk)
    task.join_waiting()
    assert waiting().count() == 2
    answer = {"predicted_class": target.classes.get(code="covid-19"), "probability": 0.9}
    assert Prediction.objects.finish(owner, model=paper_model, **answer)
    task.join_waiting()
    assert group_of(films[0]) == group_of(films[1]) is not None


def test_what_waited_long_is_compared_in_spite_of_predictions(ask, films):
    ask()
    settle(*films, seconds=quiet.LONGEST_WAIT.total_seconds() + 1)
    task.join_waiting()
    assert group_of(films[0]) == group_of(films[1]) is not None


def test_but_only_one_slice_for_each_beat(ask, films, rung, monkeypatch):
    ask()
    settle(*films, seconds=200)
    monkeypatch.setattr(task, "SLICE_SECONDS", -1.0)
    monkeypatch.setattr(quiet, "AT_ONCE", 1)
    task.join_waiting()
    assert not rung
    assert waiting().count() == 1


def test_it_ends_when_somebody_asks_for_a_prediction(ask, films, monkeypatch):
    monkeypatch.setattr(quiet, "AT_ONCE", 1)
    join = copies.join_some

    def join_and_ask(radiographs):
        join(radiographs)
        ask()

    monkeypatch.setattr(copies, "join_some", join_and_ask)
    task.join_waiting()
    assert PictureSketch.objects.count() == 1


def test_a_question_that_fails_counts_as_yes(films, unreachable, caplog):
    task.join_waiting()
    assert waiting().count() == 2
    assert "OperationalError" in caplog.text
    assert "secret address" not in caplog.text


def test_and_holds_nothing_up_for_ever(films, unreachable):
    settle(*films, seconds=200)
    task.join_waiting()
    assert not waiting().exists()


def test_whoever_answers_yes_is_heard(films):
    def yes(**_details):
        return True

    waiting_asked.connect(yes)
    try:
        assert not quiet.is_quiet()
    finally:
        waiting_asked.disconnect(yes)
    assert quiet.is_quiet()


def test_where_files_come_nobody_is_asked(site, django_assert_num_queries):
    make_film("P-3", site=site)
    with django_assert_num_queries(1):
        assert not quiet.is_quiet()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="small tables: others may read all rows")
def test_the_question_is_answered_from_an_index(db, django_assert_num_queries):
    with django_assert_num_queries(1) as asked:
        waiting_asked.send(sender=Radiograph)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {asked[0]['sql']}")
        steps = [step for *_, step in cursor.fetchall()]
    assert all(step.startswith("SEARCH") and "INDEX" in step for step in steps)
