"""200 rows of the list at 1,000,000 radiographs on PostgreSQL, and at 100,000 on SQLite.

The whole answer is measured: Django's test client, all middleware, the queries and the page. Each
way to ask is one person's: a doctor of the institution that has nine tenths of the rows. PostgreSQL
is the one of LIST_POSTGRES (a URL of a person who may create databases); a database of its own is
made there and dropped.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

from benchmarks import list_data
from benchmarks.databases import own_database, postgres
from benchmarks.similar import FOREIGN
from benchmarks.timing import percentile

OWN_DATABASE = "covidxr_bench_list"
ROWS = 200
LIST, API, COUNT = "/images/", "/api/v1/images/", "/images/count/"
QUERIES: dict[str, str] = {
    "as it opens": "",
    "in the middle": "after={middle}",
    "by date": "sort=-date",
    "by date, oldest": "sort=date",
    "by patient": "sort=patient",
    "by patient, in the middle": "sort=patient&after={middle}",
    "by age": "sort=age",
    "by result": "sort=-result",
    "by result, in the middle": "sort=-result&after={middle}",
    "search: one patient": "q=P-00{n}77",
    "search: many patients": "q=P-00",
    "search: an id": "q={head}",
    "search: a source": "q=rare-source",
    "search: an own id": "q=ACC-{n}00",
    "search: nothing": "q=nowhere-at-all",
    "patient": "patient=P-00{n}7",
    "RT-PCR positive": "rt_pcr=positive",
    "RT-PCR unknown": "rt_pcr=unknown",
    "truth unknown": "truth=unknown",
    "view": "view=L",
    "days": "date_from=2024-03-01&date_to=2024-03-07",
    "uploaded": "uploaded_from=2024-03-01&uploaded_to=2024-03-07",
    "ages": "age_from=80&age_to=81",
    "sex, rare": "sex=O",
    "source, rare": "source=rare-source",
    "format": "file_format=jpeg",
    "modality": "modality=CR",
    "modality, none": "modality=OT",
    "synthetic": "synthetic=true",
    "mine": "mine=true",
    "assigned to me": "assigned=me",
    "writing": "writing=suspected",
    "consent withdrawn": "consent=withdrawn",
    "near-duplicates": "copies=true",
    "prediction positive": "prediction=positive",
    "prediction failed": "prediction=failed",
    "prediction none": "prediction=none",
    "several": "rt_pcr=positive&view=PA&age_from=40&age_to=60&sex=F",
}
OF_API = ("as it opens", "RT-PCR positive", "search: one patient", "view", "sex, rare")


def measure(
    n: int = 1_000_000, n_sqlite: int = 100_000, repeats: int = 20, *, quick: bool = False
) -> dict[str, Any]:
    """95th percentiles in milliseconds by engine and way to ask, and the worst of each engine."""
    if quick:
        n, n_sqlite, repeats = 4000, 4000, 2
    result: dict[str, Any] = {"rows": ROWS, "repeats": repeats}
    result["sqlite"] = _in_own_process("", n_sqlite, repeats)
    if url := postgres():
        with own_database(url, OWN_DATABASE) as own:
            result["postgresql"] = _in_own_process(own, n, repeats)
    return result


def _in_own_process(database_url: str, n: int, repeats: int) -> dict[str, Any]:
    fresh = multiprocessing.get_context("spawn")
    with (
        tempfile.TemporaryDirectory(prefix="cxr-") as folder,
        ProcessPoolExecutor(1, mp_context=fresh) as pool,
    ):
        return pool.submit(_measure, folder, database_url, n, repeats).result()


def _measure(folder: str, database_url: str, n: int, repeats: int) -> dict[str, Any]:
    start_platform(folder, database_url)
    began = time.perf_counter()
    doctor, names = list_data.fill(n)
    filled = time.perf_counter() - began
    get = signed_in(doctor)
    asked = _asked(names)
    pages = {name: _p95(partial(get, LIST, query), repeats) for name, query in asked.items()}
    counted = {name: query for name, query in asked.items() if "middle" not in name}
    counts = {name: _p95(partial(get, COUNT, query), 3) for name, query in counted.items()}
    api = {name: _p95(partial(get, API, asked[name], "page_size"), repeats) for name in OF_API}
    return {
        "images": n,
        "fill_seconds": round(filled, 1),
        "page_p95_ms": pages,
        "worst_page_p95_ms": max(pages.values()),
        "api_p95_ms": api,
        "worst_api_p95_ms": max(api.values()),
        "count_p95_ms": counts,
    }


def _asked(names: dict[str, str]) -> dict[str, str]:
    return {name: query.format_map(names) for name, query in QUERIES.items()}


def start_platform(folder: str, database_url: str) -> None:
    for name in FOREIGN:
        os.environ.pop(name, None)
    os.environ |= {
        "DATA_DIR": folder, "CACHE_URL": "locmem://", "BROKER_URL": "memory://",
        "DJANGO_SETTINGS_MODULE": "config.settings", "LOG_LEVEL": "WARNING",
        "DATABASE_URL": database_url, "API_REQUESTS_PER_MINUTE": "1000000",
    }  # fmt: skip
    import django
    from django.conf import settings
    from django.core.management import call_command

    from config.warm import warm_up

    # Names of static files without their hashes: what is measured is the page, not `collectstatic`.
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": plain}
    django.setup()
    call_command("migrate", verbosity=0)
    warm_up()


def signed_in(person: Any) -> Callable[..., None]:
    """`get(address, query)`: a whole answer with 200 rows for a signed-in browser."""
    from django.conf import settings
    from django.test import Client

    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(person, settings.AUTHENTICATION_BACKENDS[0])

    def get(address: str, query: str, size: str = "per_page") -> None:
        answer = client.get(f"{address}?{size}={ROWS}&{query}")
        if answer.status_code != 200:
            raise ValueError(f"{query} was answered with {answer.status_code}")

    return get


def _p95(ask: Callable[[], None], repeats: int) -> float:
    """Milliseconds, after one answer that is not counted."""
    ask()
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        ask()
        seconds.append(time.perf_counter() - began)
    return round(percentile(seconds, 95) * 1000, 1)
