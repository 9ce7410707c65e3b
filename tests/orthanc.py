"""A real archive for tests: Orthanc with its DICOMweb plugin, on a port of its own."""

import json
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from pydicom.data import get_testdata_file

from tests.servers import unavailable, wait_until

PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
USER, PASSWORD = "reader", "only-for-tests"


@dataclass(frozen=True)
class Orthanc:
    """`url` is the root of DICOMweb; `keep` puts one of pydicom's test files into the archive."""

    rest: str

    @property
    def url(self) -> str:
        return f"{self.rest}/dicom-web"

    def keep(self, name: str) -> None:
        content = Path(str(get_testdata_file(name, download=False))).read_bytes()
        sent = requests.post(
            f"{self.rest}/instances", data=content, auth=(USER, PASSWORD), timeout=30
        )
        sent.raise_for_status()

    def answers(self) -> bool:
        try:
            return requests.get(f"{self.rest}/system", auth=(USER, PASSWORD), timeout=1).ok
        except requests.ConnectionError:
            return False


@pytest.fixture(scope="module")
def orthanc() -> Iterator[Orthanc]:
    binary = shutil.which("Orthanc")
    if binary is None or not PLUGIN.exists():
        unavailable("Orthanc and its DICOMweb plugin are not installed")
    with tempfile.TemporaryDirectory(prefix="orthanc-") as folder:
        server = Orthanc(f"http://127.0.0.1:{_free_port()}")
        settings = _settings(Path(folder), int(server.rest.rpartition(":")[2]))
        with (Path(folder) / "log").open("wb") as log:
            process = subprocess.Popen([binary, str(settings)], stdout=log, stderr=log)
        try:
            wait_until(server.answers, 30, "Orthanc's first answer")
            yield server
        finally:
            process.terminate()
            process.wait(20)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _settings(folder: Path, port: int) -> Path:
    path = folder / "orthanc.json"
    facts = {
        "StorageDirectory": str(folder / "db"), "IndexDirectory": str(folder / "db"),
        "HttpPort": port, "DicomServerEnabled": False, "RemoteAccessAllowed": False,
        "AuthenticationEnabled": True, "RegisteredUsers": {USER: PASSWORD},
        "Plugins": [str(PLUGIN)], "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
    }  # fmt: skip
    path.write_text(json.dumps(facts))
    return path
