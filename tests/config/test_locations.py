"""DATABASE_URL and REDIS_URL, and what stands in for them."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.locations import LONGEST_SOCKET_PATH, broker_urls, database_settings

DATA = Path("/srv/data")


def test_without_an_address_there_is_sqlite_in_the_data_folder():
    assert database_settings("", DATA)["NAME"] == DATA / "covidxr.sqlite3"


@pytest.mark.parametrize("url", ["", "sqlite:////srv/other.sqlite3"])
def test_sqlite_is_always_wal_and_immediate(url):
    options = database_settings(url, DATA)["OPTIONS"]
    assert options["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in options["init_command"]


def test_postgres_is_read_whole():
    read = database_settings("postgres://ann:pw@db:5433/xr?sslmode=require", DATA)
    assert (read["HOST"], read["PORT"], read["USER"], read["NAME"]) == ("db", 5433, "ann", "xr")
    assert read["OPTIONS"] == {"connect_timeout": 5, "sslmode": "require"}


@pytest.mark.parametrize(
    "url", ["nonsense", "mysql://a:secret@b/c", "postgres://a:secret@b:port/c", "postgres://",
            "postgres://a:secret@[b/c"],
)  # fmt: skip
def test_a_broken_database_address_never_repeats_its_password(url):
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL") as caught:
        database_settings(url, DATA)
    assert "secret" not in str(caught.value)


def test_without_an_address_the_broker_is_a_private_socket():
    urls = broker_urls("", DATA)
    assert urls.socket == DATA / "run" / "broker.sock"
    assert urls.celery == f"redis+socket://{urls.socket}"


def test_a_deep_data_folder_gets_a_short_socket():
    socket = broker_urls("", Path("/srv") / ("deep/" * 40)).socket
    assert len(str(socket)) <= LONGEST_SOCKET_PATH


@pytest.mark.parametrize(
    ("url", "celery"),
    [("redis://h:6379/0", "redis://h:6379/0"), ("unix:///s/b.sock", "redis+socket:///s/b.sock")],
)
def test_a_named_server_is_broker_and_cache(url, celery):
    urls = broker_urls(url, DATA)
    assert (urls.celery, urls.cache, urls.socket) == (celery, url, None)


def test_a_broker_of_another_kind_is_refused():
    with pytest.raises(ImproperlyConfigured, match="REDIS_URL must begin with one of redis://"):
        broker_urls("amqp://localhost", DATA)
