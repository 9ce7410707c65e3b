"""What was stated about ground truth cannot be rewritten, by whatever road."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from images.models import AppendOnly, GroundTruth
from tests import factories

OTHER = {
    "is_indeterminate": True, "tested_on": date(2020, 4, 1), "laboratory": "x", "kit": "x",
    "reason": "x", "source_sha256": "x", "source_row": 7, "target_class": None,
}  # fmt: skip


@pytest.mark.parametrize("name", OTHER)
def test_a_row_cannot_be_saved_again(film, name):
    row = film.truths.get()
    setattr(row, name, OTHER[name])
    with pytest.raises(AppendOnly):
        row.save()
    with pytest.raises(AppendOnly):
        row.save(update_fields=[name])


@pytest.mark.parametrize("name", OTHER)
def test_nor_many_at_once(film, name):
    with pytest.raises(AppendOnly):
        GroundTruth.objects.update(**{name: OTHER[name]})


def test_nor_beside_what_may_change(film):
    with pytest.raises(AppendOnly):
        GroundTruth.objects.update(is_current=False, kit="x")
    assert film.truths.current().exists()


def test_bulk_update_is_an_update(film):
    row = film.truths.get()
    row.kit = "x"
    with pytest.raises(AppendOnly):
        GroundTruth.objects.bulk_update([row], ["kit"])


@pytest.mark.parametrize("is_current", [True, False])
def test_no_row_goes_alone(film, is_current):
    factories.state_truth(film, "negative")
    with pytest.raises(AppendOnly):
        film.truths.get(is_current=is_current).delete()
    with pytest.raises(AppendOnly):
        film.truths.filter(is_current=is_current).delete()
    assert film.truths.count() == 2


def test_the_mark_of_the_last_statement_moves(film):
    row = film.truths.get()
    factories.state_truth(film, "negative")
    row.refresh_from_db()
    assert (row.is_current, row.result) == (False, "positive")


def test_an_indeterminate_result_names_no_class(film, doctor, covid):
    with pytest.raises(IntegrityError), transaction.atomic():
        GroundTruth.objects.create(
            radiograph=film, target=covid, target_class=covid.positive_class, is_indeterminate=True,
            is_current=False, entered_by=doctor,
        )  # fmt: skip


def test_what_came_second_is_never_current(own_film, film, doctor, covid):
    with pytest.raises(IntegrityError), transaction.atomic():
        GroundTruth.objects.create(
            radiograph=own_film, target=covid, came_after=film.truths.get(), entered_by=doctor
        )
