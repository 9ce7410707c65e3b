"""Radiographs that nobody asked about are found in bounded time, however many are answered."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.jobs import JobStatus
from images.models import Radiograph, Target
from images.services import trash
from inference import services
from inference.models import DeployedModel, MissingSearch, Prediction
from inference.services import missing
from tests.factories import make_radiograph
from tests.retraining.lists import confirmed_cases


@pytest.fixture(autouse=True)
def small_slices(monkeypatch):
    """Slices of three; a target that is new has two in a pass."""
    monkeypatch.setattr(missing, "SLICE", 3)
    monkeypatch.setattr(missing, "SLICES_WHILE_NEW", 2)


def store(count: int, first: int = 0) -> list[Radiograph]:
    """An archive of rows that no signal told of, stored long ago; in the order of their keys."""
    rows = confirmed_cases(count, first=first)
    keys = [row.pk for row in rows]
    long_ago = timezone.now() - missing.LATELY - timedelta(days=1)
    Radiograph.objects.filter(pk__in=keys).update(created_at=long_ago)
    return list(Radiograph.objects.filter(pk__in=keys).order_by("pk"))


def answer(radiographs: list[Radiograph], model: DeployedModel) -> None:
    said = {"predicted_class": model.target.classes.get(code="covid-19"), "probability": 0.9}
    Prediction.objects.bulk_create(
        Prediction(radiograph=row, target=model.target, status=JobStatus.DONE, model=model, **said)
        for row in radiographs
    )


def go_round() -> int:
    """Passes until the first circle is over, and none is slow any more."""
    for passes in range(1, 100):
        services.queue_missing()
        if not MissingSearch.objects.filter(is_first_circle=True).exists():
            return passes
    raise AssertionError("the circle never ends")


@pytest.fixture
def archive(paper_model) -> list[Radiograph]:
    """Ten radiographs, all answered and gone through once: a pass looks at three of them."""
    rows = store(10)
    answer(rows, paper_model)
    go_round()
    return rows


def asked() -> set:
    return set(Prediction.objects.filter(status=JobStatus.QUEUED).values_list("radiograph", flat=1))


def lose(*radiographs: Radiograph) -> None:
    Prediction.objects.filter(radiograph__in=radiographs).delete()


def test_each_has_its_turn_within_one_circle(archive):
    lose(*archive)
    found = [services.queue_missing() for _pass in range(4)]
    assert found == [3, 3, 3, 1]
    assert asked() == {row.pk for row in archive}


def test_and_again_in_the_next_circle(archive):
    for row in (archive[0], archive[-1], archive[0]):
        lose(row)
        assert sum(services.queue_missing() for _pass in range(4)) == 1
        assert asked() == {row.pk}
        Prediction.objects.filter(radiograph=row).update(status=JobStatus.FAILED)


def test_what_was_stored_lately_waits_for_no_circle(archive, site):
    new = [make_radiograph(site=site, seed=seed) for seed in range(5)]
    lose(*new)
    assert services.queue_missing() == 5


def test_what_two_transactions_missed_of_each_other_is_looked_at_for_a_while(archive, site):
    new = make_radiograph(site=site)
    lose(new)
    almost = timezone.now() - missing.LATELY + timedelta(seconds=20)
    Radiograph.objects.filter(pk=new.pk).update(created_at=almost)
    # The last of all: the walk comes there late.
    assert MissingSearch.objects.update(after=archive[0].pk)
    assert services.queue_missing() == 1


def test_a_target_that_is_new_is_gone_through_faster(paper_model):
    store(10)
    assert [services.queue_missing() for _pass in range(2)] == [6, 4]


def test_and_slowly_once_all_were_looked_at(archive):
    lose(*archive)
    assert services.queue_missing() == 3


def test_a_target_that_was_switched_off_begins_anew(archive, target):
    Target.objects.filter(pk=target.pk).update(is_active=False)
    services.queue_missing()
    store(10, first=50)
    Target.objects.filter(pk=target.pk).update(is_active=True)
    for _pass in range(4):
        services.queue_missing()
    assert len(asked()) == 10


def test_another_version_goes_on_where_the_walk_was(archive, target):
    services.queue_missing()
    before = MissingSearch.objects.values().get()
    DeployedModel.objects.create(target=target, version="2", threshold=0.5)
    services.queue_missing()
    search = MissingSearch.objects.get()
    assert (search.pk, search.is_first_circle) == (before["id"], False)
    assert search.after > before["after"]


def test_each_target_has_a_walk_of_its_own(archive):
    other = Target.objects.exclude(code="covid-19").first()
    Target.objects.filter(pk=other.pk).update(is_active=True)
    DeployedModel.objects.create(target=other, version="1", threshold=0.5)
    assert services.queue_missing() == 6
    assert set(Prediction.objects.filter(status=JobStatus.QUEUED).values_list("target")) == {
        (other.pk,)
    }


def test_none_is_passed_over_where_a_pass_is_full(archive):
    lose(*archive)
    for _pass in range(2):
        assert services.queue_missing(limit=2) == 2
    assert asked() == {row.pk for row in archive[:4]}


def test_a_full_pass_of_what_came_lately_leaves_the_walk_where_it_was(archive, site):
    lose(*(make_radiograph(site=site, seed=seed) for seed in range(3)))
    before = MissingSearch.objects.get().after
    assert services.queue_missing(limit=2) == 2
    assert MissingSearch.objects.get().after == before


def test_the_trash_does_not_stop_the_walk(paper_model, doctor):
    rows = store(5)
    for row in rows[:3]:
        trash(radiograph=row, by=doctor)
    for _pass in range(4):
        services.queue_missing(limit=2)
    assert asked() == {row.pk for row in rows[3:]}


def test_a_pass_that_was_killed_is_made_again(archive, monkeypatch):
    lose(archive[0])
    before = MissingSearch.objects.get().after

    def die(*_arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(missing, "_keep", die)
        with pytest.raises(KeyboardInterrupt):
            services.queue_missing()
    assert not asked()
    assert MissingSearch.objects.get().after == before
    services.queue_missing()
    assert asked() == {archive[0].pk}


def test_who_comes_late_does_not_move_the_walk_of_another_one(archive):
    late, quick = MissingSearch.objects.get(), MissingSearch.objects.get()
    came_from, quick.after, late.after = late.after, archive[1].pk, archive[7].pk
    missing._keep(quick, came_from)
    missing._keep(late, came_from)
    assert MissingSearch.objects.get().after == archive[1].pk


def test_an_archive_of_one_slice_writes_nothing(paper_model):
    answer(store(2), paper_model)
    services.queue_missing()
    with CaptureQueriesContext(connection) as said:
        services.queue_missing()
    assert not [row["sql"] for row in said if row["sql"].startswith(("INSERT", "UPDATE"))]


def test_the_statements_do_not_grow_with_the_archive(archive, paper_model):
    before = statements()
    answer(store(50, first=100), paper_model)
    assert statements() == before


def test_predictions_are_read_within_the_bounds_of_the_slice(archive):
    """PostgreSQL would else join the slice with the whole table of predictions."""
    (slice_read,) = [sql for sql in statements() if "EXISTS" in sql and "created_at" not in sql]
    for bound in (">", "<="):
        assert re.search(rf'U0\."radiograph_id" {bound} \?', slice_read)
        assert re.search(rf'"images_radiograph"\."id" {bound} \?', slice_read)


def statements() -> list[str]:
    """Of one pass, without the values."""
    MissingSearch.objects.update(after=missing.BEFORE_ALL)
    with CaptureQueriesContext(connection) as said:
        services.queue_missing()
    return [re.sub(r"'[^']*'", "?", row["sql"]) for row in said if "SAVEPOINT" not in row["sql"]]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="its virtual machine counts its steps")
def test_nor_what_the_database_does_for_it(archive, paper_model):
    before = steps()
    answer(store(200, first=100), paper_model)
    assert steps() <= before * 1.1


def steps() -> int:
    """What SQLite's virtual machine does in one pass, in tens of instructions."""
    MissingSearch.objects.update(after=missing.BEFORE_ALL)
    count = [0]

    def note() -> int:
        count[0] += 1
        return 0

    connection.connection.set_progress_handler(note, 10)
    try:
        services.queue_missing()
    finally:
        connection.connection.set_progress_handler(None, 0)
    return count[0]
