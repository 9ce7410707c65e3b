"""PostgreSQL for a part: that of LIST_POSTGRES, with a database that is made and dropped again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

POSTGRES = "postgres://postgres@127.0.0.1:5432/postgres"


def postgres() -> str | None:
    """The URL of a person who may create databases; None where nobody answers there."""
    from psycopg2 import OperationalError  # type: ignore[import-untyped]

    url = os.environ.get("LIST_POSTGRES", POSTGRES)
    try:
        _run(url, "SELECT 1")
    except OperationalError:
        return None
    return url


@contextmanager
def own_database(url: str, name: str) -> Iterator[str]:
    """The URL of an empty database `name` on the same server."""
    _run(url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    _run(url, f"CREATE DATABASE {name}")
    try:
        yield urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
    finally:
        _run(url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _run(url: str, statement: str) -> None:
    import psycopg2

    connection = psycopg2.connect(url, connect_timeout=3)
    connection.autocommit = True
    try:
        connection.cursor().execute(statement)
    finally:
        connection.close()
