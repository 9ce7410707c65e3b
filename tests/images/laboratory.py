"""Makers of laboratories' tables for tests."""

from datetime import date

from images.services.dry_runs import dry_run_of
from images.services.laboratory import receive_results
from tests import factories
from tests.images.tables import csv_of

HEADER = ("código de paciente", "fecha de la muestra", "resultado")
DAY = date(2020, 6, 1)


def film_of(doctor, code: str, seed: int, day: date | None = DAY, **facts):
    """A stored radiograph of a patient of the doctor's institution."""
    return factories.make_radiograph(
        uploader=doctor, seed=seed, patient_code=code, acquired_on=day, **facts
    )


def received(by, *rows, header=HEADER, site=None):
    """The table of these rows, as a dry run that waits."""
    return receive_results(content=csv_of([header, *rows]), by=by, site=site or by.site)


def rows_of(table) -> dict:
    """Number of the row -> row, of the whole dry run."""
    kept = dry_run_of(table)
    return {row.number: row for part in kept.parts for row in kept.rows(part)}


def judged(by, *rows, **more) -> list:
    """The rows of a table in its order, judged."""
    return [row for _number, row in sorted(rows_of(received(by, *rows, **more)).items())]


def codes(row) -> list[str]:
    return [problem.code for problem in row.problems]
