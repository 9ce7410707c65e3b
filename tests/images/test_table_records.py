"""A table about what is stored already, without a batch."""

import hashlib
from datetime import date

import pytest

from images.services import trash
from images.services.tables import apply_table, plan_table
from images.tables import TableRefused
from tests import factories
from tests.images.tables import csv_of


@pytest.fixture
def film(doctor):
    return factories.make_radiograph(
        uploader=doctor, seed=1, patient_code="P-1", acquired_on=date(2020, 5, 31),
        extra={"own_id": "RX-1"},
    )  # fmt: skip


@pytest.fixture
def apply(doctor):
    def done(header, *rows, by=doctor, site=None):
        content = csv_of([header, *rows])
        plan = plan_table(content=content, by=by, site=site or by.site)
        return apply_table(plan=plan, by=by).plan

    return done


def codes(row):
    return [problem.code for problem in row.problems]


def test_by_the_identifier(apply, film):
    apply(["id", "vista", "código de paciente"], [film.pk, "AP", "P-2"])
    film.refresh_from_db()
    assert (film.view, film.patient.code) == ("AP", "P-2")


def test_by_the_own_identifier(apply, film):
    apply(["id propio", "vista", "fecha"], ["RX-1", "AP", "30/05/2020"])
    film.refresh_from_db()
    assert (film.view, film.acquired_on) == ("AP", date(2020, 5, 30))


def test_by_patient_and_day(apply, film):
    apply(["código de paciente", "fecha", "fuente"], ["P-1", "31/05/2020", "Portátil"])
    film.refresh_from_db()
    assert film.source == "Portátil"


def test_a_doctor_records_results(apply, film):
    apply(["id propio", "rt-pcr"], ["RX-1", "detectado"])
    assert [truth.result for truth in film.truths.all()] == ["positive"]


@pytest.mark.parametrize("word", ["indeterminado", "Indeterminate", "no concluyente"])
def test_indeterminate_is_a_result(apply, film, word):
    [row] = apply(["id propio", "rt-pcr"], ["RX-1", word]).rows
    assert row.changes[0].new_text in {"Indeterminado", "Indeterminate"}
    assert [truth.result for truth in film.truths.all()] == ["indeterminate"]


def test_a_result_keeps_the_table_and_the_row_it_came_from(doctor, film):
    content = csv_of([["id propio", "rt-pcr"], ["RX-0", "positivo"], ["RX-1", "negativo"]])
    apply_table(plan=plan_table(content=content, by=doctor, site=doctor.site), by=doctor)
    truth = film.truths.get()
    assert truth.source_sha256 == hashlib.sha256(content).hexdigest()
    assert truth.source_row == 3


def test_a_sample_from_before_the_birth_is_refused_in_the_dry_run_too(apply, doctor, film):
    row = ["RX-1", "positivo", "30/05/1988", "31"]
    content = csv_of([["id propio", "rt-pcr", "fecha rt-pcr", "edad"], row])
    plan = plan_table(content=content, by=doctor, site=doctor.site)
    done = apply_table(plan=plan, by=doctor).plan
    assert [codes(each) for each in (*plan.rows, *done.rows)] == [["test-before-birth"]] * 2
    assert not film.truths.exists()


def test_a_health_worker_does_not(apply, health_worker):
    film = factories.make_radiograph(uploader=health_worker, seed=2)
    [row] = apply(["id", "rt-pcr"], [film.pk, "positivo"], by=health_worker).rows
    assert codes(row) == ["may-not-state"]
    assert not film.truths.exists()


def test_two_of_one_day_need_an_identifier(apply, film, doctor):
    factories.make_radiograph(
        uploader=doctor, seed=9, patient_code="P-1", acquired_on=date(2020, 5, 31)
    )
    [row] = apply(["código de paciente", "fecha"], ["P-1", "31/05/2020"]).rows
    assert codes(row) == ["several-radiographs"]


def test_another_institutions_looks_like_a_missing_one(apply, film, stranger):
    missing = "00000000-0000-4000-8000-000000000000"
    plan = apply(["id", "vista"], [film.pk, "AP"], [missing, "AP"], by=stranger)
    assert [codes(row) for row in plan.rows] == [["no-such-radiograph"]] * 2


def test_a_health_workers_table_reaches_own_uploads_only(apply, film, health_worker):
    [row] = apply(["id", "vista"], [film.pk, "AP"], by=health_worker).rows
    assert codes(row) == ["no-such-radiograph"]


def test_an_administrator_of_all_stays_within_the_chosen_one(
    apply, film, administrator, other_site
):
    [row] = apply(["id", "vista"], [film.pk, "AP"], by=administrator, site=other_site).rows
    assert codes(row) == ["no-such-radiograph"]


def test_the_trash_is_out_of_reach(apply, film, doctor):
    trash(radiograph=film, by=doctor)
    [row] = apply(["id", "vista"], [film.pk, "AP"]).rows
    assert codes(row) == ["no-such-radiograph"]


def test_a_row_without_an_address(apply, film):
    [row] = apply(["id", "vista"], ["", "AP"]).rows
    assert codes(row) == ["no-address"]


def test_a_row_with_a_bad_identifier_says_so_once(apply, film):
    [row] = apply(["id", "vista"], ["17", "AP"]).rows
    assert codes(row) == ["bad-id"]


def test_one_radiograph_by_two_addresses_waits(apply, film):
    plan = apply(["id", "id propio", "vista"], [film.pk, "", "AP"], ["", "RX-1", "PA"])
    assert [codes(row) for row in plan.rows] == [["named-twice"]] * 2


def test_a_table_that_names_nothing(apply, film):
    with pytest.raises(TableRefused) as refused:
        apply(["código de paciente", "vista"], ["P-1", "AP"])
    assert refused.value.code == "no-address-column"
