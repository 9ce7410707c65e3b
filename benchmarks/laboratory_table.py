"""A laboratory's table of 10,000 rows: seconds of the dry run, and whether memory stays flat.

The service is measured as page and API call it: bytes in, a sealed dry run on disk. Each table is
judged in a process of its own, after a small one that loads what there is to load; its memory is
the highest that was resident meanwhile. Rows are a hospital's: three fifths of the radiographs have
a result already, and three rows are wrong. PostgreSQL as for `list_rows`.
"""

from __future__ import annotations

import csv
import io
import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks import list_data
from benchmarks.databases import own_database, postgres
from benchmarks.list_rows import start_platform
from benchmarks.machine import resident_bytes

OWN_DATABASE = "covidxr_bench_laboratory"
# Radiographs of a patient in `list_data`, nine tenths of them of the institution that is asked.
FILMS_OF_ROW = 5
KINDS = ("csv", "xlsx")
WRONG = 3
HEADER = ("Código de paciente", "Fecha de la muestra", "Resultado", "Laboratorio", "Kit")
RESULTS = ("Negativo", "Positivo", "Negativo", "Indeterminado")


def measure(rows: int = 10_000, applied: int = 500, *, quick: bool = False) -> dict[str, Any]:
    """By engine and kind of file: seconds and megabytes of `rows` and of a tenth of them.

    `apply_ms_per_row` is what writing costs afterwards, of the first `applied` rows.
    """
    if quick:
        rows, applied = 200, 20
    result: dict[str, Any] = {"rows": rows, "sqlite": _engine("", rows, applied)}
    if url := postgres():
        with own_database(url, OWN_DATABASE) as own:
            result["postgresql"] = _engine(own, rows, applied)
    return result


def _engine(url: str, rows: int, applied: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="cxr-") as folder:
        filled = _apart(_fill, folder, url, rows)
        tables = {
            f"{kind}_{name}": _apart(_dry_run, folder, url, f"{count}.{kind}", applied)
            for kind in KINDS
            for name, count in (("all", rows), ("tenth", rows // 10))
        }
    growth = {
        f"{kind}_memory_of_a_tenth": round(
            tables[f"{kind}_all"]["peak_mb"] / tables[f"{kind}_tenth"]["peak_mb"], 3
        )
        for kind in KINDS
    }
    return {"radiographs": filled} | tables | growth


def _apart(do: Any, *arguments: Any) -> Any:
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=fresh) as pool:
        return pool.submit(do, *arguments).result()


def _fill(folder: str, url: str, rows: int) -> int:
    """Make the hospital and the tables about it; returns the number of its radiographs."""
    start_platform(folder, url)
    films = rows * FILMS_OF_ROW
    list_data.fill(films)
    lines = list(_lines(rows))
    for count in (10, rows // 10, rows):
        Path(folder, f"{count}.csv").write_bytes(_csv(lines[:count]))
        Path(folder, f"{count}.xlsx").write_bytes(_xlsx(lines[:count]))
    return films


def _lines(rows: int) -> Iterator[tuple[str, ...]]:
    from images.models import Radiograph

    yield from (("P-X", "2025-01-01", "Positivo"), ("P-Y", "1800-01-01", "Negativo"),
                ("P-Z", "2025-01-01", "quizás"))  # fmt: skip
    dated = Radiograph.objects.filter(
        site__code="own", patient__site__code="own", acquired_on__isnull=False
    ).order_by("pk")
    seen: set[str] = set()
    for code, day in dated.values_list("patient__code", "acquired_on").iterator():
        if code in seen or day is None:
            continue
        number = len(seen)
        seen.add(code)
        sample = (day - timedelta(days=number % 5)).strftime("%d/%m/%Y")
        yield code, sample, RESULTS[number % 4], "Laboratorio Central", f"Kit {number % 3}"
        if len(seen) == rows - WRONG:
            return


def _csv(lines: list[tuple[str, ...]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";").writerows([HEADER, *lines])
    return text.getvalue().encode()


def _xlsx(lines: list[tuple[str, ...]]) -> bytes:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for line in (HEADER, *lines):
        sheet.append(line)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _dry_run(folder: str, url: str, name: str, applied: int) -> dict[str, Any]:
    start_platform(folder, url)
    from accounts.models import User
    from images.services.dry_runs import dry_run_of
    from images.services.laboratory import receive_results

    doctor = User.objects.select_related("site").get(email="doctor@bench.example.org")
    kind = name.partition(".")[2]
    receive_results(content=Path(folder, f"10.{kind}").read_bytes(), by=doctor, site=doctor.site)
    before = resident_bytes()
    with peak() as highest:
        began, busy = time.perf_counter(), time.process_time()
        content = Path(folder, name).read_bytes()
        table = receive_results(content=content, by=doctor, site=doctor.site)
        seconds, spent = time.perf_counter() - began, time.process_time() - busy
    kept = dry_run_of(table)
    return {
        "seconds": round(seconds, 2),
        "processor_seconds": round(spent, 2),
        "before_mb": round(before / 1e6, 1),
        "peak_mb": round(highest[0] / 1e6, 1),
        "counts": kept.counts if kept else {},
    } | _applied(table, doctor, applied)


def _applied(table: Any, doctor: Any, rows: int) -> dict[str, float]:
    """What writing costs a row, with all that follows from a statement."""
    from images.models import GroundTruth
    from images.services.laboratory_writing import Asked, apply_results

    asked = Asked(writes_rest=True, conflicts="leave")
    stated = GroundTruth.objects.filter(source_sha256=table.sha256)
    before, began = stated.count(), time.perf_counter()
    apply_results(table=table, by=doctor, asked=asked, seconds=rows / 100)
    spent = time.perf_counter() - began
    return {"apply_ms_per_row": round(spent / max(stated.count() - before, 1) * 1000, 2)}


@contextmanager
def peak() -> Iterator[list[int]]:
    """The highest resident memory inside the block, in bytes, as the kernel counts it (proc(5))."""
    highest: list[int] = []
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    yield highest
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    [line] = (line for line in lines if line.startswith("VmHWM"))
    highest.append(int(line.split()[1]) * 1024)
