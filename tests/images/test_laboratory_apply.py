"""Writing a laboratory's table: as it was shown, whole unless asked, and never over what is new."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.models import AuditEntry
from images.errors import StorageFull
from images.models import GroundTruth, MetadataTable
from images.services import trash
from images.services.dry_runs import dry_run_of
from images.services.laboratory import labels_of
from images.services.laboratory_writing import Asked, NotAsked, apply_results
from images.services.tables import discard_table, forget_old_tables, path_of
from tests import factories
from tests.images.laboratory import DAY, HEADER, codes, film_of, received

FULL = (*HEADER, "laboratorio", "kit")
CORRECTED = Asked(conflicts="correct", reason="the laboratory's own list")


@pytest.fixture
def film(doctor):
    return film_of(doctor, "P-1", 1)


def current(film) -> GroundTruth:
    return film.truths.get(is_current=True)


def test_a_statement_with_all_that_the_table_says(doctor, film):
    table = received(doctor, ("P-1", "02/06/2020", "positivo", "Lab A", "Kit B"), header=FULL)
    apply_results(table=table, by=doctor, asked=Asked())
    truth = current(film)
    assert (truth.result, truth.tested_on, truth.laboratory, truth.kit) == (
        "positive", DAY + timedelta(days=1), "Lab A", "Kit B",
    )  # fmt: skip
    assert (truth.entered_by, truth.source_sha256, truth.source_row, truth.reason) == (
        doctor, table.sha256, 2, "",
    )  # fmt: skip
    film.refresh_from_db()
    assert (film.rt_pcr, film.is_confirmed) == ("positive", True)


def test_an_indeterminate_result(doctor, film):
    apply_results(
        table=received(doctor, ("P-1", "02/06/2020", "no concluyente")), by=doctor, asked=Asked()
    )
    assert (current(film).result, current(film).target_class) == ("indeterminate", None)


def test_the_dry_run_writes_nothing(doctor, film):
    received(doctor, ("P-1", "02/06/2020", "positivo"))
    assert not film.truths.exists()


def test_what_completes_keeps_what_it_does_not_name(doctor, film):
    factories.state_truth(film, "positive", doctor, laboratory="Lab A")
    table = received(doctor, ("P-1", "02/06/2020", "positivo", "", "Kit B"), header=FULL)
    written = apply_results(table=table, by=doctor, asked=Asked())
    truth = current(film)
    assert (truth.tested_on, truth.laboratory, truth.kit) == (
        DAY + timedelta(days=1), "Lab A", "Kit B",
    )  # fmt: skip
    assert written.counts == {"changed": 1}


# --- In part only when asked ---------------------------------------------------------------------
@pytest.mark.parametrize("conflicts", ["", "leave", "correct"])
def test_refused_rows_hold_up_the_rest_unless_asked(doctor, film, conflicts):
    table = received(doctor, ("P-1", "02/06/2020", "positivo"), ("P-9", "02/06/2020", "positivo"))
    with pytest.raises(NotAsked) as refused:
        apply_results(table=table, by=doctor, asked=Asked(conflicts=conflicts, reason="x"))
    assert (refused.value.code, film.truths.count()) == ("rows-refused", 0)
    written = apply_results(table=table, by=doctor, asked=Asked(writes_rest=True))
    assert (written.counts, film.truths.count()) == ({"created": 1}, 1)


@pytest.mark.parametrize("writes_rest", [True, False])
def test_conflicts_hold_up_the_rest_unless_asked(doctor, film, writes_rest):
    factories.state_truth(film, "negative", doctor)
    table = received(doctor, ("P-1", "02/06/2020", "positivo"))
    with pytest.raises(NotAsked) as refused:
        apply_results(table=table, by=doctor, asked=Asked(writes_rest=writes_rest))
    assert (refused.value.code, film.truths.count()) == ("conflicts-open", 1)


def test_what_stands_may_be_left(doctor, film):
    factories.state_truth(film, "negative", doctor)
    other = film_of(doctor, "P-2", 2)
    table = received(doctor, ("P-1", "02/06/2020", "positivo"), ("P-2", "02/06/2020", "positivo"))
    apply_results(table=table, by=doctor, asked=Asked(conflicts="leave"))
    assert (current(film).result, current(other).result) == ("negative", "positive")


def test_a_correction_needs_a_reason_and_keeps_it(doctor, film):
    old = factories.state_truth(film, "negative", doctor)
    table = received(doctor, ("P-1", "02/06/2020", "positivo"))
    with pytest.raises(NotAsked) as refused:
        apply_results(table=table, by=doctor, asked=Asked(conflicts="correct", reason=" "))
    assert refused.value.code == "no-reason"
    apply_results(table=table, by=doctor, asked=CORRECTED)
    truth = current(film)
    assert (truth.result, truth.supersedes, truth.reason) == ("positive", old, CORRECTED.reason)


def test_news_beside_a_conflict_are_written_where_what_stands_is_left(doctor, film):
    new = film_of(doctor, "P-1", 2)
    factories.state_truth(film, "negative", doctor)
    table = received(doctor, ("P-1", "02/06/2020", "positivo"))
    apply_results(table=table, by=doctor, asked=Asked(conflicts="leave"))
    assert (current(film).result, current(new).result) == ("negative", "positive")


# --- What changed since the dry run ---------------------------------------------------------------
def test_what_was_recorded_meanwhile_is_not_overwritten(doctor, film, site_administrator):
    table = received(doctor, ("P-1", "02/06/2020", "positivo"))
    theirs = factories.state_truth(film, "negative", site_administrator)
    written = apply_results(table=table, by=doctor, asked=Asked())
    assert [codes(row) for row in written.rows] == [["recorded-meanwhile"]]
    assert current(film) == theirs
    attempt = film.truths.get(is_current=False)
    assert (attempt.result, attempt.came_after, attempt.source_row) == ("positive", theirs, 2)
    table.refresh_from_db()
    assert (table.created_count, table.refused_count) == (0, 1)


def test_a_correction_of_what_was_corrected_meanwhile_is_not_taken(doctor, film):
    factories.state_truth(film, "negative", doctor)
    table = received(doctor, ("P-1", "02/06/2020", "positivo"))
    theirs = factories.state_truth(film, "indeterminate", doctor)
    written = apply_results(table=table, by=doctor, asked=CORRECTED)
    assert (len(written.rows), current(film)) == (1, theirs)


def test_the_same_recorded_meanwhile_is_no_conflict(doctor, film):
    table = received(doctor, ("P-1", "02/06/2020", "positivo"))
    factories.state_truth(film, "positive", doctor, tested_on=DAY + timedelta(days=1))
    assert apply_results(table=table, by=doctor, asked=Asked()).rows == []
    assert film.truths.count() == 1


def test_what_went_to_the_trash_meanwhile_is_not_written(doctor, film):
    table = received(doctor, ("P-1", "02/06/2020", "positivo"))
    trash(radiograph=film, by=doctor)
    [row] = apply_results(table=table, by=doctor, asked=Asked()).rows
    assert (codes(row), film.truths.count()) == (["no-such-radiograph"], 0)


@pytest.mark.parametrize("change", [{"acquired_on": None}, {"patient": "P-2"}])
def test_a_radiograph_that_is_another_one_now_is_not_written(doctor, film, change):
    table = received(doctor, ("P-1", "02/06/2020", "positivo"))
    if "patient" in change:
        change = {"patient": factories.PatientFactory(site=doctor.site, code="P-2")}
    type(film).objects.filter(pk=film.pk).update(**change)
    [row] = apply_results(table=table, by=doctor, asked=Asked()).rows
    assert (codes(row), film.truths.count()) == (["radiograph-changed"], 0)


def test_a_row_about_two_radiographs_is_written_whole_or_not(doctor, film):
    second = film_of(doctor, "P-1", 2)
    table = received(doctor, ("P-1", "02/06/2020", "positivo"))
    trash(radiograph=second, by=doctor)
    apply_results(table=table, by=doctor, asked=Asked())
    assert not GroundTruth.objects.exists()


# --- Long tables ----------------------------------------------------------------------------------
def test_goes_on_where_time_did_not_suffice(doctor, film):
    film_of(doctor, "P-2", 2)
    table = received(doctor, ("P-1", "02/06/2020", "positivo"), ("P-2", "02/06/2020", "negativo"))
    assert apply_results(table=table, by=doctor, asked=Asked(), seconds=-1).left == 2
    assert path_of(table).exists()
    assert apply_results(table=table, by=doctor, asked=Asked()).left == 0
    table.refresh_from_db()
    assert (table.created_count, table.applied_at is not None) == (2, True)


def test_rows_that_are_written_are_passed_over_by_the_next_call(doctor, film, monkeypatch):
    film_of(doctor, "P-2", 2)
    table = received(doctor, ("P-1", "02/06/2020", "positivo"), ("P-2", "02/06/2020", "negativo"))
    ticks = iter([0.0, 0.1, 0.5, 1.5])
    monkeypatch.setattr("images.services.laboratory_writing.time.monotonic", lambda: next(ticks))
    first = apply_results(table=table, by=doctor, asked=Asked(), seconds=1)
    assert (first.left, first.counts) == (1, {"created": 1})
    # Somebody corrects what the first call wrote: the next one leaves that alone.
    theirs = factories.state_truth(film, "indeterminate", doctor)
    monkeypatch.undo()
    second = apply_results(table=table, by=doctor, asked=Asked())
    assert (second.left, second.rows, second.counts) == (0, [], {"created": 1})
    assert current(film) == theirs


def test_three_wrong_rows_of_a_thousand(doctor, film, django_assert_max_num_queries):
    """Refused whole, the three named; with the word for it all others are written."""
    patients = [f"Q-{number}" for number in range(997)]
    copies_of(film, patients)
    wrong = [
        ("Q-1000", "02/06/2020", "positivo"), ("Q-5", "02/06/2120", "negativo"),
        ("Q-6", "02/06/2020", "tal vez"),
    ]  # fmt: skip
    rows = [*wrong, *((code, "02/06/2020", "negativo") for code in patients)]
    with django_assert_max_num_queries(30):
        table = received(doctor, *rows)
    counts = dry_run_of(table).counts
    assert (counts["refused"], counts["created"]) == (3, 997)
    named = [
        row for part in dry_run_of(table).of("refused") for row in dry_run_of(table).rows(part)
    ]
    assert [(row.number, codes(row)) for row in named] == [
        (2, ["no-such-patient"]), (3, ["test-in-future"]), (4, ["bad-laboratory-result"]),
    ]  # fmt: skip
    with pytest.raises(NotAsked):
        apply_results(table=table, by=doctor, asked=Asked())
    assert not GroundTruth.objects.exists()
    apply_results(table=table, by=doctor, asked=Asked(writes_rest=True), seconds=600)
    assert GroundTruth.objects.current().count() == 997


def copies_of(film, patients) -> None:
    """A radiograph of that day for each patient code, without files of their own."""
    model, owner = type(film), type(film.patient)
    owners = owner.objects.bulk_create([owner(site=film.site, code=code) for code in patients])
    facts = {each.attname: getattr(film, each.attname) for each in model._meta.concrete_fields}
    rows = [
        model(**facts | {"id": uuid4(), "patient_id": each.pk, "pixel_sha256": f"{number:064x}"})
        for number, each in enumerate(owners)
    ]
    model.objects.bulk_create(rows)


# --- What is kept, and for whom -------------------------------------------------------------------
def test_what_waits_is_sealed_and_holds_no_other_column(doctor, film):
    header = (*HEADER, "Nombre")
    table = received(doctor, ("P-1", "02/06/2020", "positivo", "Juana Molina"), header=header)
    kept = path_of(table).read_bytes()
    assert b"P-1" not in kept
    [part] = dry_run_of(table).parts
    assert "Juana" not in str(dry_run_of(table).rows(part))
    assert dry_run_of(table).ignored == ("Nombre",)


def test_what_nobody_decided_about_is_forgotten_after_a_day(doctor, film):
    table = received(doctor, ("P-1", "02/06/2020", "positivo"))
    with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1)):
        assert forget_old_tables() == 1
    assert dry_run_of(table) is None


def test_applied_or_thrown_away_it_is_gone(doctor, film):
    tables = [received(doctor, ("P-1", "02/06/2020", "positivo")) for _ in range(2)]
    apply_results(table=tables[0], by=doctor, asked=Asked())
    discard_table(table=MetadataTable.objects.get(pk=tables[1].pk))
    for table in tables:
        assert dry_run_of(table) is None
        with pytest.raises(NotAsked) as refused:
            apply_results(table=table, by=doctor, asked=Asked())
        assert refused.value.code == "table-gone"


def test_a_full_disk_keeps_nothing(doctor, film, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("images.services.dry_runs.written_whole", full)
    with pytest.raises(StorageFull):
        received(doctor, ("P-1", "02/06/2020", "positivo"))
    assert not MetadataTable.objects.exists()


@pytest.mark.parametrize("who", ["health_worker", "researcher", "pending"])
def test_who_may_not_record_truth_sends_and_writes_nothing(doctor, film, request, who):
    person = request.getfixturevalue(who)
    with pytest.raises(PermissionDenied):
        received(person, ("P-1", "02/06/2020", "positivo"), site=doctor.site)
    table = received(doctor, ("P-1", "02/06/2020", "positivo"))
    with pytest.raises(PermissionDenied):
        apply_results(table=table, by=person, asked=Asked())


def test_what_is_noted_counts_and_names_nobody(doctor, film):
    table = received(doctor, ("P-1", "02/06/2020", "positivo"), ("P-9", "02/06/2020", "positivo"))
    apply_results(table=table, by=doctor, asked=Asked(writes_rest=True))
    noted = AuditEntry.objects.filter(subject="laboratory-table", subject_id=table.pk)
    received_entry, applied = noted.order_by("created_at")
    assert received_entry.after["created"] == 1
    assert applied.after == {
        "created": 1, "changed": 0, "refused": 1, "left_standing": 0, "to_do": 0,
    }  # fmt: skip
    assert "P-1" not in str([entry.after for entry in noted])
    truth = AuditEntry.objects.get(subject="truth", subject_id=film.pk)
    assert truth.way == "table"


# --- For the preview of labels --------------------------------------------------------------------
def test_labels_that_the_table_would_state(doctor, film):
    others = [film_of(doctor, f"P-{number}", number) for number in (2, 3, 4)]
    factories.state_truth(others[0], "negative", doctor)
    factories.state_truth(others[1], "positive", doctor, tested_on=DAY)
    table = received(
        doctor, ("P-1", "02/06/2020", "positivo"), ("P-2", "02/06/2020", "indeterminado"),
        ("P-3", "01/06/2020", "positivo"), ("P-4", "02/06/2120", "positivo"),
    )  # fmt: skip
    positive = film.truths.model.objects.get(radiograph=others[1]).target_class.code
    assert labels_of(table, doctor) == {film.pk: positive, others[0].pk: ""}


def test_labels_are_for_the_sender_alone(doctor, film, site_administrator):
    table = received(doctor, ("P-1", "02/06/2020", "positivo"))
    with pytest.raises(PermissionDenied):
        labels_of(table, site_administrator)


def test_no_labels_of_what_is_gone(doctor, film):
    table = received(doctor, ("P-1", "02/06/2020", "positivo"))
    path_of(table).unlink()
    assert labels_of(table, doctor) == {}
