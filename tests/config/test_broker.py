"""The private broker: found on this machine, on a socket that nobody else opens."""

import subprocess

import pytest
import redis

from config.start import broker
from config.start.trouble import StartFailed
from tests.servers import wait_until


def test_the_server_of_the_machine_comes_first(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    assert str(broker.find_server()) == "/usr/bin/valkey-server"


def test_the_wheel_stands_in_for_an_installed_server(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    version = subprocess.run([broker.find_server(), "--version"], capture_output=True, text=True)
    assert "Valkey server" in version.stdout


def test_a_machine_without_any_server_is_told(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr(broker, "bundled_server", lambda: None)
    with pytest.raises(StartFailed, match="install one or set REDIS_URL"):
        broker.find_server()


def test_the_wheels_server_runs_on_a_private_socket_without_a_port(tmp_path):
    socket = tmp_path / "run" / "broker.sock"
    broker.private_folder(socket)
    command = broker.command(broker.bundled_server(), socket, socket.parent)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            wait_until(socket.exists, 10, "the socket")
            client = redis.Redis(unix_socket_path=str(socket))
            wait_until(client.ping, 10, "an answer")
            assert client.config_get("port") == {"port": "0"}
            client.close()
        finally:
            process.terminate()
    assert socket.parent.stat().st_mode & 0o777 == 0o700


def test_a_socket_folder_that_is_a_link_is_refused(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "run").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StartFailed, match="belongs to another account"):
        broker.private_folder(tmp_path / "run" / "broker.sock")
