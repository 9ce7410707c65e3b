"""A table beside the files of a batch: what it would do, and what it does."""

from datetime import date

import pytest

from core.jobs import JobStatus
from images.models import FileOutcome, GroundTruth
from images.services.tables import apply_table, plan_table
from images.tables import TableRefused
from tests import factories
from tests.images.tables import add_file, csv_of, make_batch

HEADER = ["archivo", "código de paciente", "sexo", "edad", "fecha", "vista", "rt-pcr", "fecha pcr"]
FULL = ["a.png", "P-1", "F", "61", "31/05/2020", "PA", "positivo", "01/06/2020"]


@pytest.fixture
def batch(health_worker):
    return make_batch(health_worker)


@pytest.fixture
def plan(batch, health_worker):
    """`plan(rows, header=HEADER, by=health_worker)`: the dry run."""

    def dry(*rows, header=HEADER, by=health_worker, batch=batch):
        return plan_table(content=csv_of([header, *rows]), by=by, site=batch.site, batch=batch)

    return dry


@pytest.fixture
def apply(plan, health_worker):
    """The same, and written."""

    def done(*rows, by=health_worker, **options):
        return apply_table(plan=plan(*rows, by=by, **options), by=by).plan

    return done


@pytest.fixture
def stored(batch, health_worker):
    """A radiograph of the batch that a worker has stored."""
    film = factories.make_radiograph(uploader=health_worker, seed=3, patient_code="new-1")
    add_file(batch, "a.png", film=film)
    return film


def codes(row):
    return [problem.code for problem in row.problems]


def outcomes(plan):
    return [row.outcome for row in plan.rows]


def test_the_dry_run_writes_nothing(plan, batch):
    file = add_file(batch, "a.png")
    [row] = plan(FULL).rows
    file.refresh_from_db()
    assert (row.outcome, file.facts, file.patient_code) == ("created", {}, "")


def test_facts_wait_for_the_worker(apply, batch):
    file = add_file(batch, "a.png")
    apply(FULL)
    file.refresh_from_db()
    assert file.patient_code == "P-1"
    source = file.facts.pop("truth_source")
    assert (len(source["sha256"]), source["row"]) == (64, 2)
    assert file.facts == {
        "sex": "F", "age_years": 61, "acquired_on": "2020-05-31", "view": "PA",
        "rt_pcr": "positive", "tested_on": "2020-06-01",
    }  # fmt: skip


def test_twice_changes_nothing_more(apply, batch):
    add_file(batch, "a.png")
    assert [outcomes(apply(FULL)), outcomes(apply(FULL))] == [["created"], ["unchanged"]]


def test_a_second_word_about_a_file_shows_the_old(apply, batch):
    add_file(batch, "a.png", facts={"view": "AP", "age_years": 61}, patient_code="P-1")
    [row] = apply(FULL).rows
    assert row.outcome == "changed"
    assert ("View", "AP", "PA") in [(c.about.name.title(), c.old, c.new) for c in row.changes]


def test_facts_of_a_stored_radiograph_are_corrected(apply, stored):
    apply(FULL)
    stored.refresh_from_db()
    assert (stored.patient.code, stored.patient.sex, stored.age_years) == ("P-1", "F", 61)
    assert (stored.view, stored.acquired_on) == ("PA", date(2020, 5, 31))


def test_the_first_result_of_an_own_upload_may_be_stated(apply, stored):
    apply(FULL)
    [truth] = GroundTruth.objects.all()
    assert (truth.result, truth.tested_on) == ("positive", date(2020, 6, 1))


def test_a_correction_of_a_result_is_for_doctors(apply, stored):
    factories.state_truth(stored, "negative")
    [row] = apply(FULL).rows
    assert (row.outcome, codes(row)) == ("refused", ["may-not-state"])
    stored.refresh_from_db()
    assert stored.view == ""


def test_a_doctor_corrects_a_result(apply, doctor):
    batch = make_batch(doctor)
    film = factories.make_radiograph(uploader=doctor, seed=4, rt_pcr="negative")
    add_file(batch, "a.png", film=film)
    apply(["a.png", "positivo"], header=["archivo", "rt-pcr"], by=doctor, batch=batch)
    assert [t.result for t in GroundTruth.objects.current()] == ["positive"]


def test_the_same_on_a_stored_radiograph_twice(apply, stored):
    assert [outcomes(apply(FULL)), outcomes(apply(FULL))] == [["changed"], ["unchanged"]]
    assert GroundTruth.objects.count() == 1


def test_an_empty_cell_changes_nothing(apply, stored):
    apply(FULL)
    [row] = apply(["a.png", "", "", "", "", "", "", ""]).rows
    assert row.outcome == "unchanged"


def test_the_own_identifier_is_kept_beside(apply, stored):
    apply(["a.png", "RX-17"], header=["archivo", "id propio"])
    stored.refresh_from_db()
    assert stored.extra["own_id"] == "RX-17"


def test_over_89_is_kept_as_90(apply, stored):
    apply(["a.png", "97"], header=["archivo", "edad"])
    assert outcomes(apply(["a.png", "99"], header=["archivo", "edad"])) == ["unchanged"]
    stored.refresh_from_db()
    assert stored.age_years == 90


def test_good_rows_go_in_though_others_are_refused(apply, batch):
    files = [add_file(batch, name) for name in ("a.png", "b.png")]
    plan = apply(FULL, ["b.png", "P-2", "F", "61", "01/01/1800", "PA", "", ""])
    for file in files:
        file.refresh_from_db()
    assert outcomes(plan) == ["created", "refused"]
    assert [file.patient_code for file in files] == ["P-1", ""]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("folder/a.png", True),
        ("a.png", True),
        ("A.PNG", True),
        ("folder\\a.png", True),
        ("drive/folder/a.png", True),
        ("a", True),
        ("folder/a", True),
        ("other/a.png", False),
        ("b.png", False),
        ("a.jpg", False),
    ],
)
def test_finds_by_path_or_by_its_end(plan, batch, asked, found):
    add_file(batch, "folder/a.png")
    [row] = plan([asked, "F"], header=["archivo", "sexo"]).rows
    assert codes(row) == ([] if found else ["no-such-file"])


def test_one_name_in_two_folders_needs_the_folder(plan, batch):
    add_file(batch, "1/a.png")
    add_file(batch, "2/a.png")
    plan = plan(["a.png", "F"], ["2/a.png", "M"], header=["archivo", "sexo"])
    assert [codes(row) for row in plan.rows] == [["several-files"], []]


def test_names_that_were_wiped_are_found_by_the_whole_path(plan, batch):
    add_file(batch, "1/a.png")
    batch.files.update(sealed_name=b"")
    plan = plan(["1/a.png", "F"], ["a.png", "M"], header=["archivo", "sexo"])
    assert outcomes(plan) == ["created", "refused"]


def test_a_file_named_twice_waits(apply, batch):
    file = add_file(batch, "a.png")
    plan = apply(FULL, ["A.PNG", "P-2", *FULL[2:]])
    file.refresh_from_db()
    assert [codes(row) for row in plan.rows] == [["named-twice"]] * 2
    assert "2, 3" in plan.rows[0].problems[0].sentence
    assert file.facts == {}


def test_files_that_the_table_forgets_are_listed(plan, batch):
    for name in ("a.png", "folder/b.png"):
        add_file(batch, name)
    add_file(batch, "all.zip", status=JobStatus.DONE, outcome=FileOutcome.EXPANDED)
    assert plan(FULL).missing == ("folder/b.png",)


def test_a_patient_recorded_with_another_sex(plan, stored):
    factories.PatientFactory(site=stored.site, code="P-1", sex="M")
    [row] = plan(FULL).rows
    assert (row.outcome, codes(row)) == ("refused", ["other-sex"])


def test_the_recorded_sex_of_the_same_patient_is_not_overwritten(apply, stored):
    stored.patient.sex = "M"
    stored.patient.save()
    [row] = apply(["a.png", "F"], header=["archivo", "sexo"]).rows
    assert codes(row) == ["other-sex"]


def test_moving_to_another_patient_takes_no_sex_along(apply, stored):
    stored.patient.sex = "M"
    stored.patient.save()
    apply(["a.png", "P-9"], header=["archivo", "código de paciente"])
    stored.refresh_from_db()
    assert (stored.patient.code, stored.patient.sex) == ("P-9", "")


def test_a_day_without_a_result(plan, batch):
    add_file(batch, "a.png")
    [row] = plan(["a.png", "01/06/2020"], header=["archivo", "fecha pcr"]).rows
    assert codes(row) == ["test-date-alone"]


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ({"status": JobStatus.RUNNING}, "being-checked"),
        ({"status": JobStatus.DONE, "outcome": FileOutcome.EXPANDED}, "is-archive"),
        ({"status": JobStatus.DONE, "outcome": FileOutcome.CREATED}, "is-gone"),
    ],
)
def test_files_that_nothing_can_be_said_of(plan, batch, state, code):
    add_file(batch, "a.png", **state)
    assert codes(plan(FULL).rows[0]) == [code]


def test_a_radiograph_of_somebody_else_is_not_changed(plan, batch, doctor):
    add_file(batch, "a.png", film=factories.make_radiograph(uploader=doctor, seed=5))
    assert codes(plan(FULL).rows[0]) == ["not-yours"]


def test_a_table_without_file_names(plan, batch):
    with pytest.raises(TableRefused) as refused:
        plan(["P-1", "F"], header=["código de paciente", "sexo"])
    assert refused.value.code == "no-file-column"


def test_a_row_without_a_file_name(plan, batch):
    assert codes(plan(["", *FULL[1:]]).rows[0]) == ["no-file-name"]


def test_what_was_stored_after_the_dry_run_is_corrected_there(plan, batch, health_worker):
    file = add_file(batch, "a.png")
    planned = plan(FULL)
    film = factories.make_radiograph(uploader=health_worker, seed=6)
    batch.files.update(status=JobStatus.DONE, outcome=FileOutcome.CREATED, radiograph=film)
    [row] = apply_table(plan=planned, by=health_worker).plan.rows
    film.refresh_from_db()
    assert (row.outcome, film.view, file.facts) == ("changed", "PA", {})


def test_what_a_worker_took_after_the_dry_run_waits(plan, batch, health_worker):
    add_file(batch, "a.png")
    planned = plan(FULL)
    batch.files.update(status=JobStatus.RUNNING)
    [row] = apply_table(plan=planned, by=health_worker).plan.rows
    assert codes(row) == ["being-checked"]


def test_time_that_runs_out_leaves_the_rest(plan, batch, health_worker):
    file = add_file(batch, "a.png")
    done = apply_table(plan=plan(FULL), by=health_worker, seconds=-1)
    file.refresh_from_db()
    assert (done.left, done.plan.rows, file.facts) == (1, (), {})
