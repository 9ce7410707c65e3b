"""Databases that stand migrated: the migrations run once for each test process, not for each test.

A test that asks for real processes gets a copy: of a file, or of a template database.
"""

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.installation import Installation
from tests.servers import administer

SQLITE = "covidxr.sqlite3"


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of an empty, migrated database, of which copies are made."""
    folder = tmp_path_factory.mktemp("migrated")
    _migrate(folder)
    assert [path.name for path in folder.glob(f"{SQLITE}*")] == [SQLITE], "not all is in the file"
    return folder / SQLITE


@pytest.fixture
def data_folder(tmp_path: Path, migrated_sqlite: Path) -> Path:
    """The data folder of an installation of its own, with an empty, migrated SQLite database."""
    shutil.copy(migrated_sqlite, tmp_path / SQLITE)
    return tmp_path


@pytest.fixture(scope="session")
def migrated_postgres(
    postgres_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The name of an empty, migrated database, of which copies are made."""
    with _database(postgres_server) as address:
        _migrate(tmp_path_factory.mktemp("migrated"), address)
        yield _name_of(address)


@pytest.fixture
def postgres_database(postgres_server: str, migrated_postgres: str) -> Iterator[str]:
    """Address of an empty, migrated database, dropped afterwards with whoever still uses it."""
    with _database(postgres_server, template=migrated_postgres) as address:
        yield address


@contextmanager
def _database(server: str, template: str = "template0") -> Iterator[str]:
    name = f"covidxr_test_{uuid.uuid4().hex}"
    administer(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    finally:
        administer(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _name_of(address: str) -> str:
    return urlsplit(address).path.removeprefix("/")


def _migrate(folder: Path, database_url: str = "") -> None:
    installation = Installation(folder, "locmem://", folder / "none", database_url)
    installation.manage("migrate", "--verbosity", "0")
