"""An S3-compatible server for tests, on a free port of this machine."""

import pytest

SECRET = "not-a-secret-at-all"


@pytest.fixture(scope="module")
def s3_server():
    from moto.server import ThreadedMotoServer  # slow to load, wanted by few

    running = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def s3_endpoint(s3_server) -> str:
    host, port = s3_server.get_host_and_port()
    return f"http://{host}:{port}"


@pytest.fixture
def s3_credentials(monkeypatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "tests")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
